package erase_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"parley/store"
	"parley/store/erase"
	"parley/store/storetest"
)

// A database that was restored from a backup of before an erasure: the contact is back, and so may be what came
// since. The list of erasures erases it again, and what the mailbox brings once more is passed over.
//
func TestAfterARestore(t *testing.T) {
	t.Parallel()
	now, backup := world(t), world(t)
	o := options(t, now)
	exec(t, now, `INSERT INTO events (account_id, external_id, order_key, payload, size_bytes) VALUES (10, 'since the backup', '10/mails', $1, 1)`,
		[]byte("From: "+zebra().address()))
	exec(t, now, `INSERT INTO messages (id, conversation_id, direction, fate, identity_id, event_id, said_at, created_at)
		SELECT 1050, 1001, 'in', 'in', 1001, id, now(), now() FROM events WHERE external_id = 'since the backup'`)
	id := must(erase.Begin(t.Context(), o, []store.ContactID{zebra().contact()}, "ann@acme.test"))(t)
	run(t, o, id)
	record := must(erase.RecordOf(t.Context(), now, id))(t)

	restored := o
	restored.Pool = backup
	others := rowsWith(t, backup, "otter")
	if first := must(erase.Again(t.Context(), restored, []erase.Record{record}))(t); len(first) != 0 {
		t.Errorf("it didn't wait for chats: %+v", first)
	}
	for place, n := range markedIn(t, backup, "zebra") {
		t.Errorf("%s holds something of the contact in %d rows before anything is served", place, n)
	}
	inChats(t, backup, "erased")
	again := must(erase.Again(t.Context(), restored, []erase.Record{record}))(t)
	if len(again) != 1 || again[0].Erasure != id || again[0].By != "ann@acme.test" {
		t.Fatalf("%+v", again)
	}
	for place, n := range markedIn(t, backup, "zebra") {
		t.Errorf("%s still holds something of the contact in %d rows", place, n)
	}
	after := rowsWith(t, backup, "otter")
	for row := range others {
		if !after[row] {
			t.Errorf("this row of another contact is gone or changed: %s", row)
		}
	}
	if twice := must(erase.Again(t.Context(), restored, []erase.Record{record}))(t); len(twice) != 0 {
		t.Errorf("an erasure is applied a second time: %+v, want none", twice)
	}
	key := must(erase.LoadKey(t.Context(), backup, o.Sealer))(t)
	arrive := func(name string) int {
		return len(must(store.InsertEvents(t.Context(), backup, []store.NewEvent{{AccountID: mailAccount, ExternalID: name, OrderKey: "10/mails",
			Payload: []byte("From: " + zebra().address()), Erased: key.Fact(mailAccount, name)}}))(t))
	}
	for _, name := range []string{"since the backup", "zebra-mail", "zebra-broken"} {
		if arrive(name) != 0 {
			t.Errorf("%s was erased, and is taken a second time", name)
		}
	}
	if arrive("a new mail") != 1 {
		t.Error("a new mail of the same person is not taken")
	}
	exec(t, backup, `INSERT INTO contacts (id, name) VALUES (5000, 'zebra')`)
	exec(t, backup, `INSERT INTO identities (id, account_id, key, contact_id) VALUES (5000, 10, $1, 5000)`, zebra().address())
	if found := must(erase.Find(t.Context(), backup, zebra().address()))(t); len(found) != 1 || found[0].ID != 5000 {
		t.Errorf("the new contact is %+v", found)
	}
	record.Erasure = "00000000-0000-4000-8000-000000000001" // as if the same list named it once more
	if late := must(erase.Again(t.Context(), restored, []erase.Record{record}))(t); len(late) != 1 || len(late[0].Contacts) != 0 {
		t.Errorf("who came after the erasure was erased: %+v", late)
	}
}

