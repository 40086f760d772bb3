package reply

import (
	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/outbound"
	"parley/bridge/engine/own"
	"parley/channels"
	"parley/store"
	"slices"
)

// Some providers, such as WhatsApp's, let free text go to a customer only for a time after the customer wrote: the reply window. A
// reply that comes later is parked: it is kept until the customer writes again, and then offered to its author with buttons.

// OpensWindow reports whether an inbound restarts the reply window. The customer's own words and taps do, also while another app
// answers the customer (standby). What a machine sent, a status, a copy of our own message or an edit doesn't.
func OpensWindow(in channels.Inbound) bool {
	isSilent := in.Consent != nil && in.Consent.Silent
	isByMachine := store.IsByMachine(in.Automatic)
	if in.Historical || isSilent || isByMachine {
		return false
	}
	if in.Opens {
		return true
	}
	isEdit := in.Change.Target != "" // an edit whose message never came has become a message
	return in.Kind == channels.InboundMessage && !isEdit
}

// OpenWindow notes that the customer opened the reply window, and offers what waited for it.
func (rs *UseCases) OpenWindow(c *book.Conversation, in channels.Inbound) {
	if !OpensWindow(in) || rs.Caps(c.AccountID).Window.Free == 0 {
		return
	}

	// ReceivedAt and At are times of real clocks, while Parley's clock may be ahead of them. A message that came late
	// opened the window when it was sent, and not when it came.
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
	rs.watchWindow(c)
	if rs.Window(c).IsOpen(rs.Now) {
		rs.offerParked(c)
	}
}

// watchWindow starts the timer that updates the card when the window's state changes.
func (rs *UseCases) watchWindow(c *book.Conversation) {
	at := rs.Window(c).NextChange(rs.Now)
	if at.IsZero() {
		return
	}
	rs.Timers.Start(store.Timer{ConversationID: c.ID, Kind: own.Window, DueAt: at})
}

// WindowOver updates the card after the window has closed, either for everybody or only for what machines send.
func (rs *UseCases) WindowOver(c *book.Conversation) {
	rs.watchWindow(c)
	if c.BridgeStatus().Open() {
		c.RefreshCard()
	}
}

// ParkForWindow keeps a reply that may not be sent because the reply window is closed, and says so. It returns false if
// the window is open, and for templates, which may leave at any time.
func (rs *UseCases) ParkForWindow(c *book.Conversation, m *book.Message) bool {
	if m.Template != nil || rs.Window(c).IsOpenFor(m.AgentID != nil, rs.Now) {
		return false
	}
	rs.parkUntilOpen(c, m, "")
	return true
}

// KeepIfBlocked keeps a reply that may not leave because of the reply window, the time for promotions or the channel's limits,
// and says so. It returns false if the reply may leave.
func (rs *UseCases) KeepIfBlocked(c *book.Conversation, m *book.Message) bool {
	if rs.ParkForWindow(c, m) || rs.keepLatePromotion(c, m) {
		return true
	}
	return rs.keepOverLimits(c, m)
}

// keepLatePromotion keeps a promotional reply inside that may not leave any more, and says so. It returns false for
// answers, and while promotions may leave.
func (rs *UseCases) keepLatePromotion(c *book.Conversation, m *book.Message) bool {
	problem := outbound.PromotionProblem(m.Promotional, rs.Window(c), rs.Now)
	if problem == nil {
		return false
	}
	m.KeepInside(problem.Code)
	rs.TellWith(c, m, bridge.Line{Content: &bridge.InsideLine{Why: bridge.InWords(problem.Text), Hint: problem.Hint}})
	return true
}

// parkUntilOpen parks a reply because of the reply window, and says so. If the window is open by now, it offers the reply at once. text is
// what the provider said; it is empty if the provider wasn't asked.
func (rs *UseCases) parkUntilOpen(c *book.Conversation, m *book.Message, text string) {
	win := rs.Window(c)
	m.Direction = store.DirectionNote
	if win.IsOpen(rs.Now) { // opened while the attempt was under way, or for people alone
		m.SetFate(store.FateParked, bridge.ReasonOffered)
		rs.TellWith(c, m, bridge.Line{Content: &bridge.OfferedLine{Until: win.HumanUntil, Provider: text},
			Verbs: []bridge.Verb{bridge.VerbSend, bridge.VerbDrop}})
		return
	}

	m.SetFate(store.FateParked, bridge.ReasonWindow)
	line := bridge.Line{Content: &bridge.ParkedLine{Why: bridge.Because(bridge.ReasonWindow), Hint: text, Until: win.HumanUntil},
		Verbs: []bridge.Verb{bridge.VerbKeep, bridge.VerbDrop}}
	if rs.Caps(c.AccountID).Templates {
		line.Verbs = []bridge.Verb{bridge.VerbTemplate, bridge.VerbKeep, bridge.VerbDrop}
	}

	rs.Log.ByParley(c, store.DeedParked, book.Detail{Message: m.ID, Why: bridge.Because(bridge.ReasonWindow)})
	rs.TellWith(c, m, line)
	c.RefreshCard()
}

