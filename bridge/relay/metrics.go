package relay

import "sync/atomic"

// Metrics counts what the relay did since it started.
type Metrics struct {
	Accepted    atomic.Int64 // new facts stored
	Refused     atomic.Int64 // calls of Accept answered with ErrOverloaded
	Applied     atomic.Int64 // events applied
	Quarantined atomic.Int64
	Attempts    atomic.Int64 // calls of Send
	Landed      atomic.Int64 // deliveries that ended well
	Failed      atomic.Int64 // deliveries given up
	Reconciled  atomic.Int64 // looks for lost answers
}

// Metrics gives the counters; they are read while they change.
func (r *Relay) Metrics() *Metrics { return &r.metrics }
