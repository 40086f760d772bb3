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
	fetched map[store.AccountID]int // how many fetch an account now
	began   int                     // how often one began
	doubles int                     // how often a second one did
	mayEnd  chan struct{}           // nil if they end at once when asked to
}

// mailbox is one process's channel of an account.
type mailbox struct {
	channels.Channel
	all *mailboxes
	id  store.AccountID
}

// Run implements channels.Runner.
func (m *mailbox) Run(ctx context.Context) error {
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

// replica is a process that fetches.
type replica struct {
	*fetchers
	statements int
	wanted     map[store.AccountID]*worker
	ctx        context.Context
	crash      func()
}

// counting counts statements.
type counting struct {
	store.Querier
	n *int
}

func (c counting) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	*c.n++
	return c.Querier.Exec(ctx, sql, args...)
}

func (c counting) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	*c.n++
	return c.Querier.Query(ctx, sql, args...) //nolint:rowserrcheck // its caller does
}

// newReplica makes a process with a channel for each account. Whatever it runs ends with the test.
func newReplica(t *testing.T, db store.Querier, all *mailboxes, name string, accounts store.AccountID) *replica {
	t.Helper()
	r := &replica{wanted: map[store.AccountID]*worker{}}
	r.fetchers = newFetchers(counting{db, &r.statements}, slog.New(slog.DiscardHandler), name, defaultLease)
	for id := range accounts {
		r.wanted[id] = &worker{channel: &mailbox{all: all, id: id}}
	}
	r.ctx, r.crash = context.WithCancel(context.Background())
	t.Cleanup(func() {
		r.crash()
		for _, one := range r.running {
			<-one.done
		}
	})
	return r
}

func (r *replica) turn() { r.runRound(r.ctx, r.wanted) }

// settle lets processes do rounds until each has about its share of the accounts and all of
// them are fetched.
func settle(t *testing.T, all *mailboxes, accounts store.AccountID, replicas ...*replica) {
	t.Helper()
	share := int(accounts) / len(replicas)
	for deadline := time.Now().Add(boundPatience); ; {
		total, even := 0, true
		var has []int
		for _, r := range replicas {
			r.turn()
			n := len(r.heldSince)
			total, even, has = total+n, even && n > share*7/10 && n < share*13/10, append(has, n)
		}
		if total == int(accounts) && even && all.unfetched(accounts) == 0 {
			t.Logf("of %d accounts they have %d", accounts, has)
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("of %d accounts they have %d; nobody fetches of %d", accounts, has, all.unfetched(accounts))
		}
	}
}

// has counts what processes have together.
func has(replicas ...*replica) (n int) {
	for _, r := range replicas {
		n += len(r.heldSince)
	}
	return n
}

// runOut lets all time pass for the leases of a process.
func runOut(t *testing.T, db *pgxpool.Pool, holder string) {
	t.Helper()
	if _, err := db.Exec(t.Context(), `UPDATE leases SET until = clock_timestamp() - interval '1 second' WHERE holder = $1`, holder); err != nil {
		t.Fatal(err)
	}
}

// Accounts spread evenly over the processes that live. They move when one comes, goes or
// dies, and no account is ever fetched by two.
func TestFetchersShare(t *testing.T) {
	t.Parallel()
	db, all := storetest.DB(t), &mailboxes{fetched: map[store.AccountID]int{}}
	const accounts = 300
	one, two, three := newReplica(t, db, all, "one", accounts), newReplica(t, db, all, "two", accounts), newReplica(t, db, all, "three", accounts)
	one.turn()
	if n := has(one); n != accounts {
		t.Errorf("alone it has %d of %d accounts", n, accounts)
	}
	settle(t, all, accounts, one, two, three)

	two.crash()
	one.turn()
	three.turn()
	if n := has(one, three); n > accounts-len(two.heldSince) {
		t.Errorf("they have %d accounts while the leases of the dead one last", n)
	}
	runOut(t, db, "two")
	one.turn()
	three.turn()
	if n := has(one, three); n != accounts {
		t.Errorf("one round after a dead process's leases ended the others have %d of %d accounts", n, accounts)
	}
	settle(t, all, accounts, one, three)

	four := newReplica(t, db, all, "four", accounts)
	settle(t, all, accounts, one, three, four)
	one.stopAll(t.Context())
	three.turn()
	four.turn()
	if n := has(three, four); n != accounts {
		t.Errorf("one round after a process ended the others have %d of %d accounts", n, accounts)
	}
	settle(t, all, accounts, three, four)
	if all.doubles > 0 {
		t.Errorf("an account was fetched by two processes, %d times", all.doubles)
	}
	var left int
	if err := db.QueryRow(t.Context(), `SELECT count(*) FROM leases WHERE name IN ('fetcher:one', 'fetcher:two')`).Scan(&left); err != nil || left > 0 {
		t.Errorf("%d processes that are gone are still listed, %v", left, err)
	}
}

