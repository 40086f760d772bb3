package engine

import (
	"time"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/store"
)

const (
	windowReason  = bridge.ReasonWindow // of a reply that is parked because the reply window was closed
	offeredReason = "offered"           // of such a reply, since it was offered again when the window opened
	maxOffered    = 10                  // parked replies that are offered at once
	windowStep    = 10 * time.Minute    // to which the window's end on a card is cut
)

func (w *work) window(c *conv) outbound.Window {
	return outbound.WindowOf(w.e.caps(c.AccountID), c.WindowFrom)
}

// opensWindow says that an inbound restarts the reply window. The customer's own words and taps do; what
// a machine sent, a status, an echo or an edit never does.
func opensWindow(in channels.Inbound) bool {
	if in.Historical || in.Automatic != "" || in.Consent != nil && in.Consent.Silent {
		return false
	}
	return in.Kind == channels.InboundMessage && in.Target == "" || in.Opens // with a target it is an edit whose message never came
}

// openWindow notes that the customer opened the reply window, and offers what waited for it.
func (w *work) openWindow(c *conv, in channels.Inbound) {
	if !opensWindow(in) || w.e.caps(c.AccountID).ReplyWindow == 0 {
		return
	}
	// ReceivedAt and At are of real clocks, while Parley's may have been moved by ahead. A message that came
	// late opened the window when it was sent, not when it came.
	ahead := w.now.Sub(w.real)
	from := w.event.ReceivedAt.Add(ahead)
	if at := in.At.Add(ahead); !in.At.IsZero() && at.Before(from) {
		from = at
	}
	if from.After(w.now) {
		from = w.now
	}
	if c.WindowFrom != nil && !c.WindowFrom.Before(from) {
		return
	}
	c.WindowFrom = &from
	c.touch()
	w.watchWindow(c)
	if w.window(c).Open(w.now) {
		w.messages.offerParked(c)
	}
}

// watchWindow starts the timer that updates the card when the window's state changes.
func (w *work) watchWindow(c *conv) {
	at := w.window(c).Next(w.now)
	if at.IsZero() {
		return
	}
	w.timers.start(store.Timer{ConversationID: c.ID, Kind: ownWindow, DueAt: at})
}

// windowOver updates the card after a window has closed, for all or only for machines.
func (w *work) windowOver(c *conv) {
	w.watchWindow(c)
	if c.status().Open() {
		c.refreshCard()
	}
}

// windowShown is the part of a card's digest that stands for the window. The window's end is cut to ten
// minutes, so that not every message of a customer changes the card. The end that the card shows
// is too early by less than that.
func (w *work) windowShown(c *conv) string {
	win := w.window(c)
	switch {
	case !win.Limited || !c.status().Open():
		return ""
	case !win.Open(w.now):
		return "closed"
	case !win.OpenFor(false, w.now):
		return "people " + win.Human.Truncate(windowStep).UTC().String()
	}
	return win.Human.Truncate(windowStep).UTC().String() // providers' times are in UTC, the database's in the machine's zone
}

// parkForWindow keeps a reply that may not be sent because the reply window is closed. It
// says no where the window is open, and to templates.
func (w *work) parkForWindow(c *conv, m *message) bool {
	if m.Template != nil || w.window(c).OpenFor(m.AgentID != nil, w.now) {
		return false
	}
	w.windowClosed(c, m, "")
	return true
}

// tooLateToPromote keeps a promotional reply inside that may not leave any more, and says so. It says
// no to answers, and where promotions may leave.
func (w *work) tooLateToPromote(c *conv, m *message) bool {
	problem := outbound.PromotionProblem(m.Promotional, w.window(c), w.now)
	if problem == nil {
		return false
	}
	m.Direction, m.Fate, m.Reason, m.dirty = store.DirectionNote, store.FateInside, problem.Code, true
	w.tellWith(c, m, bridge.Line{Content: &bridge.InsideLine{Reason: problem.Text, Hint: problem.Hint}})
	return true
}

// windowClosed parks a reply and says so. text is what the provider said; "" = it wasn't asked.
func (w *work) windowClosed(c *conv, m *message, text string) {
	win := w.window(c)
	if win.Open(w.now) { // opened while the attempt was under way, or for people alone
		m.Direction, m.Fate, m.Reason, m.dirty = store.DirectionNote, store.FateParked, offeredReason, true
		w.tellWith(c, m, bridge.Line{Content: &bridge.OfferedLine{Until: win.Human, Provider: text},
			Verbs: []bridge.Verb{bridge.VerbSend, bridge.VerbDrop}})
		return
	}
	m.Direction, m.Fate, m.Reason, m.dirty = store.DirectionNote, store.FateParked, windowReason, true
	line := bridge.Line{Content: &bridge.ParkedLine{Reason: windowReason, Hint: text, Until: win.Human},
		Verbs: []bridge.Verb{bridge.VerbKeep, bridge.VerbDrop}}
	if w.e.caps(c.AccountID).Templates {
		line.Verbs = []bridge.Verb{bridge.VerbTemplate, bridge.VerbKeep, bridge.VerbDrop}
	}
	w.log.byParley(c, store.DeedParked, detail{Message: m.ID, Reason: windowReason})
	w.tellWith(c, m, line)
	c.refreshCard()
}

