// Package relay holds the mechanics of the bridge: accept facts durably, apply them
// in order, hand out deliveries lane by lane through gates, make attempts, reconcile
// what is unclear, and fire timers. It loses, doubles and reorders nothing.
//
// What does not belong here: verbs, vendors, HTTP and words. A Handler knows those.
package relay

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"parley/channels"
	"parley/store"
)

// Handler gives meaning to what the relay moves.
type Handler interface {
	// Apply turns events, in order, into state; all in tx, all or nothing.
	// Errors: *EventError names the event that can't be applied; what else fails is
	// tried again.
	Apply(ctx context.Context, tx pgx.Tx, events []store.Event) error

	// Quarantined is told, in tx, that an event was given up.
	Quarantined(ctx context.Context, tx pgx.Tx, e store.Event, reason string) error

	// Policy says how a delivery is attempted. Cheap, no I/O.
	Policy(c store.Claimed) Policy

	// Send makes one attempt. Errors by class as in channels.SendError.
	Send(ctx context.Context, c store.Claimed) (Sent, error)

	// Reconcile looks for an attempt whose answer was lost.
	Reconcile(ctx context.Context, c store.Claimed) (channels.Outcome, Sent, error)

	// Facts gives what is to be journalled with a result.
	Facts(c store.Claimed, r Report) []store.NewEvent

	// Timer gives the fact that a timer stands for.
	Timer(t store.Timer) store.NewEvent
}

// ErrNotYet is returned by Handler.Apply when an event needs something that another
// transaction is about to write. Its key waits a moment; no try is counted, so the
// Handler must give up by the event's age.
var ErrNotYet = errors.New("relay: not yet")

// EventError names an event that can never be applied: it is quarantined at once.
type EventError struct {
	EventID int64
	Err     error
}

// Error implements error.
func (e *EventError) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *EventError) Unwrap() error { return e.Err }

// Policy of attempts at one delivery.
type Policy struct {
	RequestTimeout time.Duration   // the longest one attempt may take; shorter than the lane's lease
	RetryFor       time.Duration   // how long a passing failure is tried again
	Backoff        []time.Duration // waits between attempts; the last one repeats
	Idempotent     bool            // doing it twice leaves what doing it once leaves: no reconcile
	BestEffort     bool            // an unclear attempt is not worth a second one
	PreferDouble   bool            // when nobody can tell, a double is better than a loss: no person is asked
}

// Sent is what a successful attempt left.
type Sent struct {
	State      string // store.Accepted or higher
	ExternalID string
	Progress   string
	More       bool // a long message: the next part follows
	Landed     []store.Landed
}

// ReportKind says what a Report is about.
type ReportKind string

// Kinds of Report.
const (
	ReportLanded  ReportKind = "landed"
	ReportFailed  ReportKind = "failed"  // given up
	ReportLate    ReportKind = "late"    // still tried after an hour
	ReportUnclear ReportKind = "unclear" // a person has to decide
)

// Report is what became of a delivery.
type Report struct {
	Kind  ReportKind
	Class channels.Class
	Text  string
	Hint  string
	Sent  Sent
}

// Options of a Relay.
type Options struct {
	Pool    *pgxpool.Pool // for everything but claims
	Handler Handler
	Log     *slog.Logger
	// PerGate and Total bound the attempts under way; 0 = 16 and 256.
	PerGate, Total int
	// UnclearAfter is how long nobody may know whether a message was sent before a
	// person is asked; 0 = 10 minutes. ReconcileAfter is what passes between an
	// attempt's last moment and the first look for it; 0 = 10 s. LateAfter: when an
	// agent is told that a message still isn't out; 0 = 1 hour.
	UnclearAfter, ReconcileAfter, LateAfter time.Duration
	// AbsentAgain is what passes between the two looks that allow a second send; 0 =
	// 10 s. LeaseMargin is how much longer a lease is than a request; 0 = 15 s.
	// MaxRequest shortens all requests, and with them the waits that follow from a
	// lost answer; 0 = as the channel says. MaxWait shortens the pauses between
	// attempts; 0 = as the other side says. All four serve tests that can't wait.
	AbsentAgain, LeaseMargin, MaxRequest, MaxWait time.Duration
}