// Two customers were erased since the backup. In the backup a post of the first one's thread waits, and nobody knows whether it
// left: that erasure waits for Parley to look. The second customer is gone all the same, before anything is served, and so are
// the mails of both that the mailbox brings once more.
//
func TestOneWaitsAfterARestore(t *testing.T) {
	t.Parallel()
	now, backup := world(t), world(t)
	o := options(t, now)
	var records []erase.Record
	for _, p := range []person{zebra(), otter()} {
		id := must(erase.Begin(t.Context(), o, []store.ContactID{p.contact()}, "ann"))(t)
		run(t, o, id)
		records = append(records, must(erase.RecordOf(t.Context(), now, id))(t))
	}

	exec(t, backup, `UPDATE deliveries SET state = 'unknown' WHERE id = 1002`)
	exec(t, backup, `UPDATE lanes SET head = 0, tail = 1, due_at = now(), leased_until = NULL WHERE id = 1002`)
	restored := o
	restored.Pool = backup
	if _, err := erase.Again(t.Context(), restored, records); !errors.Is(err, erase.ErrWaiting) {
		t.Fatalf("the first doesn't wait: %v", err)
	}
	for place, n := range markedIn(t, backup, "otter") {
		t.Errorf("%s holds something of the second contact in %d rows", place, n)
	}
	key := must(erase.LoadKey(t.Context(), backup, o.Sealer))(t)
	for _, name := range []string{"zebra-mail", "otter-mail"} {
		if n := len(must(store.InsertEvents(t.Context(), backup, []store.NewEvent{{AccountID: mailAccount, ExternalID: name, OrderKey: "10/mails",
			Payload: []byte("From: somebody"), Erased: key.Fact(mailAccount, name)}}))(t)); n != 0 {
			t.Errorf("%s was erased, and is taken a second time", name)
		}
	}

	exec(t, backup, `UPDATE deliveries SET state = 'accepted' WHERE id = 1002`)
	exec(t, backup, `UPDATE lanes SET head = 1, due_at = NULL WHERE id = 1002`)
	inChats(t, backup, "erased")
	for range 2 { // the first asks chats only now
		must(erase.Again(t.Context(), restored, records))(t)
		inChats(t, backup, "erased")
	}
	if open := must(erase.Unfinished(t.Context(), backup))(t); len(open) != 0 {
		t.Errorf("not done: %v", open)
	}
	for place, n := range markedIn(t, backup, "zebra") {
		t.Errorf("%s still holds something of the first contact in %d rows", place, n)
	}
}

// Entries of another database in a list keep none of this database's own from being applied, whichever master key sealed them, and
// give a restored database that has no key yet none.
//
func TestMixedList(t *testing.T) {
	t.Parallel()
	for _, isSameMasterKey := range []bool{true, false} {
		now, restored, theirs := world(t), world(t), world(t)
		o, other := options(t, now), options(t, theirs)
		id := must(erase.Begin(t.Context(), o, []store.ContactID{zebra().contact()}, "ann@acme.test"))(t)
		run(t, o, id)
		record := must(erase.RecordOf(t.Context(), now, id))(t)
		if isSameMasterKey {
			other.Sealer = o.Sealer
			exec(t, restored, `INSERT INTO erasure_key (id, sealed) VALUES (1, $1)`, record.Key)
		}
		theirID := must(erase.Begin(t.Context(), other, []store.ContactID{zebra().contact()}, "eve"))(t)
		run(t, other, theirID)
		list := []erase.Record{must(erase.RecordOf(t.Context(), theirs, theirID))(t), record}

		o.Pool = restored
		if ours := must(erase.Ours(t.Context(), restored, o.Sealer, list))(t); len(ours) != 1 || ours[0].Erasure != id {
			t.Errorf("same master key %v: ours are %+v", isSameMasterKey, ours)
		}
		if _, err := erase.Again(t.Context(), o, list); !errors.Is(err, erase.ErrOtherKey) || !strings.Contains(err.Error(), theirID) {
			t.Errorf("same master key %v: the other database's entry is not told: %v", isSameMasterKey, err)
		}
		for place, n := range markedIn(t, restored, "zebra") {
			t.Errorf("same master key %v: %s holds something of the contact in %d rows", isSameMasterKey, place, n)
		}
	}
}

