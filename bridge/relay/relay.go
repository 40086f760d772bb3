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
	"runtime"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"parley/channels"
	"parley/store"
)

// Handler gives meaning to what the relay moves.
type Handler interface {
	// Apply turns events, in order, into state; all in tx, all or nothing.
	// Errors: *EventError names the event that can't be applied; what else fails is
	// tried again.
	Apply(ctx context.Context, tx pgx.Tx, taken store.Pending) (Made, error)

	// Quarantined is told, in tx, that an event was given up.
	Quarantined(ctx context.Context, tx pgx.Tx, e store.Event, reason string) error

	// Policy says how a delivery is attempted. Cheap, no I/O.
	Policy(c store.Claimed) Policy

	// Attempts prepares attempts at deliveries that were claimed together, one each and
	// in their order; what it can't read is told by the attempt.
	Attempts(ctx context.Context, claims []store.Claimed) []Attempt

	// Facts gives what is to be journalled with a result.
	Facts(c store.Claimed, r Report) []store.NewEvent

	// Timer gives the fact that a timer stands for.
	Timer(t store.Timer) store.NewEvent
}

// Made is what Apply made besides state.
type Made struct {
	Due    []store.GateDue // gates behind which lanes became due; Limited isn't told
	Timers bool
	// Committed, if not nil, is called once all of it is committed. It must not block.
	Committed func()
}

// Attempt is one claimed delivery with all that sending it needs. It is used once.
type Attempt interface {
	// Send makes the attempt. Errors by class as in channels.SendError.
	Send(ctx context.Context) (Sent, error)

	// Reconcile looks for an earlier attempt whose answer was lost.
	Reconcile(ctx context.Context) (channels.Outcome, Sent, error)
}

// ErrNotYet is returned by Handler.Apply when an event needs something that another
// transaction is about to write. Its key waits a moment; no try is counted, so the
// Handler must give up by the event's age.
var ErrNotYet = errors.New("relay: not yet")

// NotYetError is ErrNotYet for a known event: the others of its batch need not wait.
type NotYetError struct{ EventID int64 }

// Error implements error.
func (e *NotYetError) Error() string { return ErrNotYet.Error() }

// Unwrap makes it an ErrNotYet.
func (e *NotYetError) Unwrap() error { return ErrNotYet }

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
	Rest           time.Duration   // how long the lane rests after a success
	Restored       bool            // came with a backup: attempts may have been made that no row tells of
}

// Sent is what a successful attempt left.
type Sent struct {
	State      string // store.Accepted or higher; store.Cancelled: it was taken back
	ExternalID string
	Progress   string
	More       bool // a long message: the next part follows
	Blind      bool // Reconcile: Absent is taken for granted, since nobody can look
	Landed     []store.Landed
	// With tells what became of the rest of the run, in its order, where it is not what
	// became of the first: State and Progress.
	With []store.Part
	// Parts and Cost are what a provider counts and charges the message as, for the Handler.
	Parts int
	Cost  string
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
	// Held keeps appliers from beginning while it returns true, so that accepting can be
	// measured alone; nil = never. For bench.
	Held func() bool
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
	lanes   chan struct{}        // something may be due
	gates   chan []store.GateDue // lanes became due behind these
	timers  chan struct{}
	runs    atomic.Bool // deliveries may leave as one message
	// applying bounds the batches in work: they mostly touch the same conversations as
	// well as the same cores, and one large batch costs less than many small ones.
	applying chan struct{}
	large    *semaphore.Weighted // bytes of large payloads being applied
	metrics  *Metrics
}

// shards is how many batches of events are applied at the same time; as many rows are in
// the table of that name.
const shards = 4

// New makes a Relay. It opens a small pool of its own for claims and for applying, with
// the plan settings that keep them flat (generic plans of LIMIT $n would hash-join all
// lanes; planning each of many small statements costs more than running it).
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
	config.MaxConns, config.MinConns = 3+shards, 0
	for name, value := range map[string]string{
		"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off", "jit": "off",
		"plan_cache_mode":                     "force_generic_plan",
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
		queue: newAcceptQueue(), lanes: make(chan struct{}, 1), gates: make(chan []store.GateDue, shards),
		timers: make(chan struct{}, 1), metrics: newMetrics(), applying: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/4)),
		large: semaphore.NewWeighted(largeTogether),
	}
	for range shards {
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

// wakeFor tells what a batch made due.
func (r *Relay) wakeFor(m Made) {
	if m.Timers {
		signal(r.timers)
	}
	if len(m.Due) == 0 {
		return
	}
	select {
	case r.gates <- m.Due:
	default:
		signal(r.lanes) // the dispatcher is behind: it looks for itself
	}
}

// AllowRuns says whether deliveries may leave together: only while every process that
// shares the lanes knows of it.
func (r *Relay) AllowRuns(yes bool) { r.runs.Store(yes) }

// RunsAllowed tells what AllowRuns said last.
func (r *Relay) RunsAllowed() bool { return r.runs.Load() }

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
