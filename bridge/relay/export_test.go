package relay

import (
	"context"

	"parley/store"
)

// This file gives the tests of package relay_test what they need of the inside of a Relay.

// Callers returns how many callers of Accept wait for their facts to be stored.
func (r *Relay) Callers() int {
	r.queue.mu.Lock()
	defer r.queue.mu.Unlock()
	return r.queue.callers
}

// WakeFor tells the dispatcher of a gate behind which a lane became due.
func (r *Relay) WakeFor(due store.GateDue) { r.wakeFor(Outcome{Due: []store.GateDue{due}}) }

// Warn tells the relay of a failure.
func (r *Relay) Warn(ctx context.Context, err error) { r.warn(ctx, "test", err) }