// The list of another database says nothing of this one's contacts.
func TestAnotherDatabasesList(t *testing.T) {
	t.Parallel()
	mine, theirs := world(t), world(t)
	o, other := options(t, mine), options(t, theirs)
	other.Sealer = o.Sealer
	id := must(erase.Begin(t.Context(), other, []store.ContactID{zebra().contact()}, "eve"))(t)
	run(t, other, id)
	must(erase.LoadKey(t.Context(), mine, o.Sealer))(t)
	_, err := erase.Again(t.Context(), o, []erase.Record{must(erase.RecordOf(t.Context(), theirs, id))(t)})
	if !errors.Is(err, erase.ErrOtherKey) {
		t.Errorf("a list of another database is applied: %v", err)
	}
	if len(markedIn(t, mine, "zebra")) == 0 {
		t.Error("it erased somebody")
	}
}

// People name a contact as it is written, and hear of all who may be meant.
func TestFind(t *testing.T) {
	t.Parallel()
	pool := world(t)
	for text, want := range map[string]int{
		"Zebra@Shop.example":  1,
		"+49 151 121000":      1,
		"4915112-1000":        1,
		"1001":                1,
		"nobody@shop.example": 0,
		"12":                  0,
	} {
		if found := must(erase.Find(t.Context(), pool, text))(t); len(found) != want {
			t.Errorf("%s finds %+v, want %d contacts", text, found, want)
		}
	}
	exec(t, pool, `INSERT INTO identities (id, account_id, key, contact_id) VALUES (5001, 11, $1, 2001)`, zebra().address())
	if found := must(erase.Find(t.Context(), pool, zebra().address()))(t); len(found) != 2 || found[0].Conversations != 2 {
		t.Errorf("%+v", found)
	}
}

// What has not been applied yet can't be erased: the erasure says so, and ends when it was.
func TestWaiting(t *testing.T) {
	t.Parallel()
	pool := world(t)
	o := options(t, pool)
	must(store.InsertEvents(t.Context(), pool, []store.NewEvent{{AccountID: chatAccount, ExternalID: "waits", OrderKey: "11/x", Payload: []byte(zebra().number()[1:])},
		{AccountID: slack, ExternalID: "waits, too", OrderKey: "12/y", Payload: []byte("somebody else")}}))(t)
	id := must(erase.Begin(t.Context(), o, []store.ContactID{zebra().contact()}, "ann"))(t)
	if _, err := erase.Run(t.Context(), o, id); !errors.Is(err, erase.ErrWaiting) {
		t.Fatalf("it ended: %v", err)
	}
	exec(t, pool, `DELETE FROM queues`)
	exec(t, pool, `UPDATE lanes SET head = 1 WHERE id = 1`) // a list for colleagues is not posted yet
	if _, err := erase.Run(t.Context(), o, id); !errors.Is(err, erase.ErrWaiting) {
		t.Fatalf("it ended before all was posted: %v", err)
	}
	exec(t, pool, `UPDATE lanes SET head = 100 WHERE id = 1`)
	run(t, o, id)
	var left string
	check(t, pool.QueryRow(t.Context(), `SELECT string_agg(external_id, ', ') FROM events WHERE external_id LIKE 'waits%'`).Scan(&left))
	if left != "waits, too" || len(markedIn(t, pool, zebra().number()[1:])) > 0 {
		t.Errorf("what is left: %s", left)
	}
}

// A post that is on its way, or may have arrived, is waited for: only its result tells where it stands in the chat.
// What waits behind it doesn't leave.
func TestPostUnderWay(t *testing.T) {
	t.Parallel()
	pool := world(t)
	o := options(t, pool)
	exec(t, pool, `UPDATE deliveries SET state = 'sending' WHERE id = 1002`)
	exec(t, pool, `UPDATE lanes SET head = 0, tail = 2, due_at = now(), leased_until = now() WHERE id = 1002`)
	exec(t, pool, `INSERT INTO deliveries (id, lane_id, seq, kind, created_at) VALUES (1999, 1002, 2, 'line', now())`)
	id := must(erase.Begin(t.Context(), o, []store.ContactID{zebra().contact()}, "ann"))(t)
	if _, err := erase.Run(t.Context(), o, id); !errors.Is(err, erase.ErrWaiting) {
		t.Fatalf("it ended while something was being posted: %v", err)
	}
	var left string
	const state = `SELECT string_agg(d.id || ' ' || d.state || ' ' || l.tail, ', ') FROM lanes AS l JOIN deliveries AS d ON d.lane_id = l.id WHERE l.id = 1002 AND l.leased_until IS NOT NULL`
	check(t, pool.QueryRow(t.Context(), state).Scan(&left))
	if left != "1002 sending 1" {
		t.Errorf("the lane has %q, want \"1002 sending 1\"", left)
	}
	exec(t, pool, `UPDATE deliveries SET state = 'accepted' WHERE id = 1002`)
	run(t, o, id)
}

