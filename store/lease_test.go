package store_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

// leaseSeconds is how long a lease of these tests is taken for. No test takes ten minutes, so only expireLease ends
// leases.
const leaseSeconds = 600

// sweep is the lease that the tests of a single lease ask for.
const sweep = "sweep"

// tryLease asks for the lease sweep for a holder, and returns whether the holder has it now.
func tryLease(t *testing.T, pool *pgxpool.Pool, holder string) (ok bool) {
	t.Helper()
	return must(store.TakeLease(t.Context(), pool, sweep, holder, leaseSeconds))(t)
}

// mustTakeLease takes the lease sweep for a holder, or ends the test if it is refused.
func mustTakeLease(t *testing.T, pool *pgxpool.Pool, holder string) {
	t.Helper()
	if !tryLease(t, pool, holder) {
		t.Fatalf("holder %q was refused the lease, want it granted", holder)
	}
}

// takeFreeLeases asks for the leases of these names for a holder. It returns the names of the leases that the holder
// got, sorted.
func takeFreeLeases(t *testing.T, pool *pgxpool.Pool, holder string, names ...string) (taken []string) {
	t.Helper()
	taken = must(store.TakeLeases(t.Context(), pool, names, holder, leaseSeconds))(t)
	slices.Sort(taken)
	return taken
}

// manyLeaseNames returns a thousand names of leases, all of which one statement has to handle.
func manyLeaseNames() (names []string) {
	for i := range 1000 {
		names = append(names, fmt.Sprint("account:", i))
	}
	return names
}

// expireLease makes a lease end a second ago, as if its holder hadn't renewed it.
func expireLease(t *testing.T, pool *pgxpool.Pool, name string) {
	t.Helper()
	exec(t, pool, `UPDATE leases SET until = clock_timestamp() - interval '1 s' WHERE name = $1`, name)
}

// usesTransactionID calls run in a transaction that it rolls back. It returns whether PostgreSQL gave the transaction
// an id, which happens with the first write or lock of a row.
func usesTransactionID(t *testing.T, pool *pgxpool.Pool, run func(tx pgx.Tx)) (hasID bool) {
	t.Helper()
	tx := must(pool.Begin(t.Context()))(t)
	defer func() { check(t, tx.Rollback(t.Context())) }()
	run(tx)
	check(t, tx.QueryRow(t.Context(), `SELECT pg_current_xact_id_if_assigned() IS NOT NULL`).Scan(&hasID))
	return hasID
}

func TestLeaseBelongsToOneHolder(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	mustTakeLease(t, pool, "a")
	if tryLease(t, pool, "b") {
		t.Error("a second holder got the lease while the first one held it")
	}
}

func TestLeaseIsRenewedByItsHolder(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	mustTakeLease(t, pool, "a")
	mustTakeLease(t, pool, "a")
}

func TestLeasesOfTwoNamesAreIndependent(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	mustTakeLease(t, pool, "a")
	ok := must(store.TakeLease(t.Context(), pool, "other", "b", leaseSeconds))(t)
	if !ok {
		t.Error("the lease of another name was refused, though nobody held it")
	}
}

func TestExpiredLeaseIsFree(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	mustTakeLease(t, pool, "a")
	expireLease(t, pool, sweep)
	mustTakeLease(t, pool, "b")
	if tryLease(t, pool, "a") {
		t.Error("the former holder got the lease back, though another one has taken it")
	}
}

func TestDropLeaseByItsHolderFreesIt(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	mustTakeLease(t, pool, "b")
	check(t, store.DropLease(t.Context(), pool, sweep, "b"))
	mustTakeLease(t, pool, "a")
}

func TestDropLeaseByAnotherChangesNothing(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	mustTakeLease(t, pool, "b")
	check(t, store.DropLease(t.Context(), pool, sweep, "a"))
	if tryLease(t, pool, "a") {
		t.Error("the lease was dropped by somebody who doesn't hold it")
	}
}

