package engine

import (
	"slices"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// Some providers accept free text only for a limited time after the customer wrote, on WhatsApp for 24 hours.
// This time is the reply window. A reply that misses it is parked: it waits until the customer writes again,
// and is then offered to its author with the buttons Send and Drop. Parley never sends it by itself, because
// the customer's new message may have changed its meaning.

// OpensWindow reports whether an inbound message opens the reply window again. The customer's own messages and
// button taps do, even while another app answers the customer. Automatic messages, receipts, copies of our own
// messages and edits don't.
func OpensWindow(in channels.Inbound) bool {
	isSilent := in.Consent != nil && in.Consent.Silent
	isByMachine := store.IsByMachine(in.Automatic)
	if in.Historical || isSilent || isByMachine {
		return false
	}
	if in.Opens {
		return true
	}
	isEdit := in.Change.Target != "" // an edit is of kind InboundMessage if its message never came
	return in.Kind == channels.InboundMessage && !isEdit
}

// OpenWindow opens the reply window if a customer's message does so, and offers the parked replies.
func (rs *ReplyUseCases) OpenWindow(c *Conversation, in channels.Inbound) {
	if !OpensWindow(in) || rs.Caps(c.AccountID).Window.Free == 0 {
		return
	}

	// ReceivedAt and At come from real clocks, which Parley's own clock (rs.Now) may be ahead of. A message
	// that arrived late opened the window when it was sent, not when it arrived.
	clockLead := rs.Now.Sub(rs.DatabaseNow)
	from := rs.Event.ReceivedAt.Add(clockLead)
	at := in.At.Add(clockLead)
	if !in.At.IsZero() && at.Before(from) {
		from = at
	}
	if from.After(rs.Now) {
		from = rs.Now
	}
	if c.WindowFrom != nil && !c.WindowFrom.Before(from) {
		return
	}

	c.WindowFrom = &from
	c.Touch()
	rs.WatchWindow(c)
	if rs.Window(c).IsOpen(rs.Now) {
		rs.offerParked(c)
	}
}

// WatchWindow starts the timer that updates the conversation's card when the window's state changes next.
func (rs *ReplyUseCases) WatchWindow(c *Conversation) {
	at := rs.Window(c).NextChange(rs.Now)
	if at.IsZero() {
		return
	}
	rs.Timers.Start(store.Timer{ConversationID: c.ID, Kind: OwnWindow, DueAt: at})
}

// WindowOver is called when that timer fires: the window has closed, either entirely or only for automatic messages.
func (rs *ReplyUseCases) WindowOver(c *Conversation) {
	rs.WatchWindow(c)
	if c.BridgeStatus().Open() {
		c.RefreshCard()
	}
}

// ParkForWindow parks a reply if the reply window is closed, posts that in the thread, and returns true.
// Templates may leave at any time and are never parked.
func (rs *ReplyUseCases) ParkForWindow(c *Conversation, m *Message) bool {
	if m.Template != nil || rs.Window(c).IsOpenFor(m.AgentID != nil, rs.Now) {
		return false
	}
	const notAsked = "" // the provider was not asked
	rs.parkUntilOpen(c, m, notAsked)
	return true
}

// KeepIfBlocked checks a reply against the reply window, the times for promotions and the channel's limits. If
// it may not leave, it is parked or kept inside with an explanation, and KeepIfBlocked returns true.
func (rs *ReplyUseCases) KeepIfBlocked(c *Conversation, m *Message) bool {
	if rs.ParkForWindow(c, m) || rs.keepLatePromotion(c, m) {
		return true
	}
	return rs.keepOverLimits(c, m)
}

// keepLatePromotion keeps a promotional reply inside if it is too late for promotions, explains that, and returns true.
func (rs *ReplyUseCases) keepLatePromotion(c *Conversation, m *Message) bool {
	problem := PromotionProblem(m.Promotional, rs.Window(c), rs.Now)
	if problem == nil {
		return false
	}
	m.KeepInside(problem.Code)
	rs.Mark(c, m, bridge.MarkInside)
	rs.TellWith(c, m, bridge.Line{Content: &bridge.InsideLine{Why: bridge.InWords(problem.Text), Hint: problem.Hint}})
	return true
}

// parkUntilOpen parks a reply because of the reply window and posts that in the thread. If the window is open
// by now, it offers the reply at once. providerText is the provider's reason for a refusal, or "" if Parley
// found out by itself.
func (rs *ReplyUseCases) parkUntilOpen(c *Conversation, m *Message, providerText string) {
	win := rs.Window(c)
	m.Direction = store.DirectionNote
	if win.IsOpen(rs.Now) { // opened during the attempt, or open for human agents only
		m.SetFate(store.FateParked, bridge.ReasonOffered)
		rs.TellWith(c, m, bridge.Line{
			Content: &bridge.OfferedLine{Until: win.HumanUntil, Provider: providerText},
			Verbs:   []bridge.Verb{bridge.VerbSend, bridge.VerbDrop},
		})
		return
	}

	m.SetFate(store.FateParked, bridge.ReasonWindow)
	line := bridge.Line{
		Content: &bridge.ParkedLine{Why: bridge.Because(bridge.ReasonWindow), Hint: providerText, Until: win.HumanUntil},
		Verbs:   []bridge.Verb{bridge.VerbKeep, bridge.VerbDrop},
	}
	if rs.Caps(c.AccountID).Templates {
		line.Verbs = []bridge.Verb{bridge.VerbTemplate, bridge.VerbKeep, bridge.VerbDrop}
	}

	rs.Log.ByParley(c, store.DeedParked, Detail{Message: m.ID, Why: bridge.Because(bridge.ReasonWindow)})
	rs.TellWith(c, m, line)
	c.RefreshCard()
}

// ClosedByProvider parks a reply that the provider refused because the window is closed. If Parley believed the
// window to be open, it is closed now, unless the customer has opened it since the attempt. d is the delivery that
// was refused, or nil; providerText is the provider's reason.
func (rs *ReplyUseCases) ClosedByProvider(c *Conversation, m *Message, d *Delivery, providerText string) {
	seemedOpen := c.WindowFrom != nil && rs.Window(c).IsOpen(rs.Now)
	wasAttempted := d != nil && d.SentAt != nil
	if seemedOpen && wasAttempted {
		attemptedAt := d.SentAt.Add(rs.Now.Sub(rs.DatabaseNow)) // by Parley's clock
		if c.WindowFrom.Before(attemptedAt) {
			c.WindowFrom = nil
			c.Touch()
		}
	}

	if m.Fate == store.FateParked {
		return // parked when its first part was refused
	}

	for _, part := range rs.Outbox.PartsOf(m) {
		rs.Outbox.Cancel(part)
	}

	rs.Mark(c, m, bridge.MarkWarning)
	rs.parkUntilOpen(c, m, providerText)
	rs.Messages.ResumeWait(c)
}

// offerParked collects the replies that were parked for the window, in the order in which they were written.
// PostOffers posts them. Replies in earlier conversations with the customer are included; see book.IsOfferedIn.
func (rs *ReplyUseCases) offerParked(c *Conversation) {
	for _, id := range SortedKeys(rs.Conversations.Rows) {
		if !IsOfferedIn(rs.Book, c, id) {
			continue
		}
		for _, m := range rs.Messages.Parked(rs.Conversations.Get(id)) {
			m.Reason, m.Dirty = bridge.ReasonOffered, true
			rs.Messages.Offers = append(rs.Messages.Offers, m)
		}
	}
	slices.SortFunc(rs.Messages.Offers, func(a, b *Message) int { return CompareSaid(&a.Message, &b.Message) })
}

// IsWaitingForWindow reports whether a reply is parked for the window and hasn't been offered yet.
func IsWaitingForWindow(m *Message) bool {
	return m.Fate == store.FateParked && m.Reason == bridge.ReasonWindow
}

// PostOffers posts the replies that offerParked has collected. It is called after the customer's message was
// queued, so that the offers follow it in the thread.
func (rs *ReplyUseCases) PostOffers(c *Conversation) {
	for _, m := range rs.Messages.Offers {
		line := bridge.Line{
			Content: &bridge.OfferedLine{Until: rs.Window(c).HumanUntil},
			Verbs:   []bridge.Verb{bridge.VerbSend, bridge.VerbDrop},
		}
		if m.ConversationID != c.ID { // that conversation is over, and nothing can be sent from it
			line.Verbs, line.Other = nil, bridge.Facts{ID: m.ConversationID}
		}
		rs.TellWith(c, m, line)
	}
	rs.Messages.Offers = nil
}

// RefuseWhileClosed refuses a click that would send a reply that was parked for the window while the window is
// closed. It reports whether it has refused.
func (rs *ReplyUseCases) RefuseWhileClosed(r Request, m *Message) bool {
	wasOffered := m.Fate == store.FateParked && m.Reason == bridge.ReasonOffered
	isParkedForWindow := wasOffered || IsWaitingForWindow(m)
	if !isParkedForWindow || rs.Window(r.Conversation).IsOpen(rs.Now) {
		return false
	}
	m.Reason, m.Dirty = bridge.ReasonWindow, true // offers it again when the customer writes
	rs.Refuse(r, bridge.ReasonWindow, "The reply window is closed.", "I offer it again when "+r.Conversation.Customer().Name+" writes.")
	return true
}

// KeepForWindow applies the Keep button of a parked reply: the reply waits for the customer's next message. It
// returns false if r is another action or if the reply isn't parked for the window.
func (rs *ReplyUseCases) KeepForWindow(r Request, m *Message) bool {
	if r.Verb != bridge.VerbKeep || !IsWaitingForWindow(m) {
		return false
	}
	rs.Log.ByAgent(r.Conversation, r.Agent, store.DeedKeptForLater, Detail{Message: m.ID})
	rs.NoteDecision(m, r.Agent, bridge.OutcomeKept)
	rs.Confirm(r, bridge.Line{
		Content: &bridge.KeptLine{Reason: bridge.ReasonWindow},
		Verb:    bridge.VerbKeep,
	})
	return true
}