// What its process does not take, because it can't open the account, another one takes after
// a while, and keeps.
func TestFetchersAdopt(t *testing.T) {
	t.Parallel()
	db, all := storetest.DB(t), &mailboxes{fetched: map[store.AccountID]int{}}
	const accounts = 20
	able, unable := newReplica(t, db, all, "able", accounts), newReplica(t, db, all, "unable", 0)
	var ahead time.Duration
	for _, r := range []*replica{able, unable} {
		r.now = func() time.Time { return time.Now().Add(ahead) }
	}
	unable.turn()
	able.turn()
	if n := has(able); n == accounts || n == 0 {
		t.Fatalf("it has %d of %d accounts, want its own", n, accounts)
	}
	for range 6 {
		ahead += defaultLease / 5
		unable.turn()
		able.turn()
	}
	const early = `SELECT count(*) FROM leases AS l JOIN leases AS m ON m.name = 'fetcher:' || l.holder WHERE l.name LIKE 'account:%' AND l.until < m.until`
	var n int
	if err := db.QueryRow(t.Context(), early).Scan(&n); err != nil || n > 0 {
		t.Errorf("if it died now, %d accounts would have to wait until its name is forgotten; %v", n, err)
	}
	for range 10 {
		able.turn()
	}
	if n := has(able); n != accounts {
		t.Errorf("it has %d of %d accounts that nobody else takes", n, accounts)
	}
	settle(t, all, accounts, able)
	if all.began != accounts {
		t.Errorf("fetching began %d times for %d accounts", all.began, accounts)
	}
}

// An account moves when its channel has ended, so that no two fetch, or when its lease runs
// out, so that one that never ends keeps no other from fetching.
func TestFetchersHandOver(t *testing.T) {
	t.Parallel()
	db, all := storetest.DB(t), &mailboxes{fetched: map[store.AccountID]int{}, mayEnd: make(chan struct{})}
	mayEnd := sync.OnceFunc(func() { close(all.mayEnd) })
	const accounts = 20
	old, young := newReplica(t, db, all, "old", accounts), newReplica(t, db, all, "young", accounts)
	t.Cleanup(mayEnd)
	settle(t, all, accounts, old)
	for range 5 {
		young.turn()
		old.turn()
	}
	if n := has(young); n > 0 {
		t.Errorf("it has %d accounts that another one still fetches", n)
	}
	runOut(t, db, "old")
	young.turn()
	if n := has(young); n == 0 {
		t.Error("it waits for channels that don't end")
	}
	old.turn()
	if n := has(old, young); n != accounts {
		t.Errorf("together they have %d of %d accounts", n, accounts)
	}
	mayEnd()
	settle(t, all, accounts, old, young)
}

