package app

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/channels/wire"
	"parley/store"
	"parley/store/storetest"
)

// newShowingReplica makes a process that shows by a session that it lives. life.end ends the session.
func newShowingReplica(t *testing.T, db *pgxpool.Pool, all *mailboxes, name string, accounts store.AccountID) (r *replica, life *lifeSign) {
	t.Helper()
	r = newReplica(t, db, all, store.ShowingPrefix+name, accounts)
	life = &lifeSign{pool: db, holder: r.holder}
	t.Cleanup(life.end)
	r.show = life.show
	return r, life
}

// untilSilent waits until PostgreSQL knows that the session of a process has ended.
func untilSilent(t *testing.T, db *pgxpool.Pool, r *replica) {
	t.Helper()
	for deadline := time.Now().Add(boundPatience); ; wire.For(t.Context(), time.Millisecond) {
		leases, err := store.FindLeases(t.Context(), db, nil, memberPrefix+r.holder)
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("PostgreSQL doesn't say that the session has ended: %v", err)
		}
		if len(leases) == 1 && leases[0].Silent {
			return
		}
	}
}

// If a process is killed, another one fetches from its accounts within a few rounds, long before the leases of the dead one
// run out. A process that lost its session but lives shows that again, and keeps its accounts.
func TestFetchersOfAKilledProcess(t *testing.T) {
	t.Parallel()
	const accounts = 20
	db, all := storetest.Reused(t), newMailboxes()
	one, life := newShowingReplica(t, db, all, "one", accounts)
	one.round()
	if n := countHeld(one); n != accounts {
		t.Fatalf("the only process holds %d of %d accounts, want all", n, accounts)
	}
	two, _ := newShowingReplica(t, db, all, "two", accounts)
	for deadline := time.Now().Add(boundPatience); countHeld(one, two) != accounts || countHeld(two) == 0; {
		if time.Now().After(deadline) {
			t.Fatalf("they hold %d and %d of %d accounts, want that the second has some", countHeld(one), countHeld(two), accounts)
		}
		one.round()
		two.round()
	}

	// One loses its session, but lives.
	before := countHeld(one)
	life.end()
	untilSilent(t, db, one)
	two.round()
	one.round()
	for range 5 { // meanwhile it has another session
		passRound(one, two)
		two.round()
		one.round()
	}
	if n := countHeld(one); n != before {
		t.Errorf("a process that lost its session but lives holds %d accounts, want %d as before", n, before)
	}
	all.checkNoDoubles(t)

	// One is killed.
	life.end()
	one.die()
	untilSilent(t, db, one)
	two.round()
	if n := countHeld(two); n == accounts {
		t.Error("a process that was silent once counts as ended, want that it does from the second time on")
	}
	passRound(one, two)
	passRound(one, two)
	two.round()
	if n := countHeld(two); n != accounts {
		t.Errorf("two rounds after the other process was killed, this one holds %d of %d accounts, want all", n, accounts)
	}
}

// passRound lets the time until the next round pass for processes.
func passRound(replicas ...*replica) {
	for _, r := range replicas {
		r.ahead += r.roundInterval()
	}
}
