package engine

import (
	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// inboundMessage adds a customer's message to a conversation and updates the conversation's state.
func (w *work) inboundMessage(c *Conversation, a *store.Account, part int, in channels.Inbound) *Message {
	m := w.addInbound(c, a, part, in)
	if in.ExternalID != "" {
		w.AddToThread(c, in)
	}
	c.Touch()
	if mayBeSaidLast(c, in) {
		c.NoteSaidLast(m, store.FromCustomer)
	}
	return m
}

// addInbound adds a message to a conversation without updating the conversation's state.
func (w *work) addInbound(c *Conversation, a *store.Account, part int, in channels.Inbound) *Message {
	m := &Message{Fresh: true, Message: store.Message{
		ID:             store.MessageID(w.IDs.Next()),
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
		EventID:    w.Event.ID,
		Part:       part,
		SaidAt:     saidAt(w.Writer, in),
		CreatedAt:  w.Now,
	}}
	if i := w.People.At(NameKey{Account: a.ID, Name: in.From.Key}); i != nil {
		m.IdentityID = &i.ID
	}

	link, known := w.Messages.ByExternalID(NameKey{Account: a.ID, Name: in.ExternalID})
	if known && link.MessageID == 0 { // the customer deleted it before it arrived
		m.Revision = deletion(w.Writer, m, in)
	}

	w.Messages.KeepFiles(m, a, in)
	w.Messages.Rows[m.ID] = m
	c.NoteLatest(m)
	if in.ExternalID != "" {
		w.Messages.LinkExternalID(a.ID, in.ExternalID, c.ID, m.ID)
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
func (w *work) reopenFor(c *Conversation, in channels.Inbound) {
	if w.isByMachine(c, in) || in.Historical || c.BridgeStatus() == bridge.StatusClosed {
		return
	}
	if c.WaitingSince == nil {
		c.WaitingSince = &w.Now
		c.ForgetUrgency()
	}

	if c.UnreadSince == nil {
		c.UnreadSince = &w.Now
		c.RefreshCard()
	}

	switch c.BridgeStatus() {
	case bridge.StatusOpen:
		return
	case bridge.StatusSnoozed:
		if !w.Settings(c).WakeOnMessage {
			return
		}

		w.EndSnooze(c)
		w.Line(c, bridge.Line{Content: &bridge.WokeLine{Cause: bridge.WokenByCustomer}, Mentions: w.Conversations.Owners(c)})
		w.Log.ByCustomer(c, store.DeedWoke, nil)
	case bridge.StatusResolved:
		c.ResolvedAt, c.EndedBy, c.CloseReason = nil, nil, ""
		w.Line(c, bridge.Line{Content: bridge.LineReopened, Mentions: w.Conversations.Owners(c)})
		w.Log.ByCustomer(c, store.DeedReopened, nil)
		w.GiveToPinner(c)
	default: // pending: it opens without a line
		w.Log.ByCustomer(c, store.DeedSetOpen, nil)
	}
	c.Status = string(bridge.StatusOpen)
	w.OwnersLeft(c)
	c.Touch()
}

// queueAnalysis has a customer's message analysed, together with what the customer writes in the next few
// seconds.
func (w *work) queueAnalysis(c *Conversation, m *Message) {
	isOfPerson := m.Automatic == "" && m.Text != ""
	if !isOfPerson || w.e.opt.Analyzer == nil {
		return
	}
	if w.IsAnalysed(c) {
		w.Bursts.Add(c, m)
	}
}
