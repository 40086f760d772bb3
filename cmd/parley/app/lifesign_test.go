package app

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/channels/pause"
	"parley/store"
	"parley/store/storetest"
)

// showing makes a process that shows its life, with a clock of its own.
func showing(t *testing.T, db *pgxpool.Pool, all *mailboxes, name string, ahead *time.Duration) (*replica, *lifeSign) {
	t.Helper()
	r := newReplica(t, db, all, store.ShowingPrefix+name, 20)
	life := &lifeSign{pool: db, holder: r.holder}
	t.Cleanup(life.end)
	r.show, r.now = life.show, func() time.Time { return time.Now().Add(*ahead) }
	return r, life
}

// untilSilent waits until PostgreSQL knows that the session of a process has ended.
func untilSilent(t *testing.T, db *pgxpool.Pool, r *replica) {
	t.Helper()
	for deadline := time.Now().Add(boundPatience); ; pause.For(t.Context(), time.Millisecond) {
		leases, err := store.FindLeases(t.Context(), db, nil, memberPrefix+r.holder)
		if err != nil || time.Now().After(deadline) {
			t.Fatal("the session has not ended", err)
		}
		if len(leases) == 1 && leases[0].Silent {
			return
		}
	}
}

// What a process fetched that was killed is fetched by another one within a few rounds, long before the leases of the
// dead one run out. One that lost its session but lives shows that again, and keeps what it has.
func TestFetchersOfAKilledProcess(t *testing.T) {
	t.Parallel()
	db, all := storetest.DB(t), &mailboxes{fetched: map[store.AccountID]int{}}
	var ahead time.Duration
	one, life := showing(t, db, all, "one", &ahead)
	one.turn()
	if n := has(one); n != 20 {
		t.Fatalf("alone it has %d of 20 accounts", n)
	}
	two, _ := showing(t, db, all, "two", &ahead)
	for deadline := time.Now().Add(boundPatience); has(one, two) != 20 || has(two) == 0; {
		if time.Now().After(deadline) {
			t.Fatalf("they have %d and %d of 20 accounts", has(one), has(two))
		}
		one.turn()
		two.turn()
	}
	mine := has(one)
	life.end()
	untilSilent(t, db, one)
	two.turn()
	one.turn()
	for range 5 { // it lives, and has another session
		ahead += two.roundInterval()
		two.turn()
		one.turn()
	}
	if n := has(one); n != mine || all.doubles > 0 {
		t.Errorf("of a process that lives %d accounts are left of %d, and %d were fetched twice", n, mine, all.doubles)
	}

	life.end()
	one.crash()
	untilSilent(t, db, one)
	two.turn()
	if n := has(two); n == 20 {
		t.Error("a process that was silent once counts as ended")
	}
	ahead += 2 * two.roundInterval()
	two.turn()
	if n := has(two); n != 20 {
		t.Errorf("two rounds after another process was killed it has %d of 20 accounts", n)
	}
}