// A round that finds nothing to do reads once and writes nothing, however many accounts others
// have. Taking and renewing cost one statement for all.
func TestFetchersCost(t *testing.T) {
	t.Parallel()
	db, all := storetest.DB(t), &mailboxes{fetched: map[store.AccountID]int{}}
	const accounts = 1000
	busy, idle := newReplica(t, db, all, "busy", accounts), newReplica(t, db, all, "idle", accounts)
	var ahead time.Duration
	busy.now = func() time.Time { return time.Now().Add(ahead) }
	cost := func(what string, r *replica, most int) {
		t.Helper()
		before := r.statements
		r.turn()
		if n := r.statements - before; n > most {
			t.Errorf("%s: %d statements, want at most %d", what, n, most)
		}
	}
	cost("to take 1000 leases", busy, 2)
	cost("to look", busy, 1)
	ahead = defaultLease / 2
	cost("to renew 1000 leases", busy, 2)
	if n := has(busy); n != accounts {
		t.Fatalf("it has %d of %d accounts", n, accounts)
	}

	idle.turn() // it says that it lives; the other one goes on as if it hadn't seen that
	tx, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	idle.db = counting{tx, &idle.statements}
	for range 10 {
		cost("to find 1000 leases taken", idle, 1)
	}
	var wrote bool
	if err := tx.QueryRow(t.Context(), `SELECT pg_current_xact_id_if_assigned() IS NOT NULL`).Scan(&wrote); err != nil || wrote {
		t.Errorf("1000 refused leases cost a transaction id: %t, %v", wrote, err)
	}
}

// A channel that was replaced and does not end gets its lease renewed no more: another
// process shall fetch.
func TestFetchersStuck(t *testing.T) {
	t.Parallel()
	db, all := storetest.DB(t), &mailboxes{fetched: map[store.AccountID]int{}, mayEnd: make(chan struct{})}
	const accounts = 10
	r := newReplica(t, db, all, "r", accounts)
	var ahead time.Duration
	r.now = func() time.Time { return time.Now().Add(ahead) }
	t.Cleanup(func() { close(all.mayEnd) })
	settle(t, all, accounts, r)
	lasts := func() (until time.Time) {
		t.Helper()
		if err := db.QueryRow(t.Context(), `SELECT max(until) FROM leases WHERE name LIKE 'account:%'`).Scan(&until); err != nil {
			t.Fatal(err)
		}
		return until
	}
	before := lasts()
	for id := range r.wanted {
		r.wanted[id] = &worker{channel: &mailbox{all: all, id: id}}
	}
	r.turn()
	ahead = defaultLease / 2
	r.turn()
	if now := lasts(); !now.Equal(before) {
		t.Errorf("leases last until %s, before until %s", now, before)
	}
}

// A process that stood still ends its channels before it looks at the database again.
func TestFetchersStoodStill(t *testing.T) {
	t.Parallel()
	db, all := storetest.DB(t), &mailboxes{fetched: map[store.AccountID]int{}}
	r := newReplica(t, db, all, "r", 10)
	var ahead time.Duration
	r.now = func() time.Time { return time.Now().Add(ahead) }
	settle(t, all, 10, r)
	ahead = defaultLease * 3 / 4
	r.endOutdated(r.wanted)
	for id, one := range r.running {
		if !one.ending {
			t.Errorf("account %d is still fetched", id)
		}
	}
	settle(t, all, 10, r) // it may have them again
	if all.doubles > 0 {
		t.Errorf("%d doubles", all.doubles)
	}
}

// Every member agrees on whose an account is, each gets a fair part, and only the accounts of
// one that leaves move.
func TestOwner(t *testing.T) {
	t.Parallel()
	const accounts = 3000
	members := []string{"VBO4XDK", "VBO4XDL", "3", "four", "a-fifth"}
	count, moved := map[string]int{}, 0
	for id := range store.AccountID(accounts) {
		is := ownerOf(id, members)
		count[is]++
		switch without := ownerOf(id, members[1:]); {
		case without == members[0]:
			t.Fatalf("account %d belongs to one that left", id)
		case is != members[0] && is != without:
			moved++
		}
	}
	for _, member := range members {
		if n, fair := count[member], accounts/len(members); n < fair*8/10 || n > fair*12/10 {
			t.Errorf("%s has %d accounts of %d", member, n, accounts)
		}
	}
	if moved > 0 {
		t.Errorf("%d accounts of others moved", moved)
	}
	if got := ownerOf(1, nil); got != "" {
		t.Errorf("nobody's account belongs to %s", got)
	}
}
