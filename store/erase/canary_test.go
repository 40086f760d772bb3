package erase_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"parley/store"
	"parley/store/erase"
)

// After an erasure no column of any table contains a word of the contact, and another contact's rows are unchanged. It
// erases as many rows as Count announced.
// Requirement R-276: Erase and export a person.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	before, others := markedIn(t, pool, "zebra"), rowsWith(t, pool, "otter")
	for _, c := range wordColumns(t, pool) {
		if erase.Emptied(c.Table, c.Name) && before[c.Table+"."+c.Name] == 0 && !unmarked()[c.Table+"."+c.Name] {
			t.Errorf("the test writes nothing of a customer into %s.%s", c.Table, c.Name)
		}
	}

	planned := must(erase.Count(t.Context(), pool, []store.ContactID{zebra().contact()}))(t)
	o := newOptions(t, pool)
	id := beginErasure(t, o, zebra())
	certificate := runWithChats(t, o, id)

	checkForgotten(t, pool, zebra(), "after the erasure")
	for place, n := range markedIn(t, pool, zebra().number()[1:]) {
		t.Errorf("%s holds the number in %d rows", place, n)
	}
	for row := range others {
		if !rowsWith(t, pool, "otter")[row] {
			t.Errorf("this row of another contact is gone or changed: %s", row)
		}
	}

	checkCertificate(t, certificate)
	checkAsPlanned(t, planned, certificate.Places)
	if again := must(erase.Run(t.Context(), o, id))(t); again.SHA256 != certificate.SHA256 {
		t.Error("the certificate of what is done is another one when it is asked for again")
	}
}

// checkCertificate checks what the certificate of zebra's erasure says besides the places.
func checkCertificate(t *testing.T, c erase.Certificate) {
	t.Helper()
	if !c.IsUnchanged() {
		t.Error("the certificate says that something is left")
	}
	if c.By != "ann@acme.test" {
		t.Errorf("the erasure was asked for by %q, want \"ann@acme.test\"", c.By)
	}
	if c.Closed != 1 {
		t.Errorf("%d conversations were closed, want 1", c.Closed)
	}
	if len(c.Identities) != 2 {
		t.Errorf("%d identities, want 2: %v", len(c.Identities), c.Identities)
	}

	if len(c.Threads) != 3 {
		t.Fatalf("%d threads, want 3: %+v", len(c.Threads), c.Threads)
	}
	direct, thread := c.Threads[0], c.Threads[1]
	if direct.Channel != "" {
		t.Errorf("the list that a colleague was sent is in channel %q, want none", direct.Channel)
	}
	if direct.Erased != 1 {
		t.Errorf("%d lists of a colleague were erased, want 1", direct.Erased)
	}
	if thread.Erased != 3 { // the root, what was said, and the files
		t.Errorf("%d posts of the thread were erased, want 3", thread.Erased)
	}
	if thread.Left != 0 {
		t.Errorf("%d posts of the thread are left, want none", thread.Left)
	}
	if thread.ByColleagues != 1 { // a colleague's own words stay
		t.Errorf("%d posts of the thread are by colleagues, want 1", thread.ByColleagues)
	}
}

// checkAsPlanned reports each place in which the number of erased rows differs from the announced one.
func checkAsPlanned(t testing.TB, planned, done []erase.Found) {
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

// unmarked returns those columns of removed rows that can't contain words of a customer.
func unmarked() map[string]bool {
	m := map[string]bool{}
	for _, name := range []string{
		"deliveries.kind", "deliveries.state", "posts.channel", "posts.kind", "posts.version", "fetches.state",
		"fetches.blob",
		"events.blob", "uploads.blob", "blobs.hash", "blob_chunks.hash", "identities.opted_out", "pending.order_key", "erased_blobs.hash",
	} {
		m[name] = true
	}
	return m
}

// An erasure that is interrupted between two batches goes on there, and erases as many rows as were announced.
// Requirement R-276: Erase and export a person.
func TestEndedBetweenBatches(t *testing.T) {
	t.Parallel()
	pool := newWorld(t)
	o := newOptions(t, pool)
	planned := must(erase.Count(t.Context(), pool, []store.ContactID{zebra().contact()}))(t)
	id := beginErasure(t, o, zebra())

	killed := o
	killed.Say = func(place string, _ int64) error { return fmt.Errorf("ended behind a batch of %s", place) }
	ends := 0
	for {
		_, err := erase.Run(t.Context(), killed, id)
		if err == nil {
			break
		}
		if errors.Is(err, erase.ErrInChats) {
			takeAwayInChats(t, pool, "erased")
		}
		if ends++; ends > 200 {
			t.Fatal("it doesn't come to an end: ", err)
		}
	}

	certificate := must(erase.Run(t.Context(), o, id))(t)
	if ends < 20 { // with fewer the test would show little
		t.Errorf("the erasure ended early %d times, want 20 at least", ends)
	}
	checkForgotten(t, pool, zebra(), "in the end")
	checkAsPlanned(t, planned, certificate.Places)
}
