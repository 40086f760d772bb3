// Package relay holds the mechanics of the bridge: accept facts durably, apply them
// in order, hand out deliveries lane by lane through gates, make attempts, reconcile
// what is unclear, and fire timers. It loses, doubles and reorders nothing.
//
// What does not belong here: verbs, vendors, HTTP and words. A Handler knows those.
package relay

import (
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
)

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

const (
	busyLoad  = 0.5 // appliers that were at work, as a mean, from which on there is much to do
	busyTurns = 0.6 // the same of the dispatcher: the part of the time that its turns take
)

// New makes a Relay.
func New(ctx context.Context, o Options) (*Relay, error) {
	o = o.withDefaults()
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

// Metrics gives the counters.
func (r *Relay) Metrics() *Metrics { return r.metrics }

// OpenAccount says that the events of an account can be decoded from now on.
func (r *Relay) OpenAccount(account store.AccountID) {
	r.opened.set(account, true)
	signal(r.opened.wake)
}

// CloseAccount says that the events of an account can't be decoded any more.
func (r *Relay) CloseAccount(account store.AccountID) { r.opened.set(account, false) }

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
