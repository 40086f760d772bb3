package relay_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/relay"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
	"parley/store/storetest"
)

// patience bounds every wait. Only a failing test uses it up.
const patience = 2 * time.Minute

// harness is a relay on a database, with a Handler that does what the test says. When an event is applied, its name is
// written to the table effects. When people are told that an event is in quarantine, its id is written to the table
// quarantine_notices.
//
// Nearly every test of this package has one:
//   - newHarness makes one on a database that is its own meanwhile, newHarnessOn a second one on the same database, like another process.
//   - start runs the relay, stop ends it.
//   - harness_events_test.go has what tests do with events, harness_deliveries_test.go what they do with deliveries.
type harness struct {
	t    *testing.T
	pool *pgxpool.Pool
	*relay.Relay
	stop func()

	mu sync.Mutex // guards the functions and the notes below while the relay runs

	// The Handler calls these functions for events. A nil function does nothing.
	seePayload     func(body []byte)                                                // is shown each payload before it is decoded
	decode         func(e store.Event) (any, error)                                 // nil means that each event is readable
	apply          func(ctx context.Context, tx pgx.Tx, events []store.Event) error // runs before the effects are written
	waitOf         func(e store.Event) *relay.Wait                                  // says why an event can't be applied yet; nil: it can
	refusalOf      func(e store.Event) error                                        // says why an event can never be applied; nil: it can
	beforeNotice   func(ctx context.Context, tx pgx.Tx) error                       // runs before people are told of a quarantine
	recheck        func() []string                                                  // names that other transactions have recorded meanwhile
	namesWritten   func(e store.Event) []string                                     // names that an event records, for which others may wait
	withoutEffects bool                                                             // applying an event writes nothing into effects

	// The Handler calls these functions for deliveries.
	policy    relay.Policy
	prepare   func()                                                                 // runs before attempts are prepared; nil: nothing does
	send      func(ctx context.Context, c store.ClaimedDelivery) (relay.Sent, error) // nil: each attempt succeeds
	reconcile func(c store.ClaimedDelivery) (channels.Outcome, relay.Sent, error)    // nil: nobody can look

	// The Handler notes here what it was asked.
	attempts    []attempt // in their order
	looks       int       // how often it was asked what became of an attempt
	reports     []report  // in their order
	poisonTries int       // how often a batch with the poison was applied: see applyPoison
}

// attempt is one call of Attempt.Send.
type attempt struct {
	Delivery store.DeliveryID
	Number   int // of the attempts at this delivery, counted from 1
}

// report is what the relay reported about a delivery.
type report struct {
	Delivery store.DeliveryID
	Kind     relay.ReportKind
}

// factName returns the external id of the fact that a report becomes.
func (r report) factName() string { return fmt.Sprintf("%d:%s", r.Delivery, r.Kind) }

// newHarness makes a relay on a database that no other test uses meanwhile, with sessions that earlier tests have used. start
// runs it.
func newHarness(t *testing.T, change ...func(*relay.Options)) *harness {
	t.Helper()
	pool := storetest.Reused(t)
	open := func(ctx context.Context, pool *pgxpool.Pool) (*pgxpool.Pool, error) {
		return relay.OpenSessions(ctx, pool)
	}
	sessions := func(o *relay.Options) { o.Sessions = storetest.Further(t, pool, "relay", open) }
	h := newHarnessOn(t, pool, append([]func(*relay.Options){sessions}, change...)...)
	t.Cleanup(func() { _, _ = pool.Exec(context.Background(), `DROP TABLE effects, quarantine_notices`) })
	return h
}

// newHarnessOn makes a relay on a database that the test already has.
func newHarnessOn(t *testing.T, pool *pgxpool.Pool, change ...func(*relay.Options)) *harness {
	t.Helper()
	h := &harness{
		t:      t,
		pool:   pool,
		policy: relay.Policy{RequestTimeout: time.Second, RetryFor: time.Hour, Backoff: []time.Duration{time.Millisecond}},
	}
	o := relay.Options{
		Pool:           pool,
		Handler:        h,
		Log:            slog.New(slog.NewTextHandler(channelstest.Log(t), nil)),
		ReconcileAfter: time.Millisecond,
		AbsentAgain:    time.Millisecond,
	}
	for _, c := range change {
		c(&o)
	}
	r := must(relay.New(t.Context(), o))(t)
	h.Relay = r
	h.exec(`CREATE TABLE IF NOT EXISTS effects (n bigint GENERATED ALWAYS AS IDENTITY, name text, key text)`)
	h.exec(`CREATE TABLE IF NOT EXISTS quarantine_notices (n bigint GENERATED ALWAYS AS IDENTITY, event_id bigint)`)
	return h
}

// start runs the relay until stop is called or the test ends.
func (h *harness) start() *harness {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx, 10*time.Second) }()
	h.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			h.t.Errorf("Run: %v", err)
		}
	})
	h.t.Cleanup(h.stop)
	return h
}

var check = storetest.Check

func must[T any](v T, err error) func(testing.TB) T { return storetest.Must(v, err) }

// locked runs f while nothing else reads or changes the harness.
func locked[T any](h *harness, f func() T) T {
	h.mu.Lock()
	defer h.mu.Unlock()
	return f()
}

// exec runs a statement that changes the database.
func (h *harness) exec(sql string, args ...any) {
	h.t.Helper()
	storetest.Exec(h.t, h.pool, sql, args...)
}

// value reads one value as text. Without a value it returns "".
func (h *harness) value(sql string, args ...any) string {
	h.t.Helper()
	var got string
	if err := h.pool.QueryRow(h.t.Context(), `SELECT coalesce((`+sql+`)::text, '')`, args...).Scan(&got); err != nil {
		h.t.Fatalf("%s: %v", sql, err)
	}
	return got
}

// wantValue checks the result of a query. what names it in the message.
func (h *harness) wantValue(what string, want any, sql string, args ...any) {
	h.t.Helper()
	if got := h.value(sql, args...); got != fmt.Sprint(want) {
		h.t.Errorf("%s: got %q, want %q", what, got, fmt.Sprint(want))
	}
}

// waitValue waits until a query has a result. what names it in the message.
func (h *harness) waitValue(what string, want any, sql string, args ...any) {
	h.t.Helper()
	got := ""
	h.waitFor(func() string { return fmt.Sprintf("%s: got %q, want %q", what, got, fmt.Sprint(want)) }, func() bool {
		got = h.value(sql, args...)
		return got == fmt.Sprint(want)
	})
}

// waitUntil waits until done returns true. what describes that in the message.
func (h *harness) waitUntil(what string, done func() bool) {
	h.t.Helper()
	h.repeatUntil(what, func() {}, done)
}

// repeatUntil calls step again and again until done returns true. what describes that in the message.
func (h *harness) repeatUntil(what string, step func(), done func() bool) {
	h.t.Helper()
	h.waitFor(func() string { return "waited in vain until " + what }, func() bool {
		if done() {
			return true
		}
		step()
		return false
	})
}

// waitFor waits until done returns true. When patience is over, describe says what was wanted and what there was
// instead.
func (h *harness) waitFor(describe func() string, done func() bool) {
	h.t.Helper()
	for began := time.Now(); !done(); {
		if time.Since(began) > patience {
			h.t.Fatalf("%s; the attempts were %+v", describe(), h.attemptsMade())
		}
		timer := time.NewTimer(min(2*time.Millisecond+time.Since(began)/10, 20*time.Millisecond)) // each look is a query
		<-timer.C
	}
}
