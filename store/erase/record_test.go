package erase_test

import (
	"errors"
	"testing"

	"parley/store"
	"parley/store/erase"
)

// These tests restore a database from a backup that is older than an erasure. The record of the erasure is kept outside of
// the database. With it, ApplyRecords erases the contact in the restored database again.

// eraseBeforeRestore erases zebra in a database. It returns the record of the erasure, and options for a database that was
// restored from an older backup. The record also covers the event 'since the backup', which the backup doesn't contain.
func eraseBeforeRestore(t *testing.T) (erase.Record, erase.Options) {
	t.Helper()
	backup := newWorld(t) // before the erasure begins, since the record doesn't cover later contacts
	o := newOptions(t, newWorld(t))
	exec(t, o.Pool, `INSERT INTO events (account_id, external_id, order_key, payload, size_bytes)
		VALUES (10, 'since the backup', '10/mails', $1, 1)`, []byte("From: "+zebra().address()))
	exec(t, o.Pool, `INSERT INTO messages (id, conversation_id, direction, fate, identity_id, event_id, said_at, created_at)
		SELECT 1050, 1001, 'in', 'in', 1001, id, now(), now() FROM events WHERE external_id = 'since the backup'`)
	id := beginErasure(t, o, zebra())
	runWithChats(t, o, id)
	record := must(erase.RecordOf(t.Context(), o.Pool, id))(t)
	o.Pool = backup
	return record, o
}

// eraseAgain applies records to a restored database, and returns the certificates of the erasures that were finished by
// this.
func eraseAgain(t *testing.T, restored erase.Options, records ...erase.Record) (done []erase.Certificate) {
	t.Helper()
	return must(erase.ApplyRecords(t.Context(), restored, records))(t)
}

// eraseAgainWithChats applies a record completely, with chats that take away what they are asked to.
func eraseAgainWithChats(t *testing.T, restored erase.Options, record erase.Record) {
	t.Helper()
	eraseAgain(t, restored, record)
	takeAwayInChats(t, restored.Pool, "erased")
	if done := eraseAgain(t, restored, record); len(done) != 1 {
		t.Fatalf("%d erasures are done again, want 1: %+v", len(done), done)
	}
}

// storeMail stores a mail as the mailbox does. It returns whether the mail was accepted.
func storeMail(t *testing.T, o erase.Options, name string) (isTaken bool) {
	t.Helper()
	key := must(erase.LoadKey(t.Context(), o.Pool, o.Sealer))(t)
	taken := must(store.InsertEvents(t.Context(), o.Pool, []store.NewEvent{{
		AccountID:  mailAccount,
		ExternalID: name,
		OrderKey:   "10/mails",
		Payload:    []byte("From: " + zebra().address()),
		Erased:     key.Fact(mailAccount, name),
	}}))(t)
	return len(taken) == 1
}

// After a restore the contact is back, and events since the backup may come again. The record erases the contact again, in
// the database before Parley serves anything, and then in chats.
// Requirement R-276: Erase and export a person.
func TestAfterARestore(t *testing.T) {
	t.Parallel()
	record, restored := eraseBeforeRestore(t)
	others := rowsWith(t, restored.Pool, "otter")
	if done := eraseAgain(t, restored, record); len(done) != 0 {
		t.Errorf("done before chats were asked: %+v, want none", done)
	}
	checkForgotten(t, restored.Pool, zebra(), "before anything is served")

	takeAwayInChats(t, restored.Pool, "erased")
	done := eraseAgain(t, restored, record)
	if len(done) != 1 {
		t.Fatalf("%d erasures are done after the chats, want 1: %+v", len(done), done)
	}
	if done[0].Erasure != record.Erasure {
		t.Errorf("the erasure %s is done, want %s", done[0].Erasure, record.Erasure)
	}
	if done[0].By != "ann@acme.test" {
		t.Errorf("it was asked for by %q, want \"ann@acme.test\"", done[0].By)
	}
	checkForgotten(t, restored.Pool, zebra(), "after the chats")
	after := rowsWith(t, restored.Pool, "otter")
	for row := range others {
		if !after[row] {
			t.Errorf("this row of another contact is gone or changed: %s", row)
		}
	}

	if twice := eraseAgain(t, restored, record); len(twice) != 0 {
		t.Errorf("the erasure is applied a second time: %+v, want none", twice)
	}
}

// An erased mail that the mailbox brings again after a restore is passed over.
// Requirement R-276: Erase and export a person.
func TestErasedMailIsNotTakenAfterARestore(t *testing.T) {
	t.Parallel()
	record, restored := eraseBeforeRestore(t)
	eraseAgainWithChats(t, restored, record)
	for _, name := range []string{"since the backup", "zebra-mail", "zebra-broken"} {
		if storeMail(t, restored, name) {
			t.Errorf("the mail %q was erased, and is taken a second time", name)
		}
	}
	if !storeMail(t, restored, "a new mail") {
		t.Error("a new mail of the same person is not taken")
	}
}

// A person who writes after the erasure, from the same address, is a new contact. The record doesn't erase this contact.
// Requirement R-276: Erase and export a person.
func TestNewContactIsNotErasedAfterARestore(t *testing.T) {
	t.Parallel()
	record, restored := eraseBeforeRestore(t)
	eraseAgainWithChats(t, restored, record)
	exec(t, restored.Pool, `INSERT INTO contacts (id, name) VALUES (5000, 'zebra')`)
	exec(t, restored.Pool, `INSERT INTO identities (id, account_id, key, contact_id) VALUES (5000, 10, $1, 5000)`, zebra().address())
	checkFound := func(when string) {
		t.Helper()
		found := find(t, restored.Pool, zebra().address())
		if len(found) != 1 {
			t.Fatalf("%s: %d contacts have the address, want 1: %+v", when, len(found), found)
		}
		if found[0].ID != 5000 {
			t.Errorf("%s: contact %d has the address, want 5000", when, found[0].ID)
		}
	}
	checkFound("before the list is applied once more")

	record.Erasure = "00000000-0000-4000-8000-000000000001" // another erasure of the same contact
	late := eraseAgain(t, restored, record)
	if len(late) != 1 {
		t.Fatalf("%d erasures are done, want 1: %+v", len(late), late)
	}
	if len(late[0].Contacts) != 0 {
		t.Errorf("contacts %+v were erased, want none", late[0].Contacts)
	}
	checkFound("afterwards")
}

// eraseThere erases zebra in another database, and returns the record of the erasure.
func eraseThere(t *testing.T, other erase.Options) erase.Record {
	t.Helper()
	id := beginErasure(t, other, zebra())
	runWithChats(t, other, id)
	return must(erase.RecordOf(t.Context(), other.Pool, id))(t)
}

// A list of another database erases no contact of this one.
func TestListOfAnotherDatabaseErasesNobody(t *testing.T) {
	t.Parallel()
	mine := newOptions(t, newWorld(t))
	other := newOptions(t, newWorld(t))
	other.Sealer = mine.Sealer
	must(erase.LoadKey(t.Context(), mine.Pool, mine.Sealer))(t) // makes the key of this database
	_, err := erase.ApplyRecords(t.Context(), mine, []erase.Record{eraseThere(t, other)})
	if !errors.Is(err, erase.ErrOtherKey) {
		t.Errorf("a list of another database is applied with %v, want %v", err, erase.ErrOtherKey)
	}
	if len(markedIn(t, mine.Pool, zebra().word)) == 0 {
		t.Error("the list of another database erased a contact of this one")
	}
}
