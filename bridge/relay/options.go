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
	// Sessions is the pool on which the relay claims and applies. Whoever opened it with OpenSessions closes it. If it is
	// nil, the relay opens one and closes it at its end.
	Sessions *pgxpool.Pool
	Handler  Handler
	Log      *slog.Logger
	Objects  blob.Objects // holds the bytes of old blobs; nil means that the database holds all of them
	// Erased makes the hash by which an erased fact is recognised (store.NewEvent.Erased); nil means that none was erased.
	Erased func(account store.AccountID, externalID string) [16]byte
	// PerGate and Total bound the attempts under way, of one gate and of all. 0 means 16 and 256.
	PerGate, Total int

	UnclearAfter   time.Duration // how long it may be unknown whether a message was sent before a person is asked; 0 means 10 minutes
	ReconcileAfter time.Duration // between an attempt's last moment and the first look for it; 0 means 10 s
	LateAfter      time.Duration // after which an agent is told that a message has not left yet; 0 means 1 hour

	// These serve tests that can't wait.
	AbsentAgain time.Duration // between the two looks that allow a second send; 0 means 10 s, or Policy.AbsentFor if that is longer
	LeaseMargin time.Duration // how much longer a lease is than a request; 0 means 15 s
	MaxRequest  time.Duration // shortens all requests, and with them the waits after a lost answer; 0 leaves them as the channel says
	MaxWait     time.Duration // shortens the pauses between attempts; 0 leaves them as the other side says

	// LookBackEvery is how often the relay looks for all due lanes, also those that became due long ago;
	// 0 means 1 minute. See sinceMargin.
	LookBackEvery time.Duration
	// Held, if not nil, keeps appliers from beginning while it returns true. So bench can measure accepting alone.
	Held func() bool
	// IsChannel reports whether an account brings what customers say; nil means that all do. The events of a channel
	// with a flood rest while other channels are active. The agents' chat serves all channels: it never
	// rests, and activity in it makes no flood rest.
	IsChannel func(account store.AccountID) bool
	// Version is the highest store.FactVersion whose events this process applies; 0 means its own. For tests.
	Version int
	// ApplyTimes bound the work on one event.
	ApplyTimes
}

// ApplyTimes bound the work on one event; tests shorten them.
type ApplyTimes struct {
	SlowDecode time.Duration // how long an event may be decoded as a part of a batch; 0 means 250 ms
	DecodeFor  time.Duration // how long decoding an event alone may take; 0 means 10 s
	ApplyFor   time.Duration // how long applying a batch, or an event alone, may take; 0 means 10 s
}

// withDefaults replaces options that are not given by their usual values.
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

// LeaseFor returns how long a lane must be leased for requests that may take so long.
func (o Options) LeaseFor(request time.Duration) time.Duration {
	return o.requestTime(request) + cmp.Or(o.LeaseMargin, 15*time.Second)
}

// absentFor returns how long the destination must lack a delivery before that is sent again: AbsentAgain or, if that is not
// given, what the channel wants.
func (o Options) absentFor(wanted time.Duration) time.Duration {
	const least = 10 * time.Second
	return cmp.Or(o.AbsentAgain, max(wanted, least))
}

// requestTime returns how long an attempt may take: wanted, but not more than MaxRequest.
func (o Options) requestTime(wanted time.Duration) time.Duration {
	if o.MaxRequest > 0 {
		return min(wanted, o.MaxRequest)
	}
	return wanted
}

// pauseSeconds returns a pause between attempts in seconds: wanted, but not more than MaxWait.
func (o Options) pauseSeconds(wanted time.Duration) float64 {
	if o.MaxWait > 0 {
		wanted = min(wanted, o.MaxWait)
	}
	return wanted.Seconds()
}
