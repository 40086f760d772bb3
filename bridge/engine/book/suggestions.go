package book

import (
	"context"

	"parley/store"
	"parley/store/suggestion"
)

// Suggestions are the replies that analyses suggest in a batch, by conversation.
type Suggestions map[int64]suggestion.Suggestion

// Keep lets replies stand in place of those that were suggested in a conversation before.
func (ss Suggestions) Keep(c *Conversation, event int64, replies []suggestion.Reply) {
	ss[c.ID] = suggestion.Suggestion{ConversationID: c.ID, EventID: event, Replies: replies}
}

func (ss Suggestions) flush(ctx context.Context, p *store.Pipeline) error {
	rows := make([]suggestion.Suggestion, 0, len(ss))
	for _, id := range Keys(ss) {
		rows = append(rows, ss[id])
	}
	return suggestion.Upsert(ctx, p, rows)
}
