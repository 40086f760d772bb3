package engine

import (
	"context"

	"parley/bridge"
	"parley/store"
)

// Suggested returns the replies that an analysis suggested in a conversation, the best first, for user. It returns nil if
// there are none with this id (0: whichever they are), if newer ones took their place, or if the conversation has ended.
// Errors: as FactsAt.
func (d *Desk) Suggested(
	ctx context.Context, conversation bridge.ConversationID, id bridge.EventID, user bridge.SurfaceUser,
) ([]bridge.SuggestedReply, error) {
	if _, err := d.readerOf(ctx, conversation, user); err != nil {
		return nil, err
	}
	kept, err := store.FindSuggestedReplies(ctx, d.e.pool, conversation, id)
	var replies []bridge.SuggestedReply
	for _, k := range kept.List {
		r := bridge.SuggestedReply{ID: kept.EventID, Text: k.Text}
		for _, s := range k.Sources {
			r.Sources = append(r.Sources, bridge.SourceRef{Title: s.Title, Link: s.Link})
		}
		replies = append(replies, r)
	}
	return replies, err
}
