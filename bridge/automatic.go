package bridge

import (
	"context"

	"github.com/jackc/pgx/v5"

	"parley/channels"
	"parley/store"
)

// automaticMail puts automatic mail that belongs to no conversation into the
// account's one quiet thread of the day.
func (w *work) automaticMail(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	c, err := w.dailyThread(ctx, tx, a)
	if err != nil {
		return err
	}
	m := w.inboundMessage(c, a, part, in)
	i := w.byAddress[userKey{a.ID, in.From.Key}]
	if i != nil && i.Silenced {
		return nil // kept, without a post
	}
	if _, err := w.openThread(c); err != nil {
		return err
	}
	w.line(c, Line{Kind: LineAutomatic, Customer: partyOf(in), Text: in.Subject, Reason: in.Automatic,
		Hint: preview(in.Text), Verbs: []Verb{VerbPromote, VerbSilence}, Args: Args{Conversation: c.ID, Message: m.ID}})
	return nil
}

func partyOf(in channels.Inbound) PartyRef {
	p := PartyRef{Name: in.From.Name, Address: in.From.Key}
	if p.Name == "" {
		p.Name = p.Address
	}
	return p
}

// unmatchedStatus keeps a bounce of something that we don't know of.
func (w *work) unmatchedStatus(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	c, err := w.dailyThread(ctx, tx, a)
	if err != nil {
		return err
	}
	m := w.inboundMessage(c, a, part, in)
	if _, err := w.openThread(c); err != nil {
		return err
	}
	w.line(c, Line{Kind: LineBounceOther, Customer: partyOf(in), Text: in.Subject, Reason: in.Status.Reason,
		Args: Args{Conversation: c.ID, Message: m.ID}})
	return nil
}

func (w *work) dailyThread(ctx context.Context, tx pgx.Tx, a *store.Account) (*conv, error) {
	today := day(w.now)
	k := laneKey{a.ID, today}
	if c := w.convs[w.days[k]]; c != nil {
		return c, nil
	}
	c, err := w.sortingThread(ctx, tx, a, "Automatic mail, ")
	if err != nil {
		return nil, err
	}
	c.Day = &today
	w.days[k] = c.ID
	return c, nil
}

// sortAutomatic does Promote and Silence.
func (w *work) sortAutomatic(ctx context.Context, tx pgx.Tx, c *conv, agent *store.Agent, surface int64, a Action) error {
	m := w.namedMessage(c, surface, a)
	switch {
	case m == nil || c.Kind != "automatic" || m.IdentityID == nil:
		w.refuse(c, surface, a, "unknown_message", "I don't know which mail you mean.", "Use the button under the mail.")
		return nil
	case m.ConversationID != c.ID:
		w.whisper(c, surface, a, Line{Kind: LineDecided, Verb: a.Verb, Outcome: &Outcome{State: OutcomePromoted}, Other: Facts{ID: m.ConversationID}})
		return nil
	}
	i := w.identities[*m.IdentityID]
	if i == nil {
		found, err := store.Identities(ctx, tx, []int64{*m.IdentityID})
		if err != nil || len(found) == 0 {
			return err
		}
		i = &found[0]
		w.addIdentity(i)
	}
	if a.Verb == VerbSilence {
		i.Silenced = true
		w.decide(m, agent, OutcomeSilenced)
		w.dirtyIdentities[i.ID] = true
		w.logAgent(c, agent, "silenced", detail{Text: i.Key})
		done := Line{Kind: LineDone, Verb: VerbSilence, Text: i.Key}
		if c.Collects != nil {
			done.Hint = "What is not above the limit still becomes a conversation."
		}
		w.confirm(c, surface, a, done)
		return nil
	}
	return w.promote(ctx, tx, c, agent, m, i)
}

// promote makes an automatic or collected mail a conversation of its own.
func (w *work) promote(ctx context.Context, tx pgx.Tx, from *conv, agent *store.Agent, m *message, i *store.Identity) error {
	c, err := w.newConversation(ctx, tx, from.account, channels.Inbound{Subject: m.Subject,
		From: channels.Party{Key: i.Key, Name: i.Name}}, nil)
	if err != nil {
		return err
	}
	c.Participants = []store.Participant{{Key: i.Key, Name: i.Name, Role: roleTo}}
	c.Assignees = []int64{agent.ID}
	c.LastFrom, c.LastPreview, c.LastExternalID = "customer", preview(m.Text), m.ExternalID
	since := w.now
	c.WaitingSince = &since
	if m.ExternalID != "" {
		c.addRef(m.ExternalID)
	}
	w.moveMessage(m, c)
	w.decide(m, agent, OutcomePromoted)
	t, err := w.openThread(c)
	if err != nil {
		return err
	}
	w.showSaid(c, t, m, payload{Quote: m.Quoted != ""})
	w.logAgent(c, agent, "promoted", detail{Message: m.ID})
	return nil
}

// moveMessage gives a message, and what threads by it, to another conversation.
func (w *work) moveMessage(m *message, c *conv) {
	m.ConversationID, m.dirty = c.ID, true
	if m.ExternalID != "" {
		w.moved = append(w.moved, store.ExternalID{AccountID: c.AccountID, ExternalID: m.ExternalID, ConversationID: c.ID, MessageID: m.ID})
	}
}
