package engine

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge/relay"
	"parley/store"
)

// flush gives the statements that write what the use cases changed. Before that it updates the lines
// about messages and the cards, which depend on all changes of the batch.
func (w *work) flush(ctx context.Context, tx pgx.Tx) (*store.Pipeline, error) {
	w.settleLines()
	w.queueCards()
	return w.book.flush(ctx, tx)
}

// flush gives the statements that write what was changed, in the order in which all batches lock.
func (b *book) flush(ctx context.Context, tx pgx.Tx) (*store.Pipeline, error) {
	if err := b.outbox.resolveGates(ctx, tx); err != nil {
		return nil, err
	}
	var p store.Pipeline
	steps := []func(context.Context, *store.Pipeline) error{
		b.people.flush, b.convs.flush, b.convs.flushThreads, b.posts.flush, b.messages.flush, b.outbox.flushLanes, b.outbox.flushDeliveries,
		b.timers.flush, b.replies.flush, b.log.flush, b.tags.flush, b.messages.flushReactions, b.openings.flush,
	}
	for _, step := range steps {
		if err := step(ctx, &p); err != nil {
			return nil, err
		}
	}
	return &p, nil
}

// made tells the relay what became due.
func (b *book) made() relay.Made {
	m := relay.Made{Timers: len(b.timers.set) > 0}
	for _, x := range b.messages.newExternal {
		m.Written = append(m.Written, store.AwaitedID(x.AccountID, x.ExternalID))
	}
	for k := range b.posts.dirty {
		if p := b.posts.rows[k]; p.Kind == humanMessage { // an emoji may wait for it
			m.Written = append(m.Written, store.AwaitedPost(p.AccountID, p.Channel, p.Message))
		}
	}
	m.Due = b.outbox.dueGates()
	return m
}
