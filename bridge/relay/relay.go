// Package relay holds the mechanics of the bridge: accept facts durably, apply them
// in order, hand out deliveries lane by lane through gates, make attempts, reconcile
// what is unclear, and fire timers. It loses, doubles and reorders nothing.
//
// What does not belong here: verbs, vendors, HTTP and words. A Handler knows those.
package relay

import (
	"cmp"
	"context"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"parley/store"
	"parley/store/blob"
)

// Options of a Relay.
type Options struct {
	Pool *pgxpool.Pool // for everything but claims
	// Sessions are what the relay claims and applies on, opened with OpenSessions and closed by who
	// opened them; nil = the relay opens some and closes them at its end.
	Sessions *pgxpool.Pool
	Handler  Handler
	Log      *slog.Logger
	Objects  blob.Objects // where the bytes of old blobs are; nil = in the database, as all others
	// Erased makes the hash by which a fact is known that was erased (store.NewEvent.Erased); nil = none was.
	Erased func(account store.AccountID, externalID string) [16]byte
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
	// LookBackEvery is how often the relay looks for all due lanes, also those that became due long ago;
	// 0 = 1 minute. See sinceMargin.
	LookBackEvery time.Duration
	// Held keeps appliers from beginning while it returns true, so that accepting can be
	// measured alone; nil = never. For bench.
	Held func() bool
	// IsChannel says whether an account brings what customers say; nil = all do. The events of a channel
	// with a flood rest while other channels are active. The agents' chat serves all channels: it never
	// rests, and activity in it makes no flood rest.
	IsChannel func(account store.AccountID) bool
	// Version is the highest store.FactVersion whose events this process applies; 0 = its own. For tests.
	Version int
	// ApplyTimes bound the work on one event.
	ApplyTimes
}

// ApplyTimes bound the work on one event; tests shorten them. SlowDecode is how long one may be decoded as a
// part of a batch; 0 = 250 ms. DecodeFor and ApplyFor are how long decoding and applying it alone may take;
// 0 = 10 s.
type ApplyTimes struct{ SlowDecode, DecodeFor, ApplyFor time.Duration }

// Relay moves facts in and deliveries out.
type Relay struct {
	pool     *pgxpool.Pool
	hot      *pgxpool.Pool // see OpenSessions
	handler  Handler
	log      *slog.Logger
	opt      Options
	queue    *acceptQueue
	schedule *schedule
	signals
	runs atomic.Bool // deliveries may leave as one message
	// applying bounds the batches in work: more at a time than there are cores only hinder each other.
	applying chan struct{}
	load     loads               // how much there was to do lately
	large    *semaphore.Weighted // bytes of large payloads being applied
	slow     *slowDecodes
	holders  *holders
	locked   *held
	left     sync.WaitGroup // work that took too long and goes on in the background
	answered atomic.Int64   // when the database last answered, nanoseconds since began
	awaited  atomic.Int64   // until when posts may be awaited by events, likewise
	began    time.Time
	metrics  *Metrics
}

// signals wake those who wait for work.
type signals struct {
	suspects chan struct{} // events that failed before may be tried again
	opened   *openAccounts // events may wait for one of these
	lanes    chan struct{} // anything may be due
	woken    *wakeups      // lanes became due behind these gates
	timers   chan struct{}
}

const (
	appliers        = 4   // that work on batches
	suspectAppliers = 2   // that work on events which failed before
	busyLoad        = 0.5 // appliers that were at work, as a mean, from which on there is much to do
	busyTurns       = 0.6 // the same of the dispatcher: the part of the time that its turns take
)

// New makes a Relay.
func New(ctx context.Context, o Options) (*Relay, error) {
	o.PerGate, o.Total = cmp.Or(o.PerGate, 16), cmp.Or(o.Total, 256)
	o.UnclearAfter, o.ReconcileAfter = cmp.Or(o.UnclearAfter, 10*time.Minute), cmp.Or(o.ReconcileAfter, 10*time.Second)
	o.LateAfter, o.AbsentAgain = cmp.Or(o.LateAfter, time.Hour), cmp.Or(o.AbsentAgain, 10*time.Second)
	o.LookBackEvery = cmp.Or(o.LookBackEvery, time.Minute)
	o.Version = cmp.Or(o.Version, store.FactVersion)
	o.SlowDecode = cmp.Or(o.SlowDecode, 250*time.Millisecond)
	o.DecodeFor, o.ApplyFor = cmp.Or(o.DecodeFor, 10*time.Second), cmp.Or(o.ApplyFor, 10*time.Second)
	if o.IsChannel == nil {
		o.IsChannel = func(store.AccountID) bool { return true }
	}
	hot := o.Sessions
	if hot == nil {
		var err error
		if hot, err = OpenSessions(ctx, o.Pool); err != nil {
			return nil, err
		}
	}
	return &Relay{
		pool: o.Pool, hot: hot, handler: o.Handler, log: o.Log, opt: o,
		queue: newAcceptQueue(), schedule: newSchedule(o.IsChannel),
		signals: signals{suspects: make(chan struct{}, suspectAppliers), opened: newOpenAccounts(), lanes: make(chan struct{}, 1), woken: newWakeups(), timers: make(chan struct{}, 1)},
		metrics: newMetrics(), applying: make(chan struct{}, max(2, runtime.GOMAXPROCS(0))),
		large: semaphore.NewWeighted(largeTogether), slow: newSlowDecodes(), holders: newHolders(), locked: newHeld(), began: time.Now(),
	}, nil
}

// Run works until ctx ends; then it finishes what is under way (at most grace) and
// returns. It stores facts until it returns, so that webhooks are answered to the end.
func (r *Relay) Run(ctx context.Context, grace time.Duration) error {
	if r.opt.Sessions == nil {
		defer r.hot.Close()
	}
	storing, stopStoring := context.WithCancel(context.WithoutCancel(ctx))
	stored := make(chan struct{})
	go func() {
		defer close(stored)
		journalWriter{r}.run(storing)
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

// leaveBehind waits for work that took too long and goes on in the background, but only for grace: it
// may never end.
func (r *Relay) leaveBehind(grace time.Duration) {
	done := make(chan struct{})
	go func() {
		r.left.Wait()
		close(done)
	}()
	if !waitFor(done, grace) {
		r.log.Warn("an event is still being worked on while the process ends")
	}
}

// Wake says that any delivery or timer may be due: call it after a commit that changed them
// by other ways than Handler.Apply.
func (r *Relay) Wake() {
	signal(r.lanes)
	signal(r.timers)
}

// wakeFor wakes whoever deals with the timers and lanes that a batch made due.
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

// WakeAppliers says that other code of this process journalled events, which count for the shares of
// these accounts.
func (r *Relay) WakeAppliers(accounts ...store.AccountID) { r.schedule.wake(time.Now(), accounts...) }

// Busy says that there is much to do: callers of Accept pile up, or appliers or the dispatcher had little rest in
// the last few seconds. What may be late then gives way.
func (r *Relay) Busy() bool {
	now := time.Now()
	return r.queue.busy() || r.load.appliers.mean(now) > busyLoad || r.load.turns.mean(now) > busyTurns
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
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
