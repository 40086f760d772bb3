package engine

import (
	"context"

	"parley/store"
)

// Bursts are what customers write in a batch and what is to be analysed afterwards, by conversation. A burst is what a
// customer writes in one go; its messages are analysed together, once the customer has paused.
type Bursts map[store.ConversationID]store.Burst

// Add puts a customer's message of this batch into its conversation's burst.
func (bs Bursts) Add(c *Conversation, m *Message) {
	b, known := bs[c.ID]
	if !known {
		b = store.Burst{ConversationID: c.ID, FirstEvent: m.EventID, BeganAt: m.CreatedAt}
	}
	b.FirstEvent, b.LastEvent = min(b.FirstEvent, m.EventID), max(b.LastEvent, m.EventID)
	b.DueAt = m.CreatedAt.Add(store.BurstQuiet)
	bs[c.ID] = b
}

func (bs Bursts) flush(ctx context.Context, p *store.Pipeline) error {
	rows := make([]store.Burst, 0, len(bs))
	for _, id := range SortedKeys(bs) {
		rows = append(rows, bs[id])
	}
	return store.UpsertBursts(ctx, p, rows)
}
