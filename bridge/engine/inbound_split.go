package engine

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

func splitVerb() useCase {
	return useCase{
		Rules: Rules{
			Name: bridge.VerbSplit, NeedsOpen: true, Deed: store.DeedSplit,
			CanApply: func(_ *store.Conversation, m *store.Message) bool { return m.Direction == store.DirectionIn },
		},
		DoInTx: (*work).split,
	}
}

// split makes a message of a customer the first one of a new conversation, which the agent owns. Answers to the message go
// there.
func (w *work) split(ctx context.Context, tx pgx.Tx, r Request) error {
	c, m := r.Conversation, w.MessageOfAction(r)
	if m == nil && !r.IsEmoji() && r.Args.Message == 0 {
		m = w.Messages.LastOfCustomer(c)
	}
	isOfCustomer := m != nil && m.ConversationID == c.ID && m.Direction == store.DirectionIn && m.IdentityID != nil
	if !isOfCustomer {
		w.Refuse(r, "unknown_message", "I don't know which message you mean.",
			"Put ✂️ on the customer's message, or type !split for the latest.")
		return nil
	}
	if c.Exclusive {
		w.Refuse(r, "one_conversation", "A customer has one conversation at a time here.", "Resolve it to begin another one.")
		return nil
	}
	if !m.CreatedAt.After(c.CreatedAt) {
		w.Refuse(r, "first_message", "This conversation began with it.", "Only later messages can be split off.")
		return nil
	}
	sender, err := w.People.SenderOf(ctx, tx, m)
	if err != nil || sender == nil {
		return err
	}
	next, err := w.promoteMail(ctx, tx, r, m, sender)
	if err != nil {
		return err
	}
	if w.TakesPart(c, channels.Inbound{From: channels.Party{Key: sender.Key}}) {
		next.Participants = slices.Clone(c.Participants)
	}
	last := w.Messages.LastSaid(c, func(other *Message) bool { return other.ID != m.ID && other.Direction != store.DirectionNote })
	if last != nil {
		c.LastPreview = Preview(last.Text)
	}
	if last != nil && last.Direction == store.DirectionOut {
		c.LastFrom = store.FromAgent
		c.EndWait()
	}
	c.Touch()
	w.Line(c, bridge.Line{
		Content: bridge.LineDone, Verb: r.Verb, By: w.Dir.Ref(r.Surface, r.Agent.ID), Other: w.ReferFrom(c, next),
		Args: bridge.Args{Conversation: c.ID},
	})
	c.RefreshCard()
	return nil
}
