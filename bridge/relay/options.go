package relay

import (
	"cmp"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/blob"
)

// Options configures a Relay. Pool, Handler and Log are required. The relay applies events, which are stored
// facts such as a customer's mail, and sends deliveries, which are outgoing messages.
type Options struct {
	Pool *pgxpool.Pool // for everything that doesn't use Sessions
	// Sessions is the pool on which the relay claims deliveries and applies events. Whoever opened it with
	// OpenSessions closes it. If it is nil, the relay opens one in New and closes it at the end of Run.
	Sessions *pgxpool.Pool
	Handler  Handler
	Log      *slog.Logger
	Objects  blob.Objects // stores old blobs; nil means that all blobs are in the database
	// Erased returns the hash by which an erased fact is recognised (store.NewEvent.Erased); nil means that
	// none was erased.
	Erased func(account store.AccountID, externalID string) [16]byte
	// PerGate and Total limit the attempts in progress: of one gate, which is a provider's rate limit, and of
	// all gates. 0 means 16 and 256.
	PerGate, Total int

	UnclearAfter   time.Duration // how long it may be unclear whether a message was sent before a person is asked; 0 means 10 minutes
	ReconcileAfter time.Duration // from the timeout of an attempt to the first lookup; 0 means 10 s
	LateAfter      time.Duration // when to notify the agent that a message has not been sent; 0 means after 1 hour

	// For tests that can't wait.
	AbsentAgain time.Duration // between two lookups that prove absence; 0 means 10 s, or Policy.AbsentFor if longer
	LeaseMargin time.Duration // by how much a lease outlasts a request; 0 means 15 s
	MaxRequest  time.Duration // limits all request timeouts, and so the waits after a lost answer; 0 means the channel's own
	MaxWait     time.Duration // limits the pauses between attempts; 0 means no limit

	// LookBackEvery is how often the relay looks for all due lanes, including those that became due long ago; 0
	// means 1 minute. A lane is the queue of one conversation to one destination. See sinceMargin.
	LookBackEvery time.Duration
	// Held, if not nil, stops appliers while it returns true, so that a benchmark can measure Accept alone.
	Held func() bool
	// IsChannel reports whether an account delivers customers' messages; nil means that all do. A channel with
	// a flood of events pauses while other channels are active. An agents' chat serves all channels, so it
	// never pauses, and its activity makes no channel pause.
	IsChannel func(account store.AccountID) bool
	// Version is the highest store.FactVersion whose events this process applies; 0 means its own. For tests.
	Version int
	ApplyTimes
}

// ApplyTimes limits the time for the work on one event. Tests shorten it.
type ApplyTimes struct {
	SlowDecode time.Duration // how long an event may be decoded as a part of a batch; 0 means 250 ms
	DecodeFor  time.Duration // how long decoding an event alone may take; 0 means 10 s
	ApplyFor   time.Duration // how long applying a batch, or an event alone, may take; 0 means 10 s
}

// withDefaults fills in the defaults of options that are zero.
func (o Options) withDefaults() Options {
	o.PerGate = cmp.Or(o.PerGate, 16)
	o.Total = cmp.Or(o.Total, 256)
	o.UnclearAfter = cmp.Or(o.UnclearAfter, 10*time.Minute)
	o.ReconcileAfter = cmp.Or(o.ReconcileAfter, 10*time.Second)
	o.LateAfter = cmp.Or(o.LateAfter, time.Hour)
	o.LookBackEvery = cmp.Or(o.LookBackEvery, time.Minute)
	o.Version = cmp.Or(o.Version, store.FactVersion)
	o.SlowDecode = cmp.Or(o.SlowDecode, 250*time.Millisecond)
	o.DecodeFor = cmp.Or(o.DecodeFor, 10*time.Second)
	o.ApplyFor = cmp.Or(o.ApplyFor, 10*time.Second)
	if o.IsChannel == nil {
		o.IsChannel = func(store.AccountID) bool { return true }
	}

	return o
}

// LeaseFor returns how long a lane must be leased for a request with this timeout.
func (o Options) LeaseFor(timeout time.Duration) time.Duration {
	return o.requestTime(timeout) + cmp.Or(o.LeaseMargin, 15*time.Second)
}

// absentFor returns how long a delivery must be absent at its destination before it is sent again: AbsentAgain
// or, if that is 0, what the channel wants, but at least 10 s.
func (o Options) absentFor(wanted time.Duration) time.Duration {
	const minimum = 10 * time.Second
	return cmp.Or(o.AbsentAgain, max(wanted, minimum))
}

// requestTime returns the timeout of an attempt: wanted, limited by MaxRequest.
func (o Options) requestTime(wanted time.Duration) time.Duration {
	if o.MaxRequest > 0 {
		return min(wanted, o.MaxRequest)
	}
	return wanted
}

// pauseSeconds returns a pause between attempts in seconds: wanted, limited by MaxWait.
func (o Options) pauseSeconds(wanted time.Duration) float64 {
	if o.MaxWait > 0 {
		wanted = min(wanted, o.MaxWait)
	}
	return wanted.Seconds()
}
