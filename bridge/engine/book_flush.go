package engine

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/relay"
	"parley/store"
	"parley/store/measure"
)

// Flush returns the statements that write what was changed. All batches write the tables in this order, so that no
// two batches deadlock.
func (b *Book) Flush(ctx context.Context, tx pgx.Tx) (*store.Pipeline, error) {
	if b.Err != nil {
		return nil, b.Err
	}
	if err := b.Outbox.resolveGates(ctx, tx); err != nil {
		return nil, err
	}

	var p store.Pipeline
	steps := []func(context.Context, *store.Pipeline) error{
		b.People.flush, b.Conversations.flush, b.Conversations.flushThreads, b.Posts.flush, b.Messages.flush, b.Outbox.flushLanes,
		b.Outbox.flushDeliveries, b.Timers.flush, b.Replying.flush, b.Log.flush, b.Tags.flush, b.Messages.flushReactionsAndFetches,
		b.Openings.flush, b.Bursts.flush, b.Suggested.flush, b.Suggestions.flush, b.Requests.flush, b.flushDue,
	}
	for _, step := range steps {
		if err := step(ctx, &p); err != nil {
			return nil, err
		}
	}

	return &p, nil
}

// flushDue marks the conversations whose statistics have to be computed again: a message was added or its fate
// changed, something was done (an entry of the log), or an analysis found something, such as what the customer wants.
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
	delete(due, 0)

	return measure.Due(ctx, p, SortedKeys(due))
}

// Outcome returns what the relay does after the commit: wait for new timers, send from the gates that have due
// deliveries, and retry events that waited for the records that this batch has written.
func (b *Book) Outcome() relay.Outcome {
	out := relay.Outcome{Timers: len(b.Timers.set) > 0}
	for _, x := range b.Messages.newExternal {
		out.Written = append(out.Written, store.AwaitedID(x.AccountID, x.ExternalID))
	}
	for k := range b.Posts.dirty {
		p := b.Posts.Rows[k]
		if p.Kind == HumanMessage || p.Kind == string(bridge.PostRoot) { // an emoji on it, or a text below it, may wait for it
			out.Written = append(out.Written, store.AwaitedPost(p.AccountID, p.Channel, p.Message))
		}
	}
	out.Due = b.Outbox.dueGates()
	return out
}
