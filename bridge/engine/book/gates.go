package book

import (
	"context"
	"sync"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/dispatch"
)

// dueGates returns the gates (budgets of providers) of the lanes that became due in this batch, or due at another time,
// with when that is and in which priorities lanes wait.
func (o *Outbox) dueGates() []dispatch.GateDue {
	var list []dispatch.GateDue
	gates := map[store.GateID]int{} // gate → its place in list
	for _, l := range o.Lanes {
		changed, claimable := l.Fresh || l.Dirty, l.DueAt != nil && l.LeasedUntil == nil
		if !changed || !claimable {
			continue
		}

		wait := max(l.DueAt.Sub(o.Now).Seconds(), 0)
		if i, ok := gates[l.GateID]; ok {
			due := &list[i]
			due.Wait = min(due.Wait, wait)
			due.Waiting |= 1 << l.Priority // a bit for each priority
			if l.DueAt.Before(due.Oldest) {
				due.Oldest = *l.DueAt
			}

			continue
		}

		gates[l.GateID] = len(list)
		list = append(list, dispatch.GateDue{GateID: l.GateID, AccountID: l.AccountID, Waiting: 1 << l.Priority, Wait: wait, Oldest: *l.DueAt})
	}

	return list
}

// resolveGates finds or makes the gates of new lanes. It remembers only gates that were there before,
// because those it makes are lost if the transaction fails. It uses no second connection: if all
// connections waited for a second one, they would wait for ever.
func (o *Outbox) resolveGates(ctx context.Context, tx pgx.Tx) error {
	missing := o.missingGates()
	if len(missing) == 0 {
		o.setGates()
		return nil
	}

	found, err := store.FindGates(ctx, tx, missing)
	if err != nil {
		return err
	}

	for _, g := range found {
		o.knownGates.keep(g)
	}

	if missing = o.missingGates(); len(missing) > 0 {
		made, err := store.UpsertGates(ctx, tx, missing)
		if err != nil {
			return err
		}

		for _, g := range made {
			o.gates[LaneKey{g.AccountID, g.Key}].ID = g.ID
		}
	}

	o.setGates()
	return nil
}

// missingGates fills in the ids that this process remembers, and returns the gates that still have none.
func (o *Outbox) missingGates() []store.Gate {
	var rows []store.Gate
	for _, g := range o.gates {
		if id, ok := o.knownGates.idOf(*g); ok {
			g.ID = id
			continue
		}
		rows = append(rows, *g)
	}
	return rows
}

// setGates writes the ids of resolved gates into their lanes.
func (o *Outbox) setGates() {
	for _, l := range o.Lanes {
		if l.Gate != nil && l.GateID != l.Gate.ID {
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

// idOf returns the id of a gate, if it is known with the same budget. If the budget differs, the row has to be written.
func (k *Gates) idOf(g store.Gate) (id store.GateID, known bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	kept, ok := k.gates[LaneKey{g.AccountID, g.Key}]
	g.ID = kept.ID // compare all but the ids
	return kept.ID, ok && kept == g
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
