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
func (w *work) OpenWindow(c *Conversation, in channels.Inbound) {
	if !OpensWindow(in) || w.Caps(c.AccountID).Window.Free == 0 {
		return
	}

	// ReceivedAt and At come from real clocks, which Parley's own clock (w.Now) may be ahead of. A message
	// that arrived late opened the window when it was sent, not when it arrived.
	clockLead := w.Now.Sub(w.DatabaseNow)
	from := w.Event.ReceivedAt.Add(clockLead)
	at := in.At.Add(clockLead)
	if !in.At.IsZero() && at.Before(from) {
		from = at
	}
	if from.After(w.Now) {
		from = w.Now
	}
	if c.WindowFrom != nil && !c.WindowFrom.Before(from) {
		return
	}

	c.WindowFrom = &from
	c.Touch()
	w.WatchWindow(c)
	if w.Window(c).IsOpen(w.Now) {
		w.offerParked(c)
	}
}

// WatchWindow starts the timer that updates the conversation's card when the window's state changes next.
func (w *work) WatchWindow(c *Conversation) {
	at := w.Window(c).NextChange(w.Now)
	if at.IsZero() {
		return
	}
	w.Timers.Start(store.Timer{ConversationID: c.ID, Kind: OwnWindow, DueAt: at})
}

// WindowOver is called when that timer fires: the window has closed, either entirely or only for automatic messages.
func (w *work) WindowOver(c *Conversation) {
	w.WatchWindow(c)
	if c.BridgeStatus().Open() {
		c.RefreshCard()
	}
}

// ParkForWindow parks a reply if the reply window is closed, posts that in the thread, and returns true.
// Templates may leave at any time and are never parked.
func (w *work) ParkForWindow(c *Conversation, m *Message) bool {
	if m.Template != nil || w.Window(c).IsOpenFor(m.AgentID != nil, w.Now) {
		return false
	}
	const notAsked = "" // the provider was not asked
	w.parkUntilOpen(c, m, notAsked)
	return true
}

// KeepIfBlocked checks a reply against the reply window, the times for promotions and the channel's limits. If
// it may not leave, it is parked or kept inside with an explanation, and KeepIfBlocked returns true.
func (w *work) KeepIfBlocked(c *Conversation, m *Message) bool {
	if w.ParkForWindow(c, m) || w.keepLatePromotion(c, m) {
		return true
	}
	return w.keepOverLimits(c, m)
}

// keepLatePromotion keeps a promotional reply inside if it is too late for promotions, explains that, and returns true.
func (w *work) keepLatePromotion(c *Conversation, m *Message) bool {
	problem := PromotionProblem(m.Promotional, w.Window(c), w.Now)
	if problem == nil {
		return false
	}
	m.KeepInside(problem.Code)
	w.Mark(c, m, bridge.MarkInside)
	w.TellWith(c, m, bridge.Line{Content: &bridge.InsideLine{Why: bridge.InWords(problem.Text), Hint: problem.Hint}})
	return true
}

