package store_test

import (
	"context"
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

// leaseSeconds is longer than any test of this file.
const leaseSeconds = 600

// tryLease asks for the lease "sweep", and returns whether the holder has it then.
func tryLease(t *testing.T, pool *pgxpool.Pool, holder string) bool {
	t.Helper()
	return must(store.TakeLease(t.Context(), pool, "sweep", holder, leaseSeconds))(t)
}

func mustTakeLease(t *testing.T, pool *pgxpool.Pool, holder string) {
	t.Helper()
	if !tryLease(t, pool, holder) {
		t.Fatalf("%s doesn't get the lease", holder)
	}
}

// expireLease ends the time of a lease.
func expireLease(t *testing.T, pool *pgxpool.Pool, name string) {
	t.Helper()
	exec(t, pool, `UPDATE leases SET until = clock_timestamp() - interval '1 s' WHERE name = $1`, name)
}

func TestLeaseBelongsToOneHolder(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	mustTakeLease(t, pool, "a")
	if tryLease(t, pool, "b") {
		t.Error("a second holder got the lease")
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
	if !must(store.TakeLease(t.Context(), pool, "other", "b", leaseSeconds))(t) {
		t.Error("a lease of another name wasn't free")
	}
}

func TestExpiredLeaseGoesToOne(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	mustTakeLease(t, pool, "a")
	expireLease(t, pool, "sweep")
	mustTakeLease(t, pool, "b")
	if tryLease(t, pool, "a") {
		t.Error("the former holder got the lease back that another one has taken")
	}
}

func TestLeaseIsDroppedByItsHolderAlone(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	mustTakeLease(t, pool, "b")
	check(t, store.DropLease(t.Context(), pool, "sweep", "a"))
	if tryLease(t, pool, "a") {
		t.Error("a lease was dropped by somebody who doesn't hold it")
	}
	check(t, store.DropLease(t.Context(), pool, "sweep", "b"))
	mustTakeLease(t, pool, "a")
}

// A lease that several want at once goes to one.
func TestLeaseRace(t *testing.T) {
	t.Parallel()
	const rivals = 20
	pool := storetest.DB(t)
	var holders atomic.Int32
	var group sync.WaitGroup
	for i := range rivals {
		group.Go(func() {
			ok, err := store.TakeLease(context.Background(), pool, "sweep", fmt.Sprint(i), leaseSeconds)
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

// costsTransactionID runs something in a transaction that is rolled back, and returns whether the transaction got an id.
func costsTransactionID(t *testing.T, pool *pgxpool.Pool, run func(tx pgx.Tx)) (hasID bool) {
	t.Helper()
	tx := must(pool.Begin(t.Context()))(t)
	defer func() { check(t, tx.Rollback(t.Context())) }()
	run(tx)
	check(t, tx.QueryRow(t.Context(), `SELECT pg_current_xact_id_if_assigned() IS NOT NULL`).Scan(&hasID))
	return hasID
}

// takeManyLeases takes a thousand leases for "holder", and returns their names.
func takeManyLeases(t *testing.T, pool *pgxpool.Pool) (names []string) {
	t.Helper()
	for i := range 1000 {
		names = append(names, fmt.Sprint("account:", i))
	}
	if got := must(store.TakeLeases(t.Context(), pool, names, "holder", leaseSeconds))(t); len(got) != len(names) {
		t.Fatalf("%d leases were taken, want %d", len(got), len(names))
	}
	return names
}

func TestFindLeasesCostsNoTransactionID(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	names := takeManyLeases(t, pool)
	costs := costsTransactionID(t, pool, func(tx pgx.Tx) {
		found := must(store.FindLeases(t.Context(), tx, names, ""))(t)
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
	if costs {
		t.Error("looking at leases cost a transaction id")
	}
}

// Asking for leases does cost one, even if they are refused: that is why FindLeases exists.
func TestTakeLeasesCostsATransactionID(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	names := takeManyLeases(t, pool)
	costs := costsTransactionID(t, pool, func(tx pgx.Tx) {
		if got := must(store.TakeLeases(t.Context(), tx, names, "other", leaseSeconds))(t); len(got) > 0 {
			t.Errorf("%d leases were taken from their holder, want none", len(got))
		}
	})
	if !costs {
		t.Error("asking for leases cost no transaction id")
	}
}

func takeLeases(t *testing.T, pool *pgxpool.Pool, holder string, names ...string) []string {
	t.Helper()
	got := must(store.TakeLeases(t.Context(), pool, names, holder, leaseSeconds))(t)
	slices.Sort(got)
	return got
}

// Of several leases those are taken that are free.
func TestTakeLeases(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	if got, want := takeLeases(t, pool, "a", "2", "1"), []string{"1", "2"}; !slices.Equal(got, want) {
		t.Errorf("of two free leases %v were taken, want %v", got, want)
	}
	if got, want := takeLeases(t, pool, "b", "1", "2", "3"), []string{"3"}; !slices.Equal(got, want) {
		t.Errorf("of three leases, of which two are held, %v were taken, want %v", got, want)
	}
}

// Of several leases those are dropped that are the holder's own, or that expired.
func TestDropLeases(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	takeLeases(t, pool, "a", "held", "expired")
	takeLeases(t, pool, "b", "own")
	expireLease(t, pool, "expired")
	names := []string{"held", "expired", "own"}
	check(t, store.DropLeases(t.Context(), pool, names, "b"))

	left := must(store.FindLeases(t.Context(), pool, names, "none"))(t)
	if want := []store.Lease{{Name: "held", Holder: "a", Live: true}}; !slices.Equal(left, want) {
		t.Errorf("the leases that are left are %v, want %v", left, want)
	}
}

func TestFindLeasesByPrefix(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	takeLeases(t, pool, "a", "1", "2")
	found := must(store.FindLeases(t.Context(), pool, nil, "1"))(t)
	if len(found) != 1 {
		t.Fatalf("%d leases were found, want 1: %v", len(found), found)
	}
	if found[0].Name != "1" {
		t.Errorf("the lease %q was found, want \"1\"", found[0].Name)
	}
}
