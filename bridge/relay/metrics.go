package relay

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"parley/channels"
	"parley/store"
)

// Metrics has the counters and histograms of this process since its start, for Prometheus. It may be read
// concurrently. Counting costs a few atomic additions and, once per batch, a lock.
type Metrics struct {
	Accepted   atomic.Int64 // facts stored, without repeats
	Refused    atomic.Int64 // calls of Accept answered with ErrOverloaded
	Reconciled atomic.Int64 // lookups after a lost answer

	accept    prometheus.Histogram // seconds that a call of Accept waited for its commit
	apply     prometheus.Histogram // seconds from taking a batch to its commit
	batch     prometheus.Histogram // events in a batch
	delay     prometheus.Histogram // seconds from an event's arrival to its effect
	due       prometheus.Histogram // seconds from a delivery being due to the start of its call
	hop       prometheus.Histogram // seconds from an event's arrival to the start of the call it caused
	batches   batches
	clockAway atomic.Int64 // nanoseconds by which the database's clock is ahead of ours

	accounts sync.Map // store.AccountID → *AccountMetrics
}

// AccountMetrics has the counters of one account.
type AccountMetrics struct {
	Accepted    atomic.Int64 // facts stored, repeats included
	Refused     atomic.Int64 // calls refused because too much waited
	Applied     atomic.Int64
	Quarantined atomic.Int64
	Attempts    atomic.Int64 // calls of Send
	InFlight    atomic.Int64 // calls of Send in progress
	Landed      atomic.Int64 // deliveries that arrived
	Failed      atomic.Int64 // deliveries given up
	Undecided   atomic.Int64 // deliveries about which a person has to decide
	Repeated    atomic.Int64 // posts sent again although the first may have arrived
	LastEvent   atomic.Int64 // unix seconds of the last accepted fact; 0 means none yet
	errors      [errorClasses]atomic.Int64
}

// Classes by which failed attempts are counted. classAmbiguous also counts whatever fits no other class.
const (
	classThrottled = iota
	classAuth
	classRetry
	classPermanent
	classAmbiguous
	errorClasses
)

// Errors calls each with every class and its number of failed attempts.
func (a *AccountMetrics) Errors(each func(class string, n int64)) {
	for i, class := range [errorClasses]string{"throttled", "auth", "retry", "permanent", "ambiguous"} {
		each(class, a.errors[i].Load())
	}
}

// batches remembers how long the events of recent batches had waited before they were applied. A delivery has
// the time of the batch that made it as its CreatedAt, by which the hop histogram finds how long the events had
// waited.
type batches struct {
	mu     sync.Mutex
	waited map[int64]time.Duration // the mean wait, by the batch's time in microseconds
	order  []int64
}

// maxBatches is how many batches are remembered. Deliveries that are held for longer are not measured.
const maxBatches = 4096

func (b *batches) add(at time.Time, waited time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.order) >= maxBatches {
		delete(b.waited, b.order[0])
		b.order = b.order[1:]
	}
	b.waited[at.UnixMicro()] = waited
	b.order = append(b.order, at.UnixMicro())
}

func (b *batches) find(at time.Time) (time.Duration, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	waited, ok := b.waited[at.UnixMicro()]
	return waited, ok
}

func newMetrics() *Metrics {
	histogram := func(name, help string, buckets []float64) prometheus.Histogram {
		return prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
	}

	fast := prometheus.ExponentialBuckets(0.0005, 2, 15) // 0.5 ms to 8 s
	long := prometheus.ExponentialBuckets(0.002, 3, 14)  // 2 ms to 53 min
	return &Metrics{
		accept: histogram("parley_accept_duration_seconds", "How long callers waited until their facts were durable.", fast),
		apply:  histogram("parley_apply_duration_seconds", "How long a batch of events took, from taking it to its commit.", fast),
		batch:  histogram("parley_apply_batch_events", "Events applied by one transaction.", []float64{1, 2, 4, 8, 16, 32, 64, 128, 256}),
		delay:  histogram("parley_event_delay_seconds", "From an event's arrival in the journal until it was applied.", long),
		due:    histogram("parley_delivery_delay_seconds", "From a delivery being due for the first time until its outgoing call began.", long),
		hop: histogram("parley_hop_seconds",
			"From an event's arrival until the outgoing call that it caused began; holds do not count.", long),
		batches: batches{waited: map[int64]time.Duration{}},
	}
}

