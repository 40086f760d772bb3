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

// ReactionOf makes the activity that Teams would send if it told us of reactions to people's messages: that a person has put an
// emoji on the message at a place.
func (o *Organisation) ReactionOf(at bridge.Place, r *graph.Reaction) connector.Activity {
	a := connector.Activity{
		Type: connector.TypeMessageReaction, ID: at.Message, ChannelID: connector.ChannelTeams, Recipient: &connector.ChannelAccount{ID: o.Me},
		// Teams doesn't tell of a reaction in which thread it is.
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

// FactsOfReaction makes the facts of a reaction, of which ReactionOf has made the activity.
// Errors: what keeps Teams from telling who has reacted.
func (o *Organisation) FactsOfReaction(ctx context.Context, at bridge.Place, a *connector.Activity) ([]channels.Fact, error) {
	p, err := o.wrap(ctx, at.Channel, a, false)
	if err != nil {
		return nil, err
	}
	return p.ReactionFacts(a), nil
}
