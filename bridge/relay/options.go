package relay

import (
	"cmp"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

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

// withDefaults puts the usual value in place of each that is not given.
func (o Options) withDefaults() Options {
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
	return o
}

// LeaseFor gives how long a lane must be leased for requests that may take so long.
func (o Options) LeaseFor(request time.Duration) time.Duration {
	return o.requestTime(request) + cmp.Or(o.LeaseMargin, 15*time.Second)
}

// requestTime gives how long an attempt may take: wanted, but not more than MaxRequest.
func (o Options) requestTime(wanted time.Duration) time.Duration {
	if o.MaxRequest > 0 {
		return min(wanted, o.MaxRequest)
	}
	return wanted
}

// pause gives a pause between attempts in seconds: wanted, but not more than MaxWait.
func (o Options) pause(wanted time.Duration) float64 {
	if o.MaxWait > 0 {
		wanted = min(wanted, o.MaxWait)
	}
	return wanted.Seconds()
}
