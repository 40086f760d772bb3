package store_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

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

// expireLease makes a lease end a second ago, as if its holder hadn't renewed it.
func expireLease(t *testing.T, pool *pgxpool.Pool, name string) {
	t.Helper()
	exec(t, pool, `UPDATE leases SET until = clock_timestamp() - interval '1 s' WHERE name = $1`, name)
}

func TestLeaseBelongsToOneHolder(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	mustTakeLease(t, pool, "a")
	if tryLease(t, pool, "b") {
		t.Error("a second holder got the lease while the first one held it")
	}
}

func TestExpiredLeaseIsFree(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	mustTakeLease(t, pool, "a")
	expireLease(t, pool, sweep)
	mustTakeLease(t, pool, "b")
	if tryLease(t, pool, "a") {
		t.Error("the former holder got the lease back, though another one has taken it")
	}
}

func TestDropLeaseByItsHolderFreesIt(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	mustTakeLease(t, pool, "b")
	check(t, store.DropLease(t.Context(), pool, sweep, "b"))
	mustTakeLease(t, pool, "a")
}

func TestLeaseThatManyWantGoesToOne(t *testing.T) {
	t.Parallel()
	const rivals = 20
	pool := storetest.Reused(t)

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
