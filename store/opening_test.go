package store_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

// useOpenings uses up so many seconds of what Kim may open, and one second of what her domain may.
func useOpenings(t *testing.T, pool *pgxpool.Pool, seconds float64) {
	t.Helper()
	check(t, store.UseOpenings(t.Context(), pool, []store.Opening{
		{AccountID: 1, Origin: "kim@x.test", Used: seconds},
		{AccountID: 1, Origin: "@x.test", Used: 1},
	}))
}

// findKimsOpenings returns what is stored of Kim, and of two others of whom nothing is.
func findKimsOpenings(t *testing.T, pool *pgxpool.Pool) []store.Opening {
	t.Helper()
	var p store.Pipeline
	var found []store.Opening
	p.FindOpenings(&found, []store.AccountID{1, 1, 2}, []string{"kim@x.test", "nobody@x.test", "kim@x.test"})
	check(t, p.Run(t.Context(), pool))
	return found
}

// checkUsedUp checks how much Kim has used up. The time that the test takes has come back already.
func checkUsedUp(t *testing.T, pool *pgxpool.Pool, want float64) {
	t.Helper()
	const tolerance = 10 // seconds
	found := findKimsOpenings(t, pool)
	if len(found) != 1 {
		t.Fatalf("%d openings were found, want Kim's alone: %+v", len(found), found)
	}
	if got := found[0].Before; got < want-tolerance || got > want {
		t.Errorf("%v s are used up, want %v s", got, want)
	}
}

func forgetOpenings(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	const limit = 10
	check(t, store.ForgetOpenings(t.Context(), pool, limit))
}

func TestUsedOpeningsAddUp(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	useOpenings(t, pool, 100)
	useOpenings(t, pool, 200)
	checkUsedUp(t, pool, 300)
}

func TestUsedOpeningsComeBackWithTime(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	useOpenings(t, pool, 300)
	check(t, store.MoveClock(t.Context(), pool, time.Hour))
	useOpenings(t, pool, 50)
	checkUsedUp(t, pool, 50)
}

// A row is forgotten once all of it has come back.
func TestForgetOpenings(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	useOpenings(t, pool, 300)
	forgetOpenings(t, pool)
	if found := findKimsOpenings(t, pool); len(found) != 1 {
		t.Errorf("while some is used up, %d rows are stored, want 1", len(found))
	}
	check(t, store.MoveClock(t.Context(), pool, time.Hour))
	forgetOpenings(t, pool)
	if found := findKimsOpenings(t, pool); len(found) != 0 {
		t.Errorf("once all has come back, %d rows are stored, want none", len(found))
	}
}
