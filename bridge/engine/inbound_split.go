package engine

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

func splitVerb() Case[*InboundUseCases] {
	return Case[*InboundUseCases]{
		Rules: Rules{
			Name: bridge.VerbSplit, NeedsOpen: true, Deed: store.DeedSplit,
			CanApply: func(_ *store.Conversation, m *store.Message) bool { return m.Direction == store.DirectionIn },
		},
		DoInTx: (*InboundUseCases).split,
	}
}

// split makes a message of a customer the first one of a new conversation, which the agent owns. Answers to the message go
// there.
func (it *InboundUseCases) split(ctx context.Context, tx pgx.Tx, r Request) error {
	c, m := r.Conversation, it.MessageOfAction(r)
	if m == nil && !r.IsEmoji() && r.Args.Message == 0 {
		m = it.Messages.LastOfCustomer(c)
	}
	isOfCustomer := m != nil && m.ConversationID == c.ID && m.Direction == store.DirectionIn && m.IdentityID != nil
	if !isOfCustomer {
		it.Refuse(r, "unknown_message", "I don't know which message you mean.",
			"Put ✂️ on the customer's message, or type !split for the latest.")
		return nil
	}
	if c.Exclusive {
		it.Refuse(r, "one_conversation", "A customer has one conversation at a time here.", "Resolve it to begin another one.")
		return nil
	}
	if !m.CreatedAt.After(c.CreatedAt) {
		it.Refuse(r, "first_message", "This conversation began with it.", "Only later messages can be split off.")
		return nil
	}
	sender, err := it.People.SenderOf(ctx, tx, m)
	if err != nil || sender == nil {
		return err
	}
	next, err := sorting{it}.promoteMail(ctx, tx, r, m, sender)
	if err != nil {
		return err
	}
	if it.TakesPart(c, channels.Inbound{From: channels.Party{Key: sender.Key}}) {
		next.Participants = slices.Clone(c.Participants)
	}
	last := it.Messages.LastSaid(c, func(other *Message) bool { return other.ID != m.ID && other.Direction != store.DirectionNote })
	if last != nil {
		c.LastPreview = Preview(last.Text)
	}
	if last != nil && last.Direction == store.DirectionOut {
		c.LastFrom = store.FromAgent
		c.EndWait()
	}
	c.Touch()
	it.Line(c, bridge.Line{
		Content: bridge.LineDone, Verb: r.Verb, By: it.Dir.Ref(r.Surface, r.Agent.ID), Other: it.ReferFrom(c, next),
		Args: bridge.Args{Conversation: c.ID},
	})
	c.RefreshCard()
	return nil
}
