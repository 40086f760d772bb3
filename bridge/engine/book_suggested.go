package engine

import (
	"context"

	"parley/bridge"
	"parley/store"
)

// SuggestedReplies are the replies that analyses suggest in a batch, by conversation. An entry with an empty List removes
// the suggestions of a conversation that has ended.
type SuggestedReplies map[store.ConversationID]store.SuggestedReplies

// Keep stores replies in place of those that were suggested in a conversation before.
func (sr SuggestedReplies) Keep(c *Conversation, event store.EventID, replies []store.SuggestedReply) {
	sr[c.ID] = store.SuggestedReplies{ConversationID: c.ID, EventID: event, List: replies}
}

// Drop removes the replies that were suggested in a conversation.
func (sr SuggestedReplies) Drop(c *Conversation) {
	if c.Traits[bridge.TraitSuggested] != "" {
		sr[c.ID] = store.SuggestedReplies{ConversationID: c.ID}
	}
}

func (sr SuggestedReplies) flush(ctx context.Context, p *store.Pipeline) error {
	var kept []store.SuggestedReplies
	var dropped []store.ConversationID
	for _, id := range SortedKeys(sr) {
		if len(sr[id].List) == 0 {
			dropped = append(dropped, id)
			continue
		}
		kept = append(kept, sr[id])
	}
	if err := store.RemoveSuggestedReplies(ctx, p, dropped); err != nil {
		return err
	}
	return store.UpsertSuggestedReplies(ctx, p, kept)
}
