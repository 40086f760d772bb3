package store_test

import (
	"testing"
	"time"

	"parley/store"
	"parley/store/storetest"
)

// What is used up adds up, whoever wrote it, and comes back with time.
func TestOpenings(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	use := func(seconds float64) {
		t.Helper()
		check(t, store.UseOpenings(t.Context(), pool, []store.Opening{{AccountID: 1, Origin: "kim@x.test", Used: seconds}, {AccountID: 1, Origin: "@x.test", Used: 1}}))
	}
	left := func() (seconds float64, rows int) {
		t.Helper()
		var p store.Pipeline
		var found []store.Opening
		p.FindOpenings(&found, []store.AccountID{1, 1, 2}, []string{"kim@x.test", "nobody@x.test", "kim@x.test"})
		check(t, p.Run(t.Context(), pool))
		for _, o := range found {
			seconds += o.Before
		}
		return seconds, len(found)
	}
	use(100)
	use(200)
	if got, _ := left(); got < 290 || got > 300 {
		t.Errorf("%v s are used up, want 300", got)
	}
	check(t, store.ForgetOpenings(t.Context(), pool, 10))
	if _, rows := left(); rows != 1 {
		t.Errorf("%d rows, want the one that still says something", rows)
	}
	check(t, store.MoveClock(t.Context(), pool, time.Hour))
	use(50)
	if got, _ := left(); got < 40 || got > 50 {
		t.Errorf("%v s are used up, want 50 after an hour", got)
	}
	check(t, store.MoveClock(t.Context(), pool, time.Hour))
	check(t, store.ForgetOpenings(t.Context(), pool, 10))
	if _, rows := left(); rows != 0 {
		t.Errorf("%d rows say nothing any more, want none", rows)
	}
}