// parkUntilOpen parks a reply because of the reply window and posts that in the thread. If the window is open
// by now, it offers the reply at once. providerText is the provider's reason for a refusal, or "" if Parley
// found out by itself.
func (w *work) parkUntilOpen(c *Conversation, m *Message, providerText string) {
	win := w.Window(c)
	m.Direction = store.DirectionNote
	if win.IsOpen(w.Now) { // opened during the attempt, or open for human agents only
		m.SetFate(store.FateParked, bridge.ReasonOffered)
		w.TellWith(c, m, bridge.Line{
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
	if w.Caps(c.AccountID).Templates {
		line.Verbs = []bridge.Verb{bridge.VerbTemplate, bridge.VerbKeep, bridge.VerbDrop}
	}

	w.Log.ByParley(c, store.DeedParked, Detail{Message: m.ID, Why: bridge.Because(bridge.ReasonWindow)})
	w.TellWith(c, m, line)
	c.RefreshCard()
}

// ClosedByProvider parks a reply that the provider refused because the window is closed. If Parley believed the
// window to be open, it is closed now, unless the customer has opened it since the attempt. d is the delivery that
// was refused, or nil; providerText is the provider's reason.
func (w *work) ClosedByProvider(c *Conversation, m *Message, d *Delivery, providerText string) {
	seemedOpen := c.WindowFrom != nil && w.Window(c).IsOpen(w.Now)
	wasAttempted := d != nil && d.SentAt != nil
	if seemedOpen && wasAttempted {
		attemptedAt := d.SentAt.Add(w.Now.Sub(w.DatabaseNow)) // by Parley's clock
		if c.WindowFrom.Before(attemptedAt) {
			c.WindowFrom = nil
			c.Touch()
		}
	}

	if m.Fate == store.FateParked {
		return // parked when its first part was refused
	}

	for _, part := range w.Outbox.PartsOf(m) {
		w.Outbox.Cancel(part)
	}

	w.Mark(c, m, bridge.MarkWarning)
	w.parkUntilOpen(c, m, providerText)
	w.Messages.ResumeWait(c)
}

// offerParked collects the replies that were parked for the window, in the order in which they were written.
// PostOffers posts them. Replies in earlier conversations with the customer are included; see book.IsOfferedIn.
func (w *work) offerParked(c *Conversation) {
	for _, id := range SortedKeys(w.Conversations.Rows) {
		if !IsOfferedIn(w.Book, c, id) {
			continue
		}
		for _, m := range w.Messages.Parked(w.Conversations.Get(id)) {
			m.Reason, m.Dirty = bridge.ReasonOffered, true
			w.Messages.Offers = append(w.Messages.Offers, m)
		}
	}
	slices.SortFunc(w.Messages.Offers, func(a, b *Message) int { return CompareSaid(&a.Message, &b.Message) })
}

// IsWaitingForWindow reports whether a reply is parked for the window and hasn't been offered yet.
func IsWaitingForWindow(m *Message) bool {
	return m.Fate == store.FateParked && m.Reason == bridge.ReasonWindow
}

// PostOffers posts the replies that offerParked has collected. It is called after the customer's message was
// queued, so that the offers follow it in the thread.
func (w *work) PostOffers(c *Conversation) {
	for _, m := range w.Messages.Offers {
		line := bridge.Line{
			Content: &bridge.OfferedLine{Until: w.Window(c).HumanUntil},
			Verbs:   []bridge.Verb{bridge.VerbSend, bridge.VerbDrop},
		}
		if m.ConversationID != c.ID { // that conversation is over, and nothing can be sent from it
			line.Verbs, line.Other = nil, bridge.Facts{ID: m.ConversationID}
		}
		w.TellWith(c, m, line)
	}
	w.Messages.Offers = nil
}

// RefuseWhileClosed refuses a click that would send a reply that was parked for the window while the window is
// closed. It reports whether it has refused.
func (w *work) RefuseWhileClosed(r Request, m *Message) bool {
	wasOffered := m.Fate == store.FateParked && m.Reason == bridge.ReasonOffered
	isParkedForWindow := wasOffered || IsWaitingForWindow(m)
	if !isParkedForWindow || w.Window(r.Conversation).IsOpen(w.Now) {
		return false
	}
	m.Reason, m.Dirty = bridge.ReasonWindow, true // offers it again when the customer writes
	w.Refuse(r, bridge.ReasonWindow, "The reply window is closed.", "I offer it again when "+r.Conversation.Customer().Name+" writes.")
	return true
}

// KeepForWindow applies the Keep button of a parked reply: the reply waits for the customer's next message. It
// returns false if r is another action or if the reply isn't parked for the window.
func (w *work) KeepForWindow(r Request, m *Message) bool {
	if r.Verb != bridge.VerbKeep || !IsWaitingForWindow(m) {
		return false
	}
	w.Log.ByAgent(r.Conversation, r.Agent, store.DeedKeptForLater, Detail{Message: m.ID})
	w.NoteDecision(m, r.Agent, bridge.OutcomeKept)
	w.Confirm(r, bridge.Line{
		Content: &bridge.KeptLine{Reason: bridge.ReasonWindow},
		Verb:    bridge.VerbKeep,
	})
	return true
}
