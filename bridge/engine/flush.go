package engine

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge/relay"
	"parley/store"
)

// flush gives the statements that write what the use cases changed: one a table.
func (w *work) flush(ctx context.Context, tx pgx.Tx) (*store.Pipeline, error) {
	w.settleLines()
	w.queueCards()
	if err := w.outbox.resolveGates(ctx, tx); err != nil {
		return nil, err
	}
	var p store.Pipeline
	steps := []func(context.Context, *store.Pipeline) error{
		w.people.flush, w.convs.flush, w.convs.flushThreads, w.posts.flush, w.messages.flush, w.outbox.flushLanes, w.outbox.flushDeliveries, w.timers.flush, w.replies.flush,
		w.log.flush, w.tags.flush, w.messages.flushReactions, w.openings.flush,
	}
	for _, step := range steps {
		if err := step(ctx, &p); err != nil {
			return nil, err
		}
	}
	return &p, nil
}

// made tells the relay what became due.
func (w *work) made() relay.Made {
	m := relay.Made{Timers: len(w.timers.set) > 0}
	for _, x := range w.messages.newExternal {
		m.Written = append(m.Written, store.AwaitedID(x.AccountID, x.ExternalID))
	}
	if len(w.messages.fetches) > 0 {
		m.Committed = w.e.wakeFetches
	}
	m.Due = w.outbox.dueGates()
	return m
}