// Histograms returns the histograms for registration.
func (m *Metrics) Histograms() []prometheus.Collector {
	return []prometheus.Collector{m.accept, m.apply, m.batch, m.delay, m.due, m.hop}
}

// Account returns the counters of an account. The first call makes them.
func (m *Metrics) Account(id store.AccountID) *AccountMetrics {
	if a, ok := m.accounts.Load(id); ok {
		return a.(*AccountMetrics)
	}
	a, _ := m.accounts.LoadOrStore(id, &AccountMetrics{})
	return a.(*AccountMetrics)
}

// SetClock records by how much the database's clock is ahead of this process's clock.
func (m *Metrics) SetClock(ahead time.Duration) { m.clockAway.Store(int64(ahead)) }

// countAccepted counts the facts of a successful call of Accept.
func (m *Metrics) countAccepted(account store.AccountID, facts int, began time.Time) {
	now := time.Now()
	m.accept.Observe(now.Sub(began).Seconds())
	a := m.Account(account)
	a.Accepted.Add(int64(facts))
	a.LastEvent.Store(now.Unix())
}

// countRefused counts a call of Accept that was refused.
func (m *Metrics) countRefused(account store.AccountID) {
	m.Refused.Add(1)
	m.Account(account).Refused.Add(1)
}

// countApplied counts the events of a committed batch. began is when the batch was taken.
func (m *Metrics) countApplied(events []store.Event, began time.Time) {
	now := time.Now()
	m.apply.Observe(now.Sub(began).Seconds())
	m.batch.Observe(float64(len(events)))
	parleyNow := now.Add(time.Duration(m.clockAway.Load()))
	for _, e := range events {
		m.Account(e.AccountID).Applied.Add(1)
		m.delay.Observe(max(parleyNow.Sub(e.ReceivedAt), 0).Seconds())
	}
}

// Applying records how long the events of a batch have waited. The deliveries of the batch have b.Now as
// CreatedAt.
func (m *Metrics) Applying(b Batch) {
	var waited time.Duration
	for _, f := range b.Facts {
		waited += max(b.Real.Sub(f.Event.ReceivedAt), 0)
	}
	m.batches.add(b.Now, waited/time.Duration(max(len(b.Facts), 1)))
}

// attemptBegan counts an attempt as in flight until attemptEnded is called. claimed is the time just before the
// claim.
func (m *Metrics) attemptBegan(c store.ClaimedDelivery, claimed time.Time) {
	a := m.Account(c.AccountID)
	a.Attempts.Add(1)
	a.InFlight.Add(1)

	if c.Attempt > 1 || c.Part > 0 {
		return
	}

	wait := store.Seconds(c.CreatedAgo)
	if c.NotBefore != nil && c.NotBefore.After(c.CreatedAt) {
		wait -= c.NotBefore.Sub(c.CreatedAt) // a deliberate hold is not a delay
	}

	wait = max(wait, 0) + time.Since(claimed)
	m.due.Observe(wait.Seconds())

	if eventWait, ok := m.batches.find(c.CreatedAt); ok { // applied by this process
		m.hop.Observe((eventWait + wait).Seconds())
	}
}

func (m *Metrics) attemptEnded(c store.ClaimedDelivery) { m.Account(c.AccountID).InFlight.Add(-1) }

// countTrouble counts a failed attempt.
func (m *Metrics) countTrouble(account store.AccountID, class channels.Class) {
	m.Account(account).errors[errorClass(class)].Add(1)
}

// errorClass returns the class by which a failed attempt is counted.
func errorClass(class channels.Class) int {
	switch class {
	case channels.Throttled:
		return classThrottled
	case channels.AuthBroken, channels.AccountBlocked:
		return classAuth
	case channels.Retry, channels.Held:
		return classRetry
	case channels.WindowClosed, channels.BadRecipient, channels.BadContent, channels.OptedOut, channels.AdvertStopped,
		channels.Confidential:
		return classPermanent
	default:
		return classAmbiguous
	}
}
