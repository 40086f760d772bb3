package app

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/channels"
	"parley/store"
	"parley/store/storetest"
)

// mailboxes are accounts of which several processes fetch.
type mailboxes struct {
	mu      sync.Mutex
	fetched map[store.AccountID]int // how many processes fetch an account now
	began   int                     // how often a process began to fetch an account
	doubles int                     // how often one did while another still fetched
	mayEnd  chan struct{}           // closed when fetching may end; nil if it ends at once when asked to
	letEnd  func()                  // closes mayEnd
}

func newMailboxes() *mailboxes {
	return &mailboxes{fetched: map[store.AccountID]int{}, letEnd: func() {}}
}

// checkNoDoubles checks that no account was fetched by two processes at once.
func (m *mailboxes) checkNoDoubles(t *testing.T) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.doubles > 0 {
		t.Errorf("accounts were fetched by two processes at once %d times, want never", m.doubles)
	}
}

// mailbox is one process's channel of an account.
type appMailbox struct {
	channels.Channel
	all *mailboxes
	id  store.AccountID
}

// Run implements channels.Runner.
func (m *appMailbox) Run(ctx context.Context) error {
	m.all.add(m.id, 1)
	<-ctx.Done()
	if m.all.mayEnd != nil {
		<-m.all.mayEnd
	}
	m.all.add(m.id, -1)
	return nil
}

func (m *mailboxes) add(id store.AccountID, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fetched[id] += n
	m.began += max(n, 0)
	if m.fetched[id] > 1 {
		m.doubles++
	}
}

// unfetched counts the accounts of which nobody fetches.
func (m *mailboxes) unfetched(accounts store.AccountID) (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id := range accounts {
		if m.fetched[id] == 0 {
			n++
		}
	}
	return n
}

// testLease is so long that no lease of these tests runs out by itself, however slow the machine is: they end leases
// themselves.
const testLease = 10 * time.Minute

// replica is a process that fetches. Its clock can be set ahead.
type replica struct {
	*fetchers
	statements int // how many it has sent
	wanted     map[store.AccountID]*worker
	ahead      time.Duration // of the machine's clock
	ctx        context.Context
	crash      func()
}

// countingQuerier counts statements.
type countingQuerier struct {
	store.Querier
	n *int
}

func (c countingQuerier) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	*c.n++
	return c.Querier.Exec(ctx, sql, args...)
}

func (c countingQuerier) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	*c.n++
	return c.Querier.Query(ctx, sql, args...) //nolint:rowserrcheck // its caller does
}

// newReplica makes a process with a channel for each account. All that it runs ends with the test.
func newReplica(t *testing.T, db store.Querier, all *mailboxes, name string, accounts store.AccountID) *replica {
	t.Helper()
	r := &replica{wanted: map[store.AccountID]*worker{}}
	r.fetchers = newFetchers(countingQuerier{db, &r.statements}, slog.New(slog.DiscardHandler), name, testLease)
	r.now = func() time.Time { return time.Now().Add(r.ahead) }
	for id := range accounts {
		r.wanted[id] = &worker{channel: &appMailbox{all: all, id: id}}
	}
	r.ctx, r.crash = context.WithCancel(context.Background())
	t.Cleanup(func() {
		r.crash()
		all.letEnd()
		for _, one := range r.running {
			<-one.done
		}
	})
	return r
}

func (r *replica) round() { r.runRound(r.ctx, r.wanted) }

// die ends a process at once, with its leases left behind. Whatever it ran has ended then, as in a process that is gone.
func (r *replica) die() {
	r.crash()
	for _, one := range r.running {
		<-one.done
	}
}

// runUntilShared lets processes do rounds until each has about its share of the accounts, and all accounts are fetched.
func runUntilShared(t *testing.T, all *mailboxes, accounts store.AccountID, replicas ...*replica) {
	t.Helper()
	share := int(accounts) / len(replicas)
	for deadline := time.Now().Add(boundPatience); ; {
		total, isEven := 0, true
		var held []int // by each
		for _, r := range replicas {
			r.round()
			n := len(r.heldSince)
			total += n
			isEven = isEven && n > share*7/10 && n < share*13/10
			held = append(held, n)
		}
		if total == int(accounts) && isEven && all.unfetched(accounts) == 0 {
			t.Logf("of %d accounts the processes hold %d", accounts, held)
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("of %d accounts the processes hold %d, want about %d each; nobody fetches from %d",
				accounts, held, share, all.unfetched(accounts))
		}
	}
}

// countHeld counts the accounts that processes hold together.
func countHeld(replicas ...*replica) (n int) {
	for _, r := range replicas {
		n += len(r.heldSince)
	}
	return n
}

// expireLeases ends the leases of a process, as time would.
func expireLeases(t *testing.T, db *pgxpool.Pool, holder string) {
	t.Helper()
	must(db.Exec(t.Context(), `UPDATE leases SET until = clock_timestamp() - interval '1 second' WHERE holder = $1`, holder))(t)
}

// Accounts spread evenly over the processes that live. They move when a process comes, ends or dies, and no account is ever
// fetched by two.
func TestFetchersShare(t *testing.T) {
	t.Parallel()
	db, all := storetest.Reused(t), newMailboxes()
	const accounts = 300
	one, two, three := newReplica(t, db, all, "one", accounts), newReplica(t, db, all, "two", accounts),
		newReplica(t, db, all, "three", accounts)
	one.round()
	if n := countHeld(one); n != accounts {
		t.Errorf("the only process holds %d of %d accounts, want all", n, accounts)
	}
	runUntilShared(t, all, accounts, one, two, three)

	// A process that dies keeps its accounts until its leases end. Then the others have them within a round.
	two.die()
	one.round()
	three.round()
	if n := countHeld(one, three); n > accounts-len(two.heldSince) {
		t.Errorf("while the leases of a dead process last, the others hold %d accounts, want at most %d", n, accounts-len(two.heldSince))
	}
	expireLeases(t, db, "two")
	one.round()
	three.round()
	if n := countHeld(one, three); n != accounts {
		t.Errorf("one round after a dead process's leases ended, the others hold %d of %d accounts, want all", n, accounts)
	}
	runUntilShared(t, all, accounts, one, three)

	// A process that ends in order gives its accounts up at once.
	four := newReplica(t, db, all, "four", accounts)
	runUntilShared(t, all, accounts, one, three, four)
	one.stopAll(t.Context())
	three.round()
	four.round()
	if n := countHeld(three, four); n != accounts {
		t.Errorf("one round after a process ended, the others hold %d of %d accounts, want all", n, accounts)
	}
	runUntilShared(t, all, accounts, three, four)
	all.checkNoDoubles(t)

	// Processes that are gone are no longer listed.
	var left int
	err := db.QueryRow(t.Context(), `SELECT count(*) FROM leases WHERE name IN ('fetcher:one', 'fetcher:two')`).Scan(&left)
	if err != nil || left > 0 {
		t.Errorf("%d processes that are gone are still listed, %v", left, err)
	}
}

// A process that stood still ends its channels before it looks at the database again.
func TestFetchersStoodStill(t *testing.T) {
	t.Parallel()
	db, all := storetest.Reused(t), newMailboxes()
	r := newReplica(t, db, all, "r", 10)
	runUntilShared(t, all, 10, r)
	r.ahead = testLease * 3 / 4
	r.endOutdated(r.wanted)
	for id, one := range r.running {
		if !one.ending {
			t.Errorf("the channel of account %d isn't asked to end", id)
		}
	}
	runUntilShared(t, all, 10, r) // it may fetch them again
	all.checkNoDoubles(t)
}
