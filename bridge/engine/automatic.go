package engine

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/store"
)

// automaticMail puts automatic mail that belongs to no conversation into the
// account's one quiet thread of the day.
func (w *work) automaticMail(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	i := w.people.byAddress[userKey{a.ID, in.From.Key}]
	if i != nil && i.Blocked {
		return nil // the mailbox has it
	}
	c, err := w.convs.dailyThread(ctx, tx, a)
	if err != nil {
		return err
	}
	m := w.inboundMessage(c, a, part, in)
	if i != nil && i.Silenced {
		return nil // kept, without a post
	}
	if _, err := w.openThread(c); err != nil {
		return err
	}
	w.line(c, bridge.Line{Content: &bridge.AutomaticLine{Subject: in.Subject, Cause: in.Automatic, Begins: preview(in.Text)},
		Customer: partyOf(in), Verbs: sortingVerbs(), Args: bridge.Args{Conversation: c.ID, Message: m.ID}})
	return nil
}

func partyOf(in channels.Inbound) bridge.PartyRef {
	p := bridge.PartyRef{Name: in.From.Name, Address: in.From.Key}
	if p.Name == "" {
		p.Name = p.Address
	}
	return p
}

// unmatchedStatus shows a bounce of a message that Parley doesn't know in the account's quiet thread
// of the day.
func (w *work) unmatchedStatus(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	c, err := w.convs.dailyThread(ctx, tx, a)
	if err != nil {
		return err
	}
	m := w.inboundMessage(c, a, part, in)
	if _, err := w.openThread(c); err != nil {
		return err
	}
	w.line(c, bridge.Line{Content: &bridge.BounceOtherLine{Subject: in.Subject, Reason: in.Status.Reason}, Customer: partyOf(in),
		Args: bridge.Args{Conversation: c.ID, Message: m.ID}})
	return nil
}

func (cs *conversations) dailyThread(ctx context.Context, tx pgx.Tx, a *store.Account) (*conv, error) {
	today := day(cs.now)
	k := laneKey{a.ID, today}
	if c := cs.rows[cs.days[k]]; c != nil {
		return c, nil
	}
	c, err := cs.sortingThread(ctx, tx, a, "Automatic mail, ")
	if err != nil {
		return nil, err
	}
	c.Day = &today
	cs.days[k] = c.ID
	return c, nil
}

// sortAutomatic does Promote, Silence, Block and Unblock.
func (w *work) sortAutomatic(ctx context.Context, tx pgx.Tx, r request) error {
	c, surface, a := r.conv, r.surface, r.Action
	if a.Verb == bridge.VerbUnblock {
		return w.unblock(ctx, tx, r)
	}
	m := w.namedMessage(r)
	switch {
	case m == nil || c.Kind != "automatic" || m.IdentityID == nil:
		w.refuse(r, "unknown_message", "I don't know which mail you mean.", "Use the button under the mail.")
		return nil
	case m.ConversationID != c.ID:
		w.whisper(c, surface, a, bridge.Line{Content: bridge.LineDecided, Verb: a.Verb, Outcome: &bridge.Outcome{State: bridge.OutcomePromoted},
			Other: bridge.Facts{ID: m.ConversationID}})
		return nil
	}
	i, err := w.people.senderOf(ctx, tx, m)
	if err != nil || i == nil {
		return err
	}
	switch a.Verb {
	case bridge.VerbBlock:
		w.block(r, m, i)
		return nil
	case bridge.VerbSilence:
		i.Silenced = true
		w.decide(m, r.agent, bridge.OutcomeSilenced)
		w.people.dirtyIdentities[i.ID] = true
		w.log.byAgent(c, r.agent, store.DeedSilenced, detail{Text: i.Key})
		done := &bridge.SendersLine{Senders: i.Key}
		if c.Collects != nil {
			done.Hint = "What is not above the limit still becomes a conversation."
		}
		w.confirm(c, surface, a, bridge.Line{Content: done, Verb: bridge.VerbSilence})
		return nil
	}
	return w.promote(ctx, tx, c, r.agent, m, i)
}

