// Package relay holds the mechanics of the bridge: accept facts durably, apply them
// in order, hand out deliveries lane by lane through gates, make attempts, reconcile
// what is unclear, and fire timers. It loses, doubles and reorders nothing.
//
// What does not belong here: verbs, vendors, HTTP and words. A Handler knows those.
package relay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
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
	// Decode reads what an event says; payload holds its bytes. It is pure: no I/O, no clock. It
	// runs outside of any transaction, and again when an attempt to apply the event failed.
	// Errors: ErrNotOpen when nobody can read it yet; what else fails is never tried again.
	Decode(e store.Event, payload []byte) (any, error)

	// Apply turns events, in order, into state; all in tx, all or nothing. An event that must
	// wait, or can never be applied, is left out and named in Made, and so are all later events
	// of its order key.
	// Errors: *WaitError and *EventError name an event that was begun before that became
	// clear: the others are applied again without it. Everything else is counted as a failed try.
	Apply(ctx context.Context, tx pgx.Tx, b Batch) (Made, error)

	// Quarantined is told, in tx, that an event was given up. unread: the event must not be
	// looked at, since that may be what nobody survives.
	Quarantined(ctx context.Context, tx pgx.Tx, e store.Event, reason string, unread bool) error

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

// Fact is an event with what Handler.Decode made of it.
type Fact struct {
	Event store.Event
	Value any
}

// Batch are events that are applied together, in the order in which they were accepted.
type Batch struct {
	Facts []Fact
	Now   time.Time // Parley's clock
	Real  time.Time // the database's
}

// Made is what Apply made.
type Made struct {
	// Write holds the statements that write what was changed; they are sent with the commit. nil =
	// nothing is to be written.
	Write *store.Pipeline
	// Due are the gates behind which lanes became due; Oldest is when. Limited isn't told.
	Due []store.GateDue
	// Timers says that timers were set.
	Timers bool
	// Waits and Refused are events that were left out.
	Waits   []Wait
	Refused []EventError
	// Written names what other events may wait for (Wait.For) and is there from now on.
	Written []string
	// Recheck gives those of the names in Waits that were written by others meanwhile. It is called
	// after the commit, so that nothing is missed; nil = Waits has no names.
	Recheck func(ctx context.Context) ([]string, error)
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

// Wait says that an event can't be applied yet. It and all later events of its order key stay in
// their queue; no try is counted, so the Handler must stop asking for it by the event's age.
type Wait struct {
	EventID int64
	// For names what the event waits for; it comes back when that is among Made.Written. "" = it
	// has no name, and the event is looked at again and again.
	For string
	// Most is after how long the event comes back at the latest.
	Most time.Duration
}

// WaitError is a Wait that became clear only after the event had begun to change something.
type WaitError struct{ Wait }

// Error implements error.
func (e *WaitError) Error() string {
	return fmt.Sprintf("relay: event %d can't be applied yet", e.EventID)
}

// ErrNotOpen is returned by Handler.Decode for an event of an account that isn't open in this
// process yet: nothing is taken of the account until WakeAccount, or some seconds have passed.
var ErrNotOpen = errors.New("relay: the event's account is not open")

// ErrAgain is returned by Handler.Apply when the same is to be tried again at once.
var ErrAgain = errors.New("relay: again")

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
	// LookBackEvery is how often due lanes are looked for however long ago they became due;
	// 0 = 1 minute. See sinceMargin.
	LookBackEvery time.Duration
	// Held keeps appliers from beginning while it returns true, so that accepting can be
	// measured alone; nil = never. For bench.
	Held func() bool
	// Version is the highest store.FactVersion whose events this process applies; 0 = its own.
	// SlowDecode is how long one event may be decoded in a batch, 0 = 250 ms; DecodeFor and ApplyFor
	// are what it is given when it is dealt with alone, 0 = 10 s. For tests.
	Version                         int
	SlowDecode, DecodeFor, ApplyFor time.Duration
}

// Relay moves facts in and deliveries out.
type Relay struct {
	pool     *pgxpool.Pool
	hot      *pgxpool.Pool
	handler  Handler
	log      *slog.Logger
	opt      Options
	queue    *acceptQueue
	schedule *schedule
	suspects chan struct{} // events that failed before may be tried again
	lanes    chan struct{} // anything may be due
	woken    *wakeups      // lanes became due behind these gates
	timers   chan struct{}
	runs     atomic.Bool // deliveries may leave as one message
	// applying bounds the batches in work: more at a time than there are cores only hinder each other.
	applying chan struct{}
	large    *semaphore.Weighted // bytes of large payloads being applied
	slow     *slowDecodes
	holders  *holders
	left     sync.WaitGroup // work that took too long and goes on without anybody waiting for it
	answered atomic.Int64   // when the database last answered, nanoseconds since began
	awaited  atomic.Int64   // until when posts may be awaited by events, likewise
	began    time.Time
	metrics  *Metrics
}

const (
	appliers        = 4 // that work on batches
	suspectAppliers = 2 // that work on events which failed before
)