// Relay moves facts in and deliveries out.
type Relay struct {
	pool    *pgxpool.Pool
	hot     *pgxpool.Pool
	handler Handler
	log     *slog.Logger
	opt     Options
	queue   *acceptQueue
	shards  []chan struct{}
	lanes   chan struct{} // something may be due
	timers  chan struct{}
	metrics Metrics
}

// New makes a Relay. It opens a small pool of its own for claims, with the plan
// settings that keep them flat (generic plans of LIMIT $n would hash-join all lanes).
func New(ctx context.Context, o Options) (*Relay, error) {
	if o.PerGate == 0 {
		o.PerGate = 16
	}
	if o.Total == 0 {
		o.Total = 256
	}
	if o.UnclearAfter == 0 {
		o.UnclearAfter = 10 * time.Minute
	}
	if o.ReconcileAfter == 0 {
		o.ReconcileAfter = 10 * time.Second
	}
	if o.LateAfter == 0 {
		o.LateAfter = time.Hour
	}
	if o.AbsentAgain == 0 {
		o.AbsentAgain = 10 * time.Second
	}
	config := o.Pool.Config().Copy()
	config.MaxConns, config.MinConns = 3, 0
	for name, value := range map[string]string{
		"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off", "jit": "off",
		"idle_in_transaction_session_timeout": "30s",
	} {
		config.ConnConfig.RuntimeParams[name] = value
	}
	hot, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	r := &Relay{
		pool: o.Pool, hot: hot, handler: o.Handler, log: o.Log, opt: o,
		queue: newAcceptQueue(), lanes: make(chan struct{}, 1), timers: make(chan struct{}, 1),
	}
	for range 4 {
		r.shards = append(r.shards, make(chan struct{}, 1))
	}
	return r, nil
}

// Run works until ctx ends; then it finishes what is under way (at most grace) and
// returns. Until then facts are still stored: webhooks are answered to the end.
func (r *Relay) Run(ctx context.Context, grace time.Duration) error {
	defer r.hot.Close()
	storing, stopStoring := context.WithCancel(context.WithoutCancel(ctx))
	stored := make(chan struct{})
	go func() {
		defer close(stored)
		r.runAccept(storing)
	}()
	var group errgroup.Group
	for shard := range r.shards {
		group.Go(func() error { return r.runApply(ctx, int16(shard)) })
	}
	group.Go(func() error { return r.runDispatch(ctx, grace) })
	group.Go(func() error { return r.runTimers(ctx) })
	group.Go(func() error { return r.runSweep(ctx) })
	err := group.Wait()
	stopStoring()
	<-stored
	return err
}

// Wake says that deliveries or timers may be due: call it after a commit that made them.
func (r *Relay) Wake() {
	signal(r.lanes)
	signal(r.timers)
}

// WakeShards says that facts were journalled elsewhere in this process.
func (r *Relay) WakeShards() {
	for _, c := range r.shards {
		signal(c)
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// runSweep finds each second what a dead process left.
func (r *Relay) runSweep(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for turn := 0; ; turn++ {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := r.sweep(ctx, turn%60 == 0); err != nil {
			r.warn(ctx, "sweep failed", err)
		}
	}
}

func (r *Relay) sweep(ctx context.Context, thorough bool) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if thorough {
		if err := store.DropBlocked(ctx, r.pool); err != nil {
			return err
		}
	}
	shards, err := store.ShardsWithWork(ctx, r.pool)
	if err != nil {
		return err
	}
	for _, s := range shards {
		signal(r.shards[s])
	}
	signal(r.lanes)
	signal(r.timers)
	return nil
}

func (r *Relay) warn(ctx context.Context, what string, err error) {
	if ctx.Err() == nil {
		r.log.Warn("relay in trouble", "what", what, "error", err)
	}
}

// pause waits, or returns false when ctx ends first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