// A chat that is never connected again doesn't keep a contact from being erased: after a week what may have been posted
// there is no longer waited for.
func TestPostThatNobodyKnowsOf(t *testing.T) {
	t.Parallel()
	pool := world(t)
	o := options(t, pool)
	exec(t, pool, `UPDATE deliveries SET state = 'unknown' WHERE id = 1002`)
	exec(t, pool, `UPDATE lanes SET head = 0, tail = 1, due_at = now(), leased_until = NULL WHERE id = 1002`)
	id := must(erase.Begin(t.Context(), o, []store.ContactID{zebra().contact()}, "ann"))(t)
	if _, err := erase.Run(t.Context(), o, id); !errors.Is(err, erase.ErrWaiting) {
		t.Fatalf("it ended at once: %v", err)
	}
	exec(t, pool, `UPDATE erasures SET asked_at = asked_at - interval '8 days'`)
	if _, err := erase.Run(t.Context(), o, id); err != nil {
		t.Errorf("it waits for ever: %v", err)
	}
}

// Two admins who erase a contact at once begin one erasure: a second one would find no address by which to look, and its
// certificate would say that nothing was there.
//
func TestTwoAdmins(t *testing.T) {
	t.Parallel()
	pool := world(t)
	o := options(t, pool)
	ids := make([]string, 4)
	var group errgroup.Group
	for i := range ids {
		group.Go(func() (err error) {
			ids[i], err = erase.Begin(t.Context(), o, []store.ContactID{zebra().contact()}, "ann")
			return err
		})
	}
	check(t, group.Wait())
	if first := slices.Compact(ids); len(first) != 1 {
		t.Fatalf("%d erasures of one contact: %v, want 1", len(first), first)
	}
	if c := run(t, o, ids[0]); len(c.Identities) != 2 {
		t.Errorf("%+v", c)
	}
	if again := must(erase.Begin(t.Context(), o, []store.ContactID{zebra().contact()}, "ann"))(t); again == ids[0] {
		t.Error("who is erased once more, because something was left, gets an erasure that has ended")
	}
	exec(t, pool, `INSERT INTO contacts (id, name) VALUES (7777, 'Otter')`) // whom an earlier version left when two turned out to be one
	if _, err := erase.Begin(t.Context(), o, []store.ContactID{7777}, "ann"); !errors.Is(err, erase.ErrNoContact) {
		t.Errorf("a contact who is nobody any more is erased: %v", err)
	}
	if found := must(erase.Find(t.Context(), pool, "7777"))(t); len(found) > 0 {
		t.Errorf("found is %+v, want none", found)
	}
}

