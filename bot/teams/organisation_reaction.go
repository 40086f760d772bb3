package teams

import (
	"context"
	"time"

	"parley/bridge"
	"parley/channels"
)

// Teams sends us activities only for reactions (emoji) to our own messages. Reactions to people's messages are found
// when we read a message with Graph, Microsoft's API for reading. This file converts them into the activities that Teams
// would send, so that both kinds are handled alike.

// ReactionOf returns the activity for a reaction to the message at a place (channel, thread and message).
func (o *Organisation) ReactionOf(at bridge.Place, r *GraphReaction) Activity {
	a := Activity{
		Type:      TypeMessageReaction,
		ID:        at.Message,
		ChannelID: ChannelTeams,
		Recipient: &ChannelAccount{ID: o.Me},
		// Without the thread, as in Teams' own activities about reactions.
		Conversation: &ConversationAccount{ID: at.Channel, ConversationType: ConversationChannel, TenantID: o.Tenant},
		ChannelData:  &ChannelData{Channel: &ChannelRef{ID: at.Channel}},
		From:         o.accountOf(&r.From),
		ReplyToID:    at.Message,
		Changes:      Changes{ReactionsAdded: []Reaction{{Type: ReactionType(r.Type, r.Name)}}},
	}
	if !r.CreatedAt.IsZero() {
		a.Timestamp = r.CreatedAt.UTC().Format(time.RFC3339Nano)
	}
	return a
}

// FactsOfReaction returns the facts (what is stored) of an activity from ReactionOf.
// Errors: the person who reacted can't be looked up at the moment.
func (o *Organisation) FactsOfReaction(ctx context.Context, at bridge.Place, a *Activity) ([]channels.Fact, error) {
	const inOurThread = false
	p, err := o.wrap(ctx, at.Channel, a, inOurThread)
	if err != nil {
		return nil, err
	}
	return p.ReactionFacts(a), nil
}
