package engine

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"

	"parley/store"
)

// A gate limits how many deliveries per second leave from all of its lanes (queues of deliveries) together. It
// represents one rate limit of a provider, for example the one for posts of an app into one Slack channel. This file
// resolves the gates of lanes to rows, and reports which gates have due deliveries.

// dueGates returns the gates of the lanes that this batch has made or changed and that have a delivery to claim. Each
// entry says when the first of its lanes is due, and has one bit for each priority of its lanes.
func (o *Outbox) dueGates() []store.GateDue {
	gates := map[store.GateID]store.GateDue{}
	for _, l := range o.Lanes {
		isWritten := l.Fresh || l.Dirty // other lanes were reported when they changed
		isClaimable := l.DueAt != nil && l.LeasedUntil == nil
		if !isWritten || !isClaimable {
			continue
		}

		wait := max(l.DueAt.Sub(o.Now).Seconds(), 0)
		due, ok := gates[l.GateID]
		if !ok {
			due = store.GateDue{GateID: l.GateID, AccountID: l.AccountID, Wait: wait, Oldest: *l.DueAt}
		}

		due.Waiting |= 1 << l.Priority
		due.Wait = min(due.Wait, wait)
		if l.DueAt.Before(due.Oldest) {
			due.Oldest = *l.DueAt
		}

		gates[l.GateID] = due
	}

	return slices.Collect(maps.Values(gates))
}

// resolveGates finds the ids of the gates of new and moved lanes: in the cache of this process, or else in the database,
// where it inserts missing gates and updates changed budgets. It uses tx and never the pool: if transactions waited for
// a second connection while other waiting transactions hold all connections, none would ever get one.
func (o *Outbox) resolveGates(ctx context.Context, tx pgx.Tx) error {
	unknown := o.fillInKnownGates()
	if len(unknown) > 0 {
		found, err := store.FindGates(ctx, tx, unknown)
		if err != nil {
			return err
		}

		for _, g := range found {
			o.knownGates.keep(g)
		}

		unknown = o.fillInKnownGates() // those that were not found, or were found with another budget
	}

	if len(unknown) > 0 {
		written, err := store.UpsertGates(ctx, tx, unknown)
		if err != nil {
			return err
		}

		for _, g := range written { // not cached in knownGates: if the transaction fails, they don't exist
			o.gates[LaneKey{g.AccountID, g.Key}].ID = g.ID
		}
	}

	o.setGates()
	return nil
}

// fillInKnownGates sets the ids of the batch's gates that are cached with the same budget, and returns the other gates.
func (o *Outbox) fillInKnownGates() (unknown []store.Gate) {
	for _, g := range o.gates {
		if id, ok := o.knownGates.idOf(*g); ok {
			g.ID = id
		} else {
			unknown = append(unknown, *g)
		}
	}
	return unknown
}

// setGates writes the ids of resolved gates into their lanes.
func (o *Outbox) setGates() {
	for _, l := range o.Lanes {
		if l.Gate != nil {
			l.GateID = l.Gate.ID
		}
	}
}

// Gates caches the ids of committed gates for all batches of a process. It is safe for concurrent use.
type Gates struct {
	mu    sync.RWMutex
	gates map[LaneKey]store.Gate
}

// NewGates returns an empty cache.
func NewGates() *Gates { return &Gates{gates: map[LaneKey]store.Gate{}} }

// idOf returns the id of a gate that is cached with the same budget. If the budget differs, the row has to be written.
func (k *Gates) idOf(g store.Gate) (id store.GateID, known bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	kept, ok := k.gates[LaneKey{g.AccountID, g.Key}]
	if !ok || !hasSameBudget(kept, g) {
		return 0, false
	}
	return kept.ID, true
}

// hasSameBudget compares two gates of the same account and key in all fields but the id.
func hasSameBudget(a, b store.Gate) bool {
	a.ID, b.ID = 0, 0
	return a == b
}

// keep caches the id of a committed gate.
func (k *Gates) keep(g store.Gate) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.gates[LaneKey{g.AccountID, g.Key}] = g
}

// Forget empties the cache, because the database may no longer have these gates.
func (k *Gates) Forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.gates)
}

// SetGate sets the gate whose budget a lane spends.
func (o *Outbox) SetGate(l *Lane, gate store.Gate) {
	key := LaneKey{gate.AccountID, gate.Key}
	if o.gates[key] == nil {
		o.gates[key] = &gate
	}
	l.Gate = o.gates[key]
}
