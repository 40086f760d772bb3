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

// Relay moves facts in and deliveries out. In: a channel or chat brings a fact (a mail, a click), Accept stores it as an
// event in the journal, and an applier has the Handler turn it into state. Out: what is to leave is a delivery in a lane,
// the queue of one conversation to one place; the dispatcher claims the first ones and makes attempts to send them. Several
// processes may each run a Relay on the same database.
type Relay struct {
	pool     *pgxpool.Pool
	sessions *pgxpool.Pool // see OpenSessions
	handler  Handler
	log      *slog.Logger
	opt      Options
	metrics  *Metrics
	signals

	// In.
	queue    *acceptQueue
	schedule *schedule
	// batchPlaces bounds the batches in work: more at a time than there are cores only hinder each other.
	batchPlaces   chan struct{}
	largePayloads *semaphore.Weighted // bytes of large payloads being applied
	slow          *slowDecodes
	holders       *holders

	// Out.
	runsAllowed         atomic.Bool // several deliveries of a lane may leave as one message
	lockedConversations *lockedConversations

	load              loads          // how much there was to do lately
	background        sync.WaitGroup // work that took too long and goes on in the background
	database          databaseWatch
	began             time.Time
	postsAwaitedUntil atomic.Int64 // until when events may wait for posts, in nanoseconds since began
}

// The relay is busy above these loads.
const (
	busyAppliers   = 0.5 // appliers at work, as a mean
	busyDispatcher = 0.6 // the part of the time that the dispatcher's turns take
)

// New makes a Relay, which works while Run does.
func New(ctx context.Context, o Options) (*Relay, error) {
	o = o.withDefaults()
	sessions := o.Sessions
	if sessions == nil {
		var err error
		if sessions, err = OpenSessions(ctx, o.Pool); err != nil {
			return nil, err
		}
	}

	return &Relay{
		pool:     o.Pool,
		sessions: sessions,
		handler:  o.Handler,
		log:      o.Log,
		opt:      o,
		queue:    newAcceptQueue(),
		schedule: newSchedule(o.IsChannel),
		signals: signals{
			suspects: make(chan struct{}, suspectAppliers), // one signal for each
			opened:   &openAccounts{wake: make(chan struct{}, 1), ids: map[store.AccountID]bool{}},
			lanes:    make(chan struct{}, 1),
			woken:    &wakeups{gates: map[store.GateID]wakeup{}, added: make(chan struct{}, 1)},
			timers:   make(chan struct{}, 1),
		},
		metrics:             newMetrics(),
		batchPlaces:         make(chan struct{}, max(2, runtime.GOMAXPROCS(0))),
		largePayloads:       semaphore.NewWeighted(maxLargeTogether),
		slow:                newSlowDecodes(),
		holders:             &holders{lost: map[int]*atomic.Bool{}},
		lockedConversations: newLockedConversations(),
		began:               time.Now(),
		database:            databaseWatch{began: time.Now()},
	}, nil
}

// Run works until ctx ends. Then it finishes what is under way, for at most grace, and returns. Meanwhile it goes on storing
// facts, so that webhooks are answered to the end.
func (r *Relay) Run(ctx context.Context, grace time.Duration) error {
	if r.opt.Sessions == nil {
		defer r.sessions.Close()
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
	group.Go(func() error { return r.runSignsOfLife(ctx) })
	err := group.Wait()
	stopStoring()
	<-stored
	r.waitForBackground(grace)
	return err
}

// waitForBackground waits for work that took too long and goes on in the background, but only for grace: it
// may never end.
func (r *Relay) waitForBackground(grace time.Duration) {
	done := make(chan struct{})
	go func() {
		r.background.Wait()
		close(done)
	}()
	if !waitFor(done, grace) {
		r.log.Warn("an event is still being worked on while the process ends")
	}
}

// Metrics returns what the relay counts.
func (r *Relay) Metrics() *Metrics { return r.metrics }

// OpenAccount notes that the events of an account can be decoded from now on.
func (r *Relay) OpenAccount(account store.AccountID) {
	r.opened.set(account, true)
	sendSignal(r.opened.wake)
}

// CloseAccount notes that the events of an account can't be decoded any more.
func (r *Relay) CloseAccount(account store.AccountID) { r.opened.set(account, false) }

// Wake makes the relay look for due deliveries and timers. Call it after a transaction that changed some, unless that was
// one of Handler.Apply.
func (r *Relay) Wake() {
	sendSignal(r.lanes)
	sendSignal(r.timers)
}

// wakeFor wakes those who deal with the timers and deliveries that a batch made due.
func (r *Relay) wakeFor(m Outcome) {
	if m.Timers {
		sendSignal(r.timers)
	}
	if len(m.Due) > 0 {
		r.woken.add(m.Due)
	}
}

// AllowRuns sets whether several deliveries of a lane may leave as one message. Set it only while the program version of
// every process on the database can do so.
func (r *Relay) AllowRuns(yes bool) { r.runsAllowed.Store(yes) }

// RunsAllowed returns what AllowRuns was last told.
func (r *Relay) RunsAllowed() bool { return r.runsAllowed.Load() }

// WakeAppliers makes the relay look for events of accounts. Call it after other code of this process stored some.
func (r *Relay) WakeAppliers(accounts ...store.AccountID) { r.schedule.wake(time.Now(), accounts...) }

// Busy reports whether there is much to do: callers of Accept pile up, or appliers or the dispatcher had little rest in
// the last few seconds. Work that may be late should then give way.
func (r *Relay) Busy() bool {
	if r.queue.isCrowded() {
		return true
	}
	now := time.Now()
	return r.load.appliers.meanAtWork(now) > busyAppliers || r.load.dispatcher.meanAtWork(now) > busyDispatcher
}

// warn logs a failure, unless it is only the end of ctx. If the server had no connection left, warn also gives those of the
// pool back, so that the relay can open those of its sessions.
func (r *Relay) warn(ctx context.Context, what string, err error) {
	if ctx.Err() != nil {
		return
	}
	if isWithoutConnection(err) && r.database.mayCloseConnections() {
		r.pool.Reset() // closes idle connections now, and those in use once they are idle
	}
	r.log.Warn("relay in trouble", "what", what, "error", err)
}
