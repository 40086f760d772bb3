package book

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/dispatch"
)

// A gate limits how many deliveries of all its lanes leave in a second. It stands for one budget of a provider, for example
// what Slack lets an app post into a channel. This file finds the gates of lanes, and tells the relay which gates have work.

// dueGates returns the gates of the lanes that this batch has made or changed, and from which a delivery can be claimed. Each
// entry says when the first of its lanes is due, and has a bit for each priority of its lanes.
func (o *Outbox) dueGates() []dispatch.GateDue {
	gates := map[store.GateID]dispatch.GateDue{}
	for _, l := range o.Lanes {
		isWritten := l.Fresh || l.Dirty // the relay was told of other lanes when they changed
		isClaimable := l.DueAt != nil && l.LeasedUntil == nil
		if !isWritten || !isClaimable {
			continue
		}

		wait := max(l.DueAt.Sub(o.Now).Seconds(), 0)
		due, ok := gates[l.GateID]
		if !ok {
			due = dispatch.GateDue{GateID: l.GateID, AccountID: l.AccountID, Wait: wait, Oldest: *l.DueAt}
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

// resolveGates finds the ids of the gates of new and moved lanes: in the memory of this process, else in the database. There
// it adds missing gates and writes changed budgets. It uses tx, never the pool: if transactions waited for a second
// connection, and all connections belonged to such transactions, none would ever become free.
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

		for _, g := range written { // not kept in knownGates: if the transaction fails, they don't exist
			o.gates[LaneKey{g.AccountID, g.Key}].ID = g.ID
		}
	}

	o.setGates()
	return nil
}

// fillInKnownGates gives the batch's gates the ids that this process remembers, and returns the others: those that it
// doesn't know, or knows with another budget.
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

// Gates remembers the ids of committed gates, for all batches of a process.
type Gates struct {
	mu    sync.RWMutex
	gates map[LaneKey]store.Gate
}

// NewGates makes the memory of a process, which knows no gate yet.
func NewGates() *Gates { return &Gates{gates: map[LaneKey]store.Gate{}} }

// idOf returns the id of a gate, if it is known with the same budget. With another budget the row has to be written.
func (k *Gates) idOf(g store.Gate) (id store.GateID, known bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	kept, ok := k.gates[LaneKey{g.AccountID, g.Key}]
	if !ok || !hasSameBudget(kept, g) {
		return 0, false
	}
	return kept.ID, true
}

// hasSameBudget compares two gates of the same account and key: all of their fields but the ids.
func hasSameBudget(a, b store.Gate) bool {
	a.ID, b.ID = 0, 0
	return a == b
}

// keep remembers the id of a committed gate.
func (k *Gates) keep(g store.Gate) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.gates[LaneKey{g.AccountID, g.Key}] = g
}

// SetGate sets the gate whose budget a lane spends.
func (o *Outbox) SetGate(l *Lane, gate store.Gate) {
	key := LaneKey{gate.AccountID, gate.Key}
	if o.gates[key] == nil {
		o.gates[key] = &gate
	}
	l.Gate = o.gates[key]
}
