package engine

import (
	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// inboundMessage adds a customer's message to a conversation and updates the conversation's state.
func (it *InboundUseCases) inboundMessage(c *Conversation, a *store.Account, part int, in channels.Inbound) *Message {
	m := it.addInbound(c, a, part, in)
	if in.ExternalID != "" {
		it.AddToThread(c, in)
	}
	c.Touch()
	if mayBeSaidLast(c, in) {
		c.NoteSaidLast(m, store.FromCustomer)
	}
	return m
}

// addInbound adds a message to a conversation without updating the conversation's state.
func (it *InboundUseCases) addInbound(c *Conversation, a *store.Account, part int, in channels.Inbound) *Message {
	m := &Message{Fresh: true, Message: store.Message{
		ID:             store.MessageID(it.IDs.Next()),
		ConversationID: c.ID,
		Direction:      store.DirectionIn,
		Fate:           store.FateIn,
		MessagePlace:   store.MessagePlace{AccountID: a.ID},
		Subject:        in.Subject,
		Text:           in.Text,
		MessageExtras: store.MessageExtras{
			Notices: in.Notices,
			HasHTML: in.Original.NeedsHTML,
		},
		Automatic:  in.Automatic,
		ExternalID: in.ExternalID,
		EventID:    it.Event.ID,
		Part:       part,
		SaidAt:     saidAt(it.Writer, in),
		CreatedAt:  it.Now,
	}}
	if i := it.People.At(NameKey{Account: a.ID, Name: in.From.Key}); i != nil {
		m.IdentityID = &i.ID
	}

	link, known := it.Messages.ByExternalID(NameKey{Account: a.ID, Name: in.ExternalID})
	if known && link.MessageID == 0 { // the customer deleted it before it arrived
		m.Revision = deletion(it.Writer, m, in)
	}

	it.Messages.KeepFiles(m, a, in)
	it.Messages.Rows[m.ID] = m
	c.NoteLatest(m)
	if in.ExternalID != "" {
		it.Messages.LinkExternalID(a.ID, in.ExternalID, c.ID, m.ID)
	}
	return m
}

// mayBeSaidLast reports whether an inbound may count as the last message of a conversation. Automatic and
// imported mail counts only until a person has spoken: otherwise it would hide that an agent's reply came last.
func mayBeSaidLast(c *Conversation, in channels.Inbound) bool {
	havePeopleSpoken := c.LastFrom != "" && c.Kind == store.KindCustomer
	return !havePeopleSpoken || !store.IsByMachine(in.Automatic) && !in.Historical
}

// reopenFor opens a conversation and starts the customer's wait, because the customer wrote. A closed
// conversation stays closed, and a snoozed one stays snoozed unless the account's settings let a message end
// the snooze. Automatic and imported mail changes nothing.
func (it *InboundUseCases) reopenFor(c *Conversation, in channels.Inbound) {
	if it.isByMachine(c, in) || in.Historical || c.BridgeStatus() == bridge.StatusClosed {
		return
	}
	if c.WaitingSince == nil {
		c.WaitingSince = &it.Now
		c.ForgetUrgency()
	}

	if c.UnreadSince == nil {
		c.UnreadSince = &it.Now
		c.RefreshCard()
	}

	switch c.BridgeStatus() {
	case bridge.StatusOpen:
		return
	case bridge.StatusSnoozed:
		if !it.Settings(c).WakeOnMessage {
			return
		}

		it.workflow.EndSnooze(c)
		it.Line(c, bridge.Line{Content: &bridge.WokeLine{Cause: bridge.WokenByCustomer}, Mentions: it.Conversations.Owners(c)})
		it.Log.ByCustomer(c, store.DeedWoke, nil)
	case bridge.StatusResolved:
		c.ResolvedAt, c.EndedBy, c.CloseReason = nil, nil, ""
		it.Line(c, bridge.Line{Content: bridge.LineReopened, Mentions: it.Conversations.Owners(c)})
		it.Log.ByCustomer(c, store.DeedReopened, nil)
		it.workflow.GiveToPinner(c)
	default: // pending: it opens without a line
		it.Log.ByCustomer(c, store.DeedSetOpen, nil)
	}
	c.Status = string(bridge.StatusOpen)
	it.workflow.OwnersLeft(c)
	c.Touch()
}

// queueAnalysis has a customer's message analysed, together with what the customer writes in the next few
// seconds.
func (it *InboundUseCases) queueAnalysis(c *Conversation, m *Message) {
	isOfPerson := m.Automatic == "" && m.Text != ""
	if !isOfPerson || !it.opt.Analyses {
		return
	}
	if it.IsAnalysed(c) {
		it.Bursts.Add(c, m)
	}
}