// The same address in another mailbox is another contact's, who keeps it: replies go there. From other customers' lists of
// recipients it goes, however long these are.
//
func TestSameAddressElsewhere(t *testing.T) {
	t.Parallel()
	pool := world(t)
	exec(t, pool, `INSERT INTO contacts (id, name) VALUES (5000, 'Z')`)
	exec(t, pool, `INSERT INTO identities (id, account_id, key, name, contact_id) VALUES (5000, 11, $1, 'Z', 5000)`, zebra().address())
	exec(t, pool, `INSERT INTO conversations (id, account_id, identity_id, status, participants, last_at, created_at)
		VALUES (5000, 11, 5000, 'open', jsonb_build_array(jsonb_build_object('key', $1::text, 'role', 'to')), now(), now()),
			(5001, 11, 2001, 'open', jsonb_build_array(jsonb_build_object('key', $1::text, 'role', 'cc'), jsonb_build_object('key', 'boss', 'role', 'to')), now(), now())`, zebra().address())
	exec(t, pool, `INSERT INTO threads (conversation_id, account_id, channel, root) VALUES (5001, 12, 'C1', '5001.0')`)
	exec(t, pool, `INSERT INTO conversations (id, account_id, identity_id, status, participants, last_at, created_at)
		SELECT 5002, 11, 2001, 'open', jsonb_agg(jsonb_build_object('key', CASE n WHEN 480 THEN $1 ELSE repeat('n', 50) || n || '@list.example' END, 'role', 'cc') ORDER BY n), now(), now()
		FROM generate_series(1, 480) AS n`, zebra().address())
	exec(t, pool, `INSERT INTO lanes (id, account_id, key, conversation_id, gate_id, head, tail) VALUES (5001, 11, 'c5001:say', 5001, 1, 0, 1)`)
	exec(t, pool, `INSERT INTO deliveries (id, lane_id, seq, kind, payload, state, created_at)
		VALUES (5001, 5001, 1, 'reply', jsonb_build_object('meant', jsonb_build_array('boss', $1::text)), 'queued', now())`, zebra().address())
	o := options(t, pool)
	meant := ""
	o.Say = func(place string, _ int64) error {
		if place == "copied" { // the reply that waits would fail if it was still meant for her now
			meant = storetest.Row(t, pool, `SELECT payload #>> '{meant}' FROM deliveries WHERE id = 5001`)
		}
		return nil
	}
	c := run(t, o, must(erase.Begin(t.Context(), o, []store.ContactID{zebra().contact()}, "ann"))(t))
	if meant != `("[""boss""]")` {
		t.Errorf("once she is in copy no more, the reply is meant for %s", meant)
	}
	if i := slices.IndexFunc(c.Places, func(f erase.Found) bool { return f.Place == "meant" }); c.Places[i].Rows != 1 {
		t.Errorf("the certificate counts %d replies, want 1", c.Places[i].Rows)
	}
	var left string
	check(t, pool.QueryRow(t.Context(), `SELECT string_agg(id || ' ' || jsonb_path_query_array(participants, '$[*].key'), ', ' ORDER BY id) FROM conversations WHERE id IN (5000, 5001)`).Scan(&left))
	if want := `5000 ["zebra@shop.example"], 5001 ["boss"]`; left != want {
		t.Errorf("recipients: %s, want %s", left, want)
	}
	if got := storetest.Row(t, pool, `SELECT jsonb_array_length(participants) FROM conversations WHERE id = 5002`); got != "(479)" {
		t.Errorf("%s recipients are left of 480, want (479)", got)
	}
	var cards string
	check(t, pool.QueryRow(t.Context(), `SELECT string_agg(external_id, ' ') FROM events WHERE external_id LIKE 'erase:%:card:%'`).Scan(&cards))
	if !strings.HasSuffix(cards, ":card:12:5001") || strings.Contains(cards, " ") {
		t.Errorf("cards that are shown anew: %q", cards)
	}
}

// A database that waits for chats alone has forgotten the contact: a restore must know of that, too.
//
func TestListedBeforeChatsEnd(t *testing.T) {
	t.Parallel()
	pool := world(t)
	o := options(t, pool)
	id := must(erase.Begin(t.Context(), o, []store.ContactID{zebra().contact()}, "ann"))(t)
	if early := must(erase.Forgotten(t.Context(), pool))(t); len(early) > 0 {
		t.Errorf("%v is forgotten before it was erased, want none", early)
	}
	if _, err := erase.Run(t.Context(), o, id); !errors.Is(err, erase.ErrInChats) {
		t.Fatal(err)
	}
	if list, want := must(erase.Forgotten(t.Context(), pool))(t), []string{id}; !slices.Equal(list, want) {
		t.Errorf("forgotten are %v, want %v", list, want)
	}
	if r := must(erase.RecordOf(t.Context(), pool, id))(t); len(r.Facts) == 0 || len(r.Identities) != 2 {
		t.Errorf("the record is %+v", r)
	}
}
