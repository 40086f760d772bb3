// Package relay moves messages reliably between customers' channels and agents' chats. It stores incoming facts
// durably, applies them in order, sends outgoing deliveries within the providers' rate limits, finds out whether
// a message arrived if the provider's answer was lost, and fires timers. Nothing is lost, duplicated or reordered.
//
// The package knows nothing about verbs, vendors, HTTP or the text of messages. A Handler does.
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
//
// Inbound: a channel or an agents' chat reports a fact, such as a new mail or a click. Accept stores the fact
// as an event in the journal, and an applier has the Handler apply it.
//
// Outbound: each message to be sent is a delivery, a row in a lane. A lane is the queue of one conversation to
// one destination, such as the replies to one customer. Lanes that share a rate limit of a provider are behind
// the same gate. The dispatcher claims the first delivery of each due lane and attempts to send it.
//
// Several processes may each run a Relay on the same database.
type Relay struct {
	pool     *pgxpool.Pool
	sessions *pgxpool.Pool // see OpenSessions
	handler  Handler
	log      *slog.Logger
	opt      Options
	metrics  *Metrics
	signals

	// Inbound.
	queue    *acceptQueue
	schedule *schedule
	// batchSlots limits how many batches are applied at once, because more than one per core slow each other
	// down.
	batchSlots    chan struct{}
	largePayloads *semaphore.Weighted // bytes of large payloads being applied
	slow          *slowDecodes
	holders       *holders

	// Outbound.
	lockedConversations *lockedConversations

	load              loads          // how busy the appliers and the dispatcher were lately
	background        sync.WaitGroup // work that may outlast its caller; Run waits for it at the end
	database          databaseWatch
	began             time.Time
	postsAwaitedUntil atomic.Int64 // see awaitPosts; in nanoseconds since began
}

// Busy reports true above these loads.
const (
	busyAppliers   = 0.5 // mean number of appliers at work
	busyDispatcher = 0.6 // fraction of the time that the dispatcher's turns take
)

// New makes a Relay. It does nothing until Run is called.
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
			suspects: make(chan struct{}, suspectAppliers), // one pending signal per applier
			opened:   &openAccounts{wake: make(chan struct{}, 1), ids: map[store.AccountID]bool{}},
			lanes:    make(chan struct{}, 1),
			woken:    &wakeups{gates: map[store.GateID]wakeup{}, added: make(chan struct{}, 1)},
			timers:   make(chan struct{}, 1),
		},
		metrics:             newMetrics(),
		batchSlots:          make(chan struct{}, max(2, runtime.GOMAXPROCS(0))),
		largePayloads:       semaphore.NewWeighted(maxLargeTogether),
		slow:                newSlowDecodes(),
		holders:             &holders{lost: map[int]*atomic.Bool{}},
		lockedConversations: newLockedConversations(),
		began:               time.Now(),
		database:            databaseWatch{began: time.Now()},
	}, nil
}

// Run works until ctx ends. Then it finishes the work in progress, for at most grace, and returns. Until that
// work is done it keeps accepting facts, so that webhooks are answered to the end.
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

// waitForBackground waits for timed-out work that still runs, but for at most grace, because that work may
// never end.
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

// Metrics returns the counters of this relay.
func (r *Relay) Metrics() *Metrics { return r.metrics }

// OpenAccount records that this process can decode the events of an account from now on.
func (r *Relay) OpenAccount(account store.AccountID) {
	r.opened.set(account, true)
	sendSignal(r.opened.wake)
}

// CloseAccount records that this process can no longer decode the events of an account.
func (r *Relay) CloseAccount(account store.AccountID) { r.opened.set(account, false) }

// Wake makes the relay look for due deliveries and timers. Call it after a transaction that made some due,
// except the transaction of Handler.Apply, for which the relay does it.
func (r *Relay) Wake() {
	sendSignal(r.lanes)
	sendSignal(r.timers)
}

// wakeFor wakes the timers and the dispatcher if a batch made timers or deliveries due.
func (r *Relay) wakeFor(made Outcome) {
	if made.Timers {
		sendSignal(r.timers)
	}
	if len(made.Due) > 0 {
		r.woken.add(made.Due)
	}
}

// WakeAppliers makes the relay look for events of these accounts. Call it after other code of this process has
// stored some.
func (r *Relay) WakeAppliers(accounts ...store.AccountID) { r.schedule.wake(time.Now(), accounts...) }

// Busy reports whether the relay is under load: many callers wait in Accept, or the appliers or the dispatcher
// had much to do in the last few seconds. Work that can be postponed should then wait.
func (r *Relay) Busy() bool {
	if r.queue.isCrowded() {
		return true
	}
	now := time.Now()
	return r.load.appliers.meanAtWork(now) > busyAppliers || r.load.dispatcher.meanAtWork(now) > busyDispatcher
}

// warn logs a failure, unless ctx has ended and explains it. If the server is out of connections, warn also
// closes those of the pool, so that the relay can open the sessions it needs.
func (r *Relay) warn(ctx context.Context, what string, err error) {
	if ctx.Err() != nil {
		return
	}
	if isWithoutConnection(err) && r.database.mayCloseConnections() {
		r.pool.Reset() // closes idle connections now, and busy ones when they are released
	}
	r.log.Warn("relay in trouble", "what", what, "error", err)
}