// New makes a Relay. It opens a small pool of its own for claims and for applying, with
// the plan settings that keep them flat (generic plans of LIMIT $n would hash-join all
// lanes; planning each of many small statements costs more than running it).
func New(ctx context.Context, o Options) (*Relay, error) {
	o.PerGate, o.Total = cmp.Or(o.PerGate, 16), cmp.Or(o.Total, 256)
	o.UnclearAfter, o.ReconcileAfter = cmp.Or(o.UnclearAfter, 10*time.Minute), cmp.Or(o.ReconcileAfter, 10*time.Second)
	o.LateAfter, o.AbsentAgain = cmp.Or(o.LateAfter, time.Hour), cmp.Or(o.AbsentAgain, 10*time.Second)
	o.LookBackEvery = cmp.Or(o.LookBackEvery, time.Minute)
	o.Version = cmp.Or(o.Version, store.FactVersion)
	o.SlowDecode = cmp.Or(o.SlowDecode, 250*time.Millisecond)
	o.DecodeFor, o.ApplyFor = cmp.Or(o.DecodeFor, 10*time.Second), cmp.Or(o.ApplyFor, 10*time.Second)
	config := o.Pool.Config().Copy()
	config.MaxConns, config.MinConns = 3+appliers+suspectAppliers, 0
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
	return &Relay{
		pool: o.Pool, hot: hot, handler: o.Handler, log: o.Log, opt: o,
		queue: newAcceptQueue(), schedule: newSchedule(), suspects: make(chan struct{}, suspectAppliers),
		lanes: make(chan struct{}, 1), woken: newWakeups(),
		timers: make(chan struct{}, 1), metrics: newMetrics(), applying: make(chan struct{}, max(2, runtime.GOMAXPROCS(0))),
		large: semaphore.NewWeighted(largeTogether), slow: newSlowDecodes(), holders: newHolders(), began: time.Now(),
	}, nil
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
	for range appliers {
		group.Go(func() error { return r.runApplier(ctx) })
	}
	for range suspectAppliers {
		group.Go(func() error { return r.runSuspects(ctx) })
	}
	group.Go(func() error { return r.runDispatch(ctx, grace) })
	group.Go(func() error { return r.runTimers(ctx) })
	group.Go(func() error { return r.runSweep(ctx) })
	err := group.Wait()
	stopStoring()
	<-stored
	r.leaveBehind(grace)
	return err
}

// leaveBehind waits for what went on alone, but not for long: it may never end.
func (r *Relay) leaveBehind(grace time.Duration) {
	done := make(chan struct{})
	go func() {
		r.left.Wait()
		close(done)
	}()
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		r.log.Warn("an event is still being worked on while the process ends")
	}
}

// Wake says that any delivery or timer may be due: call it after a commit that changed them
// by other ways than Handler.Apply.
func (r *Relay) Wake() {
	signal(r.lanes)
	signal(r.timers)
}

// wakeFor tells what a batch made due.
func (r *Relay) wakeFor(m Made) {
	if m.Timers {
		signal(r.timers)
	}
	if len(m.Due) > 0 {
		r.woken.add(m.Due)
	}
}

// AllowRuns says whether deliveries may leave together: only while every process that
// shares the lanes knows of it.
func (r *Relay) AllowRuns(yes bool) { r.runs.Store(yes) }

// RunsAllowed tells what AllowRuns said last.
func (r *Relay) RunsAllowed() bool { return r.runs.Load() }

// WakeAppliers says that events were journalled elsewhere in this process, which use the shares of
// these accounts.
func (r *Relay) WakeAppliers(accounts ...int64) { r.schedule.wake(time.Now(), accounts...) }

// OpenAccount says that the events of an account can be decoded from now on.
func (r *Relay) OpenAccount(account int64) { r.schedule.open(account) }

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
		if turn%holderKeep == 0 {
			if err := r.keepHolders(ctx); err != nil {
				r.warn(ctx, "appliers not kept", err)
			}
		}
	}
}

func (r *Relay) sweep(ctx context.Context, thorough bool) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if freed, err := store.FreeHeld(ctx, r.pool, maxPerKey, thorough); err != nil {
		return err
	} else if freed > 0 {
		r.log.Warn("an applier ended with events in hand; each of them is tried again alone", "queues", freed)
	}
	due, real, err := store.SharesDue(ctx, r.pool, r.schedule.froms(), thorough)
	if err != nil {
		return err
	}
	r.schedule.swept(due, real)
	suspects, posts, err := store.Suspects(ctx, r.pool, r.opt.Version)
	if err != nil {
		return err
	}
	if suspects {
		signal(r.suspects)
	}
	if posts {
		r.awaitPosts()
	}
	r.alive()
	signal(r.timers)
	return nil
}

// alive notes that the database answered.
func (r *Relay) alive() { r.answered.Store(int64(time.Since(r.began))) }

// stalled says that the database has not answered anybody lately: what takes long is not the
// fault of an event.
func (r *Relay) stalled() bool {
	return time.Since(r.began)-time.Duration(r.answered.Load()) > stalledAfter
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
