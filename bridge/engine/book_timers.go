package engine

import (
	"context"
	"maps"
	"slices"

	"parley/store"
)

// Timers holds the timers that one batch starts and stops.
type Timers struct {
	set     map[timerKey]store.Timer
	stopped map[timerKey]store.Timer
	Overdue []store.Overdue // snoozes that ended long before Parley could tell anybody: they go into a digest
}

// Start sets a conversation's timer of a kind. It takes the place of an earlier one.
func (t *Timers) Start(row store.Timer) {
	k := timerKey{row.ConversationID, row.Kind}
	delete(t.stopped, k)
	t.set[k] = row
}

// Stop keeps a conversation's timer of a kind from firing.
func (t *Timers) Stop(conversation store.ConversationID, kind store.FactKind) {
	k := timerKey{conversation, kind}
	delete(t.set, k)
	t.stopped[k] = store.Timer{ConversationID: conversation, Kind: kind}
}

func (t *Timers) flush(ctx context.Context, p *store.Pipeline) error {
	if err := store.CancelTimers(ctx, p, slices.Collect(maps.Values(t.stopped))); err != nil {
		return err
	}
	if err := store.AddOverdue(ctx, p, t.Overdue); err != nil {
		return err
	}
	return store.SetTimers(ctx, p, slices.Collect(maps.Values(t.set)))
}

type timerKey struct {
	conversation store.ConversationID
	kind         store.FactKind
}