func TestLeaseThatManyWantGoesToOne(t *testing.T) {
	t.Parallel()
	const rivals = 20
	pool := storetest.DB(t)

	var holders atomic.Int32
	var group sync.WaitGroup
	for i := range rivals {
		group.Go(func() {
			ok, err := store.TakeLease(t.Context(), pool, sweep, fmt.Sprint(i), leaseSeconds)
			if err != nil {
				t.Error(err)
			}
			if ok {
				holders.Add(1)
			}
		})
	}
	group.Wait()
	if n := holders.Load(); n != 1 {
		t.Errorf("%d of %d rivals hold the lease, want 1", n, rivals)
	}
}

func TestTakeLeasesTakesThoseThatAreFree(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	if got, want := takeFreeLeases(t, pool, "a", "2", "1"), []string{"1", "2"}; !slices.Equal(got, want) {
		t.Fatalf("of two free leases %v were taken, want %v", got, want)
	}
	if got, want := takeFreeLeases(t, pool, "b", "1", "2", "3"), []string{"3"}; !slices.Equal(got, want) {
		t.Errorf("of three leases, of which 1 and 2 are held, %v were taken, want %v", got, want)
	}
}

func TestDropLeasesDropsOwnAndExpiredOnes(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	takeFreeLeases(t, pool, "a", "held", "expired")
	takeFreeLeases(t, pool, "b", "own")
	expireLease(t, pool, "expired")
	names := []string{"held", "expired", "own"}
	check(t, store.DropLeases(t.Context(), pool, names, "b"))

	const noPrefix = "none" // no lease begins with this, so only those of names are found
	left := must(store.FindLeases(t.Context(), pool, names, noPrefix))(t)
	want := []store.Lease{{Name: "held", Holder: "a", Live: true}}
	if !slices.Equal(left, want) {
		t.Errorf("after the drop by b the leases are %+v, want %+v", left, want)
	}
}

func TestFindLeasesByPrefix(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	takeFreeLeases(t, pool, "a", "mail:1", "chat:1")
	found := must(store.FindLeases(t.Context(), pool, nil, "mail:"))(t)
	want := []store.Lease{{Name: "mail:1", Holder: "a", Live: true}}
	if !slices.Equal(found, want) {
		t.Errorf("leases by prefix: got %+v, want %+v", found, want)
	}
}

// FindLeases only looks at leases, and costs the database no transaction id, however many leases there are.
func TestFindLeasesUsesNoTransactionID(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	names := manyLeaseNames()
	if taken := takeFreeLeases(t, pool, "holder", names...); len(taken) != len(names) {
		t.Fatalf("%d leases were taken, want %d", len(taken), len(names))
	}

	usesID := usesTransactionID(t, pool, func(tx pgx.Tx) {
		const anyPrefix = "" // every name begins with this
		found := must(store.FindLeases(t.Context(), tx, names, anyPrefix))(t)
		if len(found) != len(names) {
			t.Fatalf("%d leases were found, want %d", len(found), len(names))
		}
		if !found[0].Live {
			t.Error("the first lease isn't live")
		}
		if found[0].Holder != "holder" {
			t.Errorf("the first lease belongs to %q, want \"holder\"", found[0].Holder)
		}
	})
	if usesID {
		t.Error("looking at leases used a transaction id")
	}
}

// TakeLeases uses a transaction id even if all leases are refused. That is why FindLeases exists.
func TestTakeLeasesUsesATransactionID(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	names := manyLeaseNames()
	if taken := takeFreeLeases(t, pool, "holder", names...); len(taken) != len(names) {
		t.Fatalf("%d leases were taken, want %d", len(taken), len(names))
	}

	usesID := usesTransactionID(t, pool, func(tx pgx.Tx) {
		taken := must(store.TakeLeases(t.Context(), tx, names, "other", leaseSeconds))(t)
		if len(taken) > 0 {
			t.Errorf("%d leases were taken from their holder, want none", len(taken))
		}
	})
	if !usesID {
		t.Error("asking for leases used no transaction id")
	}
}