// closedByProvider parks a reply that the provider refused because the window is closed. If Parley took
// the window for open, that was wrong, unless the customer has opened it since the attempt.
func (w *work) closedByProvider(c *conv, m *message, text string) {
	d := w.outbox.replyOf(m)
	if c.WindowFrom != nil && w.window(c).Open(w.now) && d != nil && d.SentAt != nil && c.WindowFrom.Before(d.SentAt.Add(w.now.Sub(w.real))) {
		c.WindowFrom = nil
		c.touch()
	}
	if m.Fate == store.FateParked {
		return // with its first part
	}
	for _, part := range w.outbox.partsOf(m) {
		w.outbox.cancel(part)
	}
	w.mark(c, m, bridge.MarkWarning)
	w.windowClosed(c, m, text)
	w.messages.unanswered(c)
}

// offerParked offers the replies again that were parked for the window, each once. A new conversation also
// offers those that still wait in the conversation that it continues.
func (ms *messages) offerParked(c *conv) {
	for _, id := range keys(ms.rows) {
		m := ms.rows[id]
		before := c.fresh && c.PreviousID != nil && m.ConversationID == *c.PreviousID
		if m.ConversationID != c.ID && !before || m.Fate != store.FateParked || m.Reason != windowReason {
			continue
		}
		m.Reason, m.dirty = offeredReason, true
		ms.offers = append(ms.offers, m)
	}
}

// sayOffers posts the offers of offerParked. It is called after the customer's message was queued, so that
// they come behind it.
func (w *work) sayOffers(c *conv) {
	for _, m := range w.messages.offers {
		line := bridge.Line{Content: &bridge.OfferedLine{Until: w.window(c).Human}, Verbs: []bridge.Verb{bridge.VerbSend, bridge.VerbDrop}}
		if m.ConversationID != c.ID { // that one has ended: nothing is sent from there
			line.Verbs, line.Other = nil, bridge.Facts{ID: m.ConversationID}
		}
		w.tellWith(c, m, line)
	}
	w.messages.offers = nil
}

// refuseClosed refuses to send a parked reply while the window is closed. It says no where
// the window is open, or the text was not parked for it.
func (w *work) refuseClosed(r request, m *message) bool {
	if m.Fate != store.FateParked || m.Reason != windowReason && m.Reason != offeredReason || w.window(r.conv).Open(w.now) {
		return false
	}
	m.Reason, m.dirty = windowReason, true // offered again the next time
	w.refuse(r, windowReason, "The reply window is closed.", "I offer it again when "+r.conv.customer().Name+" writes.")
	return true
}

// keepForWindow lets a text wait for the customer's next message. It says no to texts that
// were not parked for the window.
func (w *work) keepForWindow(r request, m *message) bool {
	c, surface, a := r.conv, r.surface, r.Action
	if a.Verb != bridge.VerbKeep || m.Fate != store.FateParked || m.Reason != windowReason {
		return false
	}
	w.log.byAgent(c, r.agent, store.DeedKeptForLater, detail{Message: m.ID})
	w.decide(m, r.agent, bridge.OutcomeKept)
	w.confirm(c, surface, a, bridge.Line{Content: &bridge.KeptLine{Reason: windowReason}, Verb: bridge.VerbKeep})
	return true
}

// openedIn gives the conversations whose window the batch opens.
func (b *book) openedIn(n *wanted) []int64 {
	var list []int64
	for _, f := range n.facts {
		for _, in := range f.inbound {
			if !opensWindow(in) || b.caps(f.account.ID).ReplyWindow == 0 {
				continue
			}
			if c := b.conversationOf(f.account, in); c != nil {
				list = append(list, c.ID)
			}
		}
	}
	return compact(list)
}

// windowFacts says until when a conversation's customer can be answered, as of now.
func (e *Engine) windowFacts(f *bridge.Facts, c *store.Conversation, now time.Time) {
	caps := e.caps(c.AccountID)
	win := outbound.WindowOf(caps, c.WindowFrom)
	f.WindowUntil, f.WindowClosed, f.Templates = win.Human, !win.Open(now), caps.Templates
	f.WindowPeople = !f.WindowClosed && !win.OpenFor(false, now)
}
