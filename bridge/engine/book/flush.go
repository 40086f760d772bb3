package book

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/relay"
	"parley/store"
	"parley/store/measure"
)

// Flush returns the statements that write what was changed, in the order in which all batches lock.
func (b *Book) Flush(ctx context.Context, tx pgx.Tx) (*store.Pipeline, error) {
	if err := b.Outbox.resolveGates(ctx, tx); err != nil {
		return nil, err
	}
	var p store.Pipeline
	steps := []func(context.Context, *store.Pipeline) error{
		b.People.flush, b.Conversations.flush, b.Conversations.flushThreads, b.Posts.flush, b.Messages.flush, b.Outbox.flushLanes, b.Outbox.flushDeliveries,
		b.Timers.flush, b.Replying.flush, b.Log.flush, b.Tags.flush, b.Messages.flushReactions, b.Openings.flush, b.Bursts.flush, b.Suggested.flush,
		b.Suggestions.flush, b.Requests.flush, b.flushDue,
	}
	for _, step := range steps {
		if err := step(ctx, &p); err != nil {
			return nil, err
		}
	}
	return &p, nil
}

// flushDue notes the conversations of which the figures may have changed: something was said or done, or became of
// what was said, or was found out, such as what the customer wants.
func (b *Book) flushDue(ctx context.Context, p *store.Pipeline) error {
	due := map[store.ConversationID]bool{}
	for _, m := range b.Messages.Rows {
		if m.Fresh || m.Dirty {
			due[m.ConversationID] = true
		}
	}
	for id, c := range b.Conversations.Rows {
		if c.traitChanged {
			due[id] = true
		}
	}
	for i := range b.Log.Entries {
		due[b.Log.Entries[i].ConversationID] = true
	}
	return measure.Due(ctx, p, SortedKeys(due))
}

// Made tells the relay what became due.
func (b *Book) Made() relay.Made {
	m := relay.Made{Timers: len(b.Timers.set) > 0}
	for _, x := range b.Messages.newExternal {
		m.Written = append(m.Written, store.AwaitedID(x.AccountID, x.ExternalID))
	}
	for k := range b.Posts.dirty {
		if p := b.Posts.Rows[k]; p.Kind == HumanMessage || p.Kind == string(bridge.PostRoot) { // an emoji may wait for it, or what is typed under it
			m.Written = append(m.Written, store.AwaitedPost(p.AccountID, p.Channel, p.Message))
		}
	}
	m.Due = b.Outbox.dueGates()
	return m
}