// block makes Parley ignore later automatic mail of a sender. Mail that belongs to a conversation, or
// that the sender writes as a person, still arrives: automaticMail never gets it.
func (w *work) block(r request, m *message, i *store.Identity) {
	c, surface, a := r.conv, r.surface, r.Action
	if m.Automatic == "" {
		w.refuse(r, "not_automatic", "Only senders of automatic mail are blocked, and this mail is a person's.", "To see no more of them here: Silence sender.")
		return
	}
	if i.Blocked {
		w.unchanged(r)
		return
	}
	i.Blocked, w.people.dirtyIdentities[i.ID] = true, true
	w.decide(m, r.agent, bridge.OutcomeBlocked)
	w.log.byAgent(c, r.agent, store.DeedBlocked, detail{Text: i.Key})
	w.confirm(c, surface, a, bridge.Line{Content: &bridge.SendersLine{Senders: i.Key}, Verb: bridge.VerbBlock})
}

// unblock lets automatic mail of senders come again: of the one whose mail a button is under, or of
// those that are named.
func (w *work) unblock(ctx context.Context, tx pgx.Tx, r request) error {
	c, surface, a := r.conv, r.surface, r.Action
	var found []*store.Identity
	m := w.messages.rows[a.Args.Message]
	if m != nil && m.ConversationID == c.ID && m.IdentityID != nil {
		i, err := w.people.senderOf(ctx, tx, m)
		if err != nil {
			return err
		}
		found = append(found, i)
	}
	var keys []string
	for _, address := range a.Args.Addresses {
		if i := w.people.byAddress[userKey{c.AccountID, bridge.AddressKey(address)}]; i != nil {
			found = append(found, i)
		} else {
			keys = append(keys, bridge.AddressKey(address))
		}
	}
	if len(keys) > 0 {
		rows, err := store.BlockedSenders(ctx, tx, c.AccountID, keys)
		if err != nil {
			return err
		}
		for i := range rows {
			w.people.addIdentity(&rows[i])
			found = append(found, &rows[i])
		}
	}
	var freed []string
	for _, i := range found {
		if i != nil && i.Blocked {
			i.Blocked, w.people.dirtyIdentities[i.ID] = false, true
			freed = append(freed, i.Key)
		}
	}
	if len(freed) == 0 {
		w.refuse(r, "not_blocked", "Nobody of that address is blocked here.", "Say which: !unblock news@shop.example. parley doctor lists who is blocked.")
		return nil
	}
	if m != nil && m.ConversationID == c.ID {
		w.decide(m, r.agent, bridge.OutcomeUnblocked)
	}
	w.log.byAgent(c, r.agent, store.DeedUnblocked, detail{Text: strings.Join(freed, ", ")})
	w.confirm(c, surface, a, bridge.Line{Content: &bridge.SendersLine{Senders: strings.Join(freed, ", ")}, Verb: bridge.VerbUnblock})
	return nil
}

// promote makes an automatic or collected mail a conversation of its own.
func (w *work) promote(ctx context.Context, tx pgx.Tx, from *conv, agent *store.Agent, m *message, i *store.Identity) error {
	c, err := w.newConversation(ctx, tx, from.account, channels.Inbound{Subject: m.Subject,
		From: channels.Party{Key: i.Key, Name: i.Name}}, nil)
	if err != nil {
		return err
	}
	c.Participants = []store.Participant{{Key: i.Key, Name: i.Name, Role: outbound.RoleTo}}
	c.Assignees = []int64{agent.ID}
	c.LastFrom, c.LastPreview, c.LastExternalID = "customer", preview(m.Text), m.ExternalID
	since := w.now
	c.WaitingSince = &since
	if m.ExternalID != "" {
		c.addRef(m.ExternalID)
	}
	w.messages.move(m, c)
	w.decide(m, agent, bridge.OutcomePromoted)
	t, err := w.openThread(c)
	if err != nil {
		return err
	}
	w.showSaid(c, t, m, outbound.Payload{Quote: m.Quoted != ""})
	w.log.byAgent(c, agent, store.DeedPromoted, detail{Message: m.ID})
	return nil
}