// ClosedByProvider parks a reply that the provider refused because the window is closed. If Parley took the window for open, it
// forgets that, unless the customer has opened the window since the attempt.
func (rs *UseCases) ClosedByProvider(c *book.Conversation, m *book.Message, text string) {
	d := rs.Outbox.ReplyOf(m)
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
		return // it was parked with its first part
	}

	for _, part := range rs.Outbox.PartsOf(m) {
		rs.Outbox.Cancel(part)
	}

	rs.Mark(c, m, bridge.MarkWarning)
	rs.parkUntilOpen(c, m, text)
	rs.Messages.ResumeWait(c)
}

// offerParked notes which replies that were parked for the window are to be offered again, each once, in the order in which
// they were written. It includes those in earlier conversations with the customer; see book.IsOfferedIn.
func (rs *UseCases) offerParked(c *book.Conversation) {
	for _, id := range book.SortedKeys(rs.Messages.Rows) {
		m := rs.Messages.Rows[id]
		if !book.IsOfferedIn(rs.Book, c, m.ConversationID) || !IsWaitingForWindow(m) {
			continue
		}
		m.Reason, m.Dirty = bridge.ReasonOffered, true
		rs.Messages.Offers = append(rs.Messages.Offers, m)
	}
	slices.SortFunc(rs.Messages.Offers, func(a, b *book.Message) int { return book.CompareSaid(&a.Message, &b.Message) })
}

// IsWaitingForWindow reports whether a reply was parked for the window, and wasn't offered again since.
func IsWaitingForWindow(m *book.Message) bool {
	return m.Fate == store.FateParked && m.Reason == bridge.ReasonWindow
}

// PostOffers posts the offers that offerParked has noted. It is called after the customer's message was queued, so that
// the offers come behind it.
func (rs *UseCases) PostOffers(c *book.Conversation) {
	for _, m := range rs.Messages.Offers {
		line := bridge.Line{
			Content: &bridge.OfferedLine{Until: rs.Window(c).HumanUntil},
			Verbs:   []bridge.Verb{bridge.VerbSend, bridge.VerbDrop},
		}
		if m.ConversationID != c.ID { // that conversation is over, so that nothing is sent from it
			line.Verbs, line.Other = nil, bridge.Facts{ID: m.ConversationID}
		}
		rs.TellWith(c, m, line)
	}
	rs.Messages.Offers = nil
}

// RefuseWhileClosed refuses to send a parked reply while the window is closed. It returns false if the window is open,
// or if the text was not parked for it.
func (rs *UseCases) RefuseWhileClosed(r book.Request, m *book.Message) bool {
	wasOffered := m.Fate == store.FateParked && m.Reason == bridge.ReasonOffered
	isParkedForWindow := wasOffered || IsWaitingForWindow(m)
	if !isParkedForWindow || rs.Window(r.Conversation).IsOpen(rs.Now) {
		return false
	}
	m.Reason, m.Dirty = bridge.ReasonWindow, true // so that it is offered again the next time
	rs.Refuse(r, bridge.ReasonWindow, "The reply window is closed.", "I offer it again when "+r.Conversation.Customer().Name+" writes.")
	return true
}

// KeepForWindow lets a parked text wait for the customer's next message, as the click on Keep asks. It returns false if
// the text was not parked for the window.
func (rs *UseCases) KeepForWindow(r book.Request, m *book.Message) bool {
	if r.Verb != bridge.VerbKeep || !IsWaitingForWindow(m) {
		return false
	}
	rs.Log.ByAgent(r.Conversation, r.Agent, store.DeedKeptForLater, book.Detail{Message: m.ID})
	rs.NoteDecision(m, r.Agent, bridge.OutcomeKept)
	rs.Confirm(r, bridge.Line{
		Content: &bridge.KeptLine{Reason: bridge.ReasonWindow},
		Verb:    bridge.VerbKeep,
	})
	return true
}
