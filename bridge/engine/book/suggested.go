package book

import (
	"context"

	"parley/bridge"
	"parley/store"
	"parley/store/suggested"
)

// SuggestedReplies are the replies that analyses suggest in a batch, by conversation; none where a conversation
// has ended.
type SuggestedReplies map[store.ConversationID]suggested.Replies

// Keep lets replies stand in place of those that were suggested in a conversation before.
func (sr SuggestedReplies) Keep(c *Conversation, event store.EventID, replies []suggested.Reply) {
	sr[c.ID] = suggested.Replies{ConversationID: c.ID, EventID: event, List: replies}
}

// Drop forgets the replies that were suggested in a conversation.
func (sr SuggestedReplies) Drop(c *Conversation) {
	if c.Traits[bridge.TraitSuggested] != "" {
		sr[c.ID] = suggested.Replies{ConversationID: c.ID}
	}
}

func (sr SuggestedReplies) flush(ctx context.Context, p *store.Pipeline) error {
	var kept []suggested.Replies
	var dropped []store.ConversationID
	for _, id := range SortedKeys(sr) {
		if r := sr[id]; len(r.List) > 0 {
			kept = append(kept, r)
		} else {
			dropped = append(dropped, id)
		}
	}
	if err := suggested.Remove(ctx, p, dropped); err != nil {
		return err
	}
	return suggested.Upsert(ctx, p, kept)
}
