package erase_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/erase"
	"parley/store/storetest"
)

func options(t testing.TB, pool *pgxpool.Pool) erase.Options {
	t.Helper()
	ask := func(name string, conversation store.ConversationID, _ []erase.Post) store.NewEvent {
		return store.NewEvent{AccountID: store.SystemAccount, ExternalID: name, OrderKey: store.ConversationKey(conversation), Payload: []byte(`{}`)}
	}
	return erase.Options{Pool: pool, Sealer: must(store.NewSealer(store.NewMasterKey()))(t), Ask: ask}
}

// inChats does what chats do with the posts that they are asked to take away.
func inChats(t testing.TB, pool *pgxpool.Pool, became string) {
	t.Helper()
	exec(t, pool, `DELETE FROM queues`) // what asks for it is applied
	exec(t, pool, `INSERT INTO posts (account_id, channel, message, kind, conversation_id, version)
		SELECT account_id, channel, message, kind, conversation_id, $1 FROM erased_posts WHERE asked
		ON CONFLICT (account_id, channel, message) DO UPDATE SET version = EXCLUDED.version`, became)
}

// run erases, with chats that take away what they are asked to.
func run(t testing.TB, o erase.Options, id string) erase.Certificate {
	t.Helper()
	if _, err := erase.Run(t.Context(), o, id); !errors.Is(err, erase.ErrInChats) {
		t.Fatalf("it didn't wait for chats: %v", err)
	}
	inChats(t, o.Pool, "erased")
	return must(erase.Run(t.Context(), o, id))(t)
}

// world has two customers of whom something stands everywhere, of whom the second is in copy of nothing.
func world(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool := storetest.DB(t)
	office(t, pool)
	zebra().write(t, pool)
	otter().write(t, pool)
	return pool
}

// After an erasure no column of no table holds a word of the contact, and another contact's rows are what they
// were. What it says before is what it does.
//
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	pool := world(t)
	before, others := markedIn(t, pool, "zebra"), rowsWith(t, pool, "otter")
	for _, c := range wordColumns(t, pool) {
		if erase.Emptied(c.Table, c.Name) && before[c.Table+"."+c.Name] == 0 && !unmarked()[c.Table+"."+c.Name] {
			t.Errorf("the test writes nothing of a customer into %s.%s", c.Table, c.Name)
		}
	}
	planned := must(erase.Count(t.Context(), pool, []store.ContactID{zebra().contact()}))(t)
	o := options(t, pool)
	id := must(erase.Begin(t.Context(), o, []store.ContactID{zebra().contact()}, "ann@acme.test"))(t)
	certificate := run(t, o, id)
	for place, n := range markedIn(t, pool, "zebra") {
		t.Errorf("%s holds something of the contact in %d rows", place, n)
	}
	for place, n := range markedIn(t, pool, zebra().number()[1:]) {
		t.Errorf("%s holds the number in %d rows", place, n)
	}
	for row := range others {
		if !rowsWith(t, pool, "otter")[row] {
			t.Errorf("this row of another contact is gone or changed: %s", row)
		}
	}
	if !certificate.Whole() || certificate.By != "ann@acme.test" || certificate.Closed != 1 || len(certificate.Identities) != 2 || len(certificate.Threads) != 3 {
		t.Errorf("the certificate says %+v", certificate)
	}
	compare(t, planned, certificate.Places)
	// The root, what was said, the files, and a list that a colleague was sent; a colleague's own words stay.
	if in := certificate.Threads[1]; in.Erased != 3 || in.Left != 0 || in.ByColleagues != 1 || certificate.Threads[0].Erased != 1 || certificate.Threads[0].Channel != "" {
		t.Errorf("in chats: %+v", certificate.Threads)
	}
	if again := must(erase.Run(t.Context(), o, id))(t); again.SHA256 != certificate.SHA256 {
		t.Error("the certificate of what is done is another one when it is asked for again")
	}
}

// compare says where something else was erased than was announced.
func compare(t testing.TB, planned, done []erase.Found) {
	t.Helper()
	rows := func(list []erase.Found) map[string]int64 {
		m := map[string]int64{}
		for _, f := range list {
			m[f.Place] = f.Rows
		}
		return m
	}
	want, got := rows(planned), rows(done)
	for _, place := range slices.Sorted(maps.Keys(want)) {
		if got[place] != want[place] {
			t.Errorf("%s: %d rows were announced, %d erased", place, want[place], got[place])
		}
	}
}

// unmarked are columns of rows that are removed in which no words of a customer can stand.
func unmarked() map[string]bool {
	m := map[string]bool{}
	for _, name := range []string{"deliveries.kind", "deliveries.state", "posts.channel", "posts.kind", "posts.version", "fetches.state", "fetches.blob",
		"events.blob", "uploads.blob", "blobs.hash", "blob_chunks.hash", "identities.opted_out", "pending.order_key", "erased_blobs.hash"} {
		m[name] = true
	}
	return m
}

// An erasure that ends at any moment goes on where it stopped, and says the same in the end.
//
func TestEndedBetweenBatches(t *testing.T) {
	t.Parallel()
	pool := world(t)
	o := options(t, pool)
	planned := must(erase.Count(t.Context(), pool, []store.ContactID{zebra().contact()}))(t)
	id := must(erase.Begin(t.Context(), o, []store.ContactID{zebra().contact()}, "ann@acme.test"))(t)
	killed := o
	killed.Say = func(place string, _ int64) error { return fmt.Errorf("ended behind a batch of %s", place) }
	ends := 0
	for {
		_, err := erase.Run(t.Context(), killed, id)
		if err == nil {
			break
		}
		if errors.Is(err, erase.ErrInChats) {
			inChats(t, pool, "erased")
		}
		if ends++; ends > 200 {
			t.Fatal("it doesn't come to an end: ", err)
		}
	}
	certificate := must(erase.Run(t.Context(), o, id))(t)
	if left := markedIn(t, pool, "zebra"); ends < 20 || len(left) > 0 {
		t.Errorf("after %d ends, %v", ends, left)
	}
	compare(t, planned, certificate.Places)
}

// An example that is made of the contact's conversation while it is erased, of what was read before, doesn't stay.
//
func TestExampleMadeMeanwhile(t *testing.T) {
	t.Parallel()
	pool := world(t)
	o := options(t, pool)
	o.Ask = nil // no chat gives it a second look
	o.Say = func(place string, _ int64) error {
		if place == "solved" {
			exec(t, pool, `WITH taken AS (DELETE FROM solved_due WHERE conversation_id = $1 RETURNING conversation_id)
				INSERT INTO solved (conversation_id, account_id, team_id, intent, tags, agent_id, asked, answered, config, words)
				SELECT conversation_id, 10, 0, '', '{}', 1, 'zebra', 'zebra', 'simple', '' FROM taken`, zebra().first+1)
		}
		return nil
	}
	id := must(erase.Begin(t.Context(), o, []store.ContactID{zebra().contact()}, "ann@acme.test"))(t)
	must(erase.Run(t.Context(), o, id))(t)
	if left := storetest.Row(t, pool, `SELECT asked FROM solved WHERE conversation_id = $1`, zebra().first+1); left != "" {
		t.Errorf("the example %s is left, want none", left)
	}
}
