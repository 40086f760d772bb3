package engine

import (
	"context"
	"maps"
	"slices"

	"parley/store"
)

// timers holds the timers that one batch starts and stops.
type timers struct {
	set     map[timerKey]store.Timer
	stopped map[timerKey]store.Timer
	overdue []store.Overdue // snoozes that ended while nobody could be told
}

func newTimers() *timers {
	return &timers{set: map[timerKey]store.Timer{}, stopped: map[timerKey]store.Timer{}}
}

// start sets a conversation's timer of a kind, in place of the one that it has.
func (t *timers) start(row store.Timer) {
	k := timerKey{row.ConversationID, row.Kind}
	delete(t.stopped, k)
	t.set[k] = row
}

// stop keeps a conversation's timer of a kind from firing.
func (t *timers) stop(row store.Timer) {
	k := timerKey{row.ConversationID, row.Kind}
	delete(t.set, k)
	t.stopped[k] = row
}

func (t *timers) flush(ctx context.Context, p *store.Pipeline) error {
	if err := store.CancelTimers(ctx, p, slices.Collect(maps.Values(t.stopped))); err != nil {
		return err
	}
	if err := store.AddOverdue(ctx, p, t.overdue); err != nil {
		return err
	}
	return store.SetTimers(ctx, p, slices.Collect(maps.Values(t.set)))
}

type timerKey struct {
	conversation int64
	kind         string
}
