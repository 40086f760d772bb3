package erase_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/erase"
)

// A database is restored from a backup of before an erasure. The record of the erasure, which is kept outside of the database,
// lets ApplyRecords erase the contact in it once more.

// eraseBeforeRestore erases zebra in a database. It returns the record of that, and options for the database as a backup of before
// restores it. In the record is the event 'since the backup', too, which the backup doesn't have.
func eraseBeforeRestore(t *testing.T) (erase.Record, erase.Options) {
	t.Helper()
	backup := newWorld(t) // before the erasure begins: a contact who came later isn't meant by the record
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

// eraseAgain applies records to a restored database, and returns those that were done now.
func eraseAgain(t *testing.T, restored erase.Options, records ...erase.Record) (done []erase.Certificate) {
	t.Helper()
	return must(erase.ApplyRecords(t.Context(), restored, records))(t)
}

// eraseAgainWithChats applies a record to its end, with chats that take away what they are asked to.
func eraseAgainWithChats(t *testing.T, restored erase.Options, record erase.Record) {
	t.Helper()
	eraseAgain(t, restored, record)
	takeAwayInChats(t, restored.Pool, "erased")
	if done := eraseAgain(t, restored, record); len(done) != 1 {
		t.Fatalf("%d erasures are done again, want 1: %+v", len(done), done)
	}
}

// storeMail stores a mail as the mailbox does that brings it, and returns whether it was taken.
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

// The contact is back after a restore, and so may be what came since. The record erases it once more: in the database before
// anything is served, and then in chats.
//
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

// What the mailbox brings once more after a restore is passed over if it was erased.
//
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

// Whoever comes after the erasure, with the same address, is a new contact, whom the record doesn't mean.
//
func TestNewContactIsNotErasedAfterARestore(t *testing.T) {
	t.Parallel()
	record, restored := eraseBeforeRestore(t)
	eraseAgainWithChats(t, restored, record)
	exec(t, restored.Pool, `INSERT INTO contacts (id, name) VALUES (5000, 'zebra')`)
	exec(t, restored.Pool, `INSERT INTO identities (id, account_id, key, contact_id) VALUES (5000, 10, $1, 5000)`, zebra().address())
	checkFound := func(when string) {
		t.Helper()
		found := must(erase.FindContacts(t.Context(), restored.Pool, zebra().address()))(t)
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

// Two customers were erased since the backup. In the backup a post of the first one's thread waits, and nobody knows whether it
// left: that erasure waits for Parley to look. The second customer is gone all the same, before anything is served, and so are
// the mails of both that the mailbox brings once more.
//
func TestOneWaitsAfterARestore(t *testing.T) {
	t.Parallel()
	now, backup := newWorld(t), newWorld(t)
	o := newOptions(t, now)
	var records []erase.Record
	for _, p := range []person{zebra(), otter()} {
		id := beginErasure(t, o, p)
		runWithChats(t, o, id)
		records = append(records, must(erase.RecordOf(t.Context(), now, id))(t))
	}

	loseResultOfPost(t, backup)
	restored := o
	restored.Pool = backup
	if _, err := erase.ApplyRecords(t.Context(), restored, records); !errors.Is(err, erase.ErrWaiting) {
		t.Fatalf("the list is applied with %v, want the first erasure to wait", err)
	}
	checkForgotten(t, backup, otter(), "while the first erasure waits")
	for _, name := range []string{"zebra-mail", "otter-mail"} {
		if storeMail(t, restored, name) {
			t.Errorf("the mail %q was erased, and is taken a second time", name)
		}
	}

	// Parley has looked: the post had arrived.
	exec(t, backup, `UPDATE deliveries SET state = 'accepted' WHERE id = 1002`)
	exec(t, backup, `UPDATE lanes SET head = 1, due_at = NULL WHERE id = 1002`)
	takeAwayInChats(t, backup, "erased")
	for range 2 { // the first asks chats only now
		must(erase.ApplyRecords(t.Context(), restored, records))(t)
		takeAwayInChats(t, backup, "erased")
	}
	if open := must(erase.ListUnfinished(t.Context(), backup))(t); len(open) != 0 {
		t.Errorf("erasures %v are not done, want none", open)
	}
	checkForgotten(t, backup, zebra(), "in the end")
}

// loseResultOfPost makes zebra's post 1002 one of which nobody knows whether it has arrived in the chat.
func loseResultOfPost(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	exec(t, pool, `UPDATE deliveries SET state = 'unknown' WHERE id = 1002`)
	exec(t, pool, `UPDATE lanes SET head = 0, tail = 1, due_at = now(), leased_until = NULL WHERE id = 1002`)
}

// Entries of another database in a list keep none of this database's own from being applied. They were sealed with the same master
// key. R-276
func TestMixedListOfOneMasterKey(t *testing.T) {
	t.Parallel()
	record, restored := eraseBeforeRestore(t)
	exec(t, restored.Pool, `INSERT INTO erasure_key (id, sealed) VALUES (1, $1)`, record.Key)
	other := newOptions(t, newWorld(t))
	other.Sealer = restored.Sealer
	checkOnlyOwnIsApplied(t, restored, record, eraseThere(t, other))
}

// Entries of another master key don't, either, and they give a restored database that has no key yet none. R-276
func TestMixedListOfTwoMasterKeys(t *testing.T) {
	t.Parallel()
	record, restored := eraseBeforeRestore(t)
	other := newOptions(t, newWorld(t))
	checkOnlyOwnIsApplied(t, restored, record, eraseThere(t, other))
}

// eraseThere erases zebra in another database, and returns the record of that.
func eraseThere(t *testing.T, other erase.Options) erase.Record {
	t.Helper()
	id := beginErasure(t, other, zebra())
	runWithChats(t, other, id)
	return must(erase.RecordOf(t.Context(), other.Pool, id))(t)
}

// checkOnlyOwnIsApplied applies a list of a record of another database and one of the own.
func checkOnlyOwnIsApplied(t *testing.T, restored erase.Options, own, foreign erase.Record) {
	t.Helper()
	list := []erase.Record{foreign, own}
	ours := must(erase.RecordsOfDatabase(t.Context(), restored.Pool, restored.Sealer, list))(t)
	if len(ours) != 1 {
		t.Fatalf("%d records are of this database, want 1: %+v", len(ours), ours)
	}
	if ours[0].Erasure != own.Erasure {
		t.Errorf("the record of erasure %s is of this database, want %s", ours[0].Erasure, own.Erasure)
	}
	_, err := erase.ApplyRecords(t.Context(), restored, list)
	if !errors.Is(err, erase.ErrOtherKey) {
		t.Fatalf("the list is applied with %v, want %v", err, erase.ErrOtherKey)
	}
	if !strings.Contains(err.Error(), foreign.Erasure) {
		t.Errorf("the error %q doesn't name the other database's erasure %s", err, foreign.Erasure)
	}
	checkForgotten(t, restored.Pool, zebra(), "after the list")
}

// The list of another database says nothing of this one's contacts.
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
