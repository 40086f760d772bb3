package engine

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge/engine/directory"
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
		w.people.flush, w.convs.flush, w.convs.flushThreads, w.posts.flush, w.messages.flush, w.outbox.flushLanes, w.outbox.flushDeliveries, w.timers.flush, w.flushReplies,
		w.log.flush, w.flushTags, w.messages.flushReactions, w.flushOpenings,
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

func (w *work) flushTags(ctx context.Context, p *store.Pipeline) error {
	var rows []store.Tag
	for name := range w.newTags {
		rows = append(rows, store.Tag{Name: name, Color: directory.TagColor(name)})
	}
	if len(rows) == 0 {
		return nil
	}
	if err := store.InsertTags(ctx, p, rows); err != nil {
		return err
	}
	return store.BumpSettings(ctx, p)
}
