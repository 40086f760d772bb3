package organisation

import (
	"context"
	"time"

	"parley/bot/teams/connector"
	"parley/bot/teams/fact"
	"parley/bot/teams/graph"
	"parley/bridge"
	"parley/channels"
)

// Teams sends us activities only for reactions (emoji) to our own messages. Reactions to people's messages are found
// when we read a message with Graph, Microsoft's API for reading. This file converts them into the activities that Teams
// would send, so that both kinds are handled alike.

// ReactionOf returns the activity for a reaction to the message at a place (channel, thread and message).
func (o *Organisation) ReactionOf(at bridge.Place, r *graph.Reaction) connector.Activity {
	a := connector.Activity{
		Type:      connector.TypeMessageReaction,
		ID:        at.Message,
		ChannelID: connector.ChannelTeams,
		Recipient: &connector.ChannelAccount{ID: o.Me},
		// Without the thread, as in Teams' own activities about reactions.
		Conversation: &connector.ConversationAccount{ID: at.Channel, ConversationType: connector.ConversationChannel, TenantID: o.Tenant},
		ChannelData:  &connector.ChannelData{Channel: &connector.ChannelRef{ID: at.Channel}},
		From:         o.accountOf(&r.From),
		ReplyToID:    at.Message,
		Changes:      connector.Changes{ReactionsAdded: []connector.Reaction{{Type: fact.ReactionType(r.Type, r.Name)}}},
	}
	if !r.CreatedAt.IsZero() {
		a.Timestamp = r.CreatedAt.UTC().Format(time.RFC3339Nano)
	}
	return a
}

// FactsOfReaction returns the facts (what is stored) of an activity from ReactionOf.
// Errors: the person who reacted can't be looked up at the moment.
func (o *Organisation) FactsOfReaction(ctx context.Context, at bridge.Place, a *connector.Activity) ([]channels.Fact, error) {
	const inOurThread = false
	p, err := o.wrap(ctx, at.Channel, a, inOurThread)
	if err != nil {
		return nil, err
	}
	return p.ReactionFacts(a), nil
}
