package engine

import (
	"parley/bridge"
	"parley/bridge/engine/files"
	"parley/bridge/engine/outbound"
	"parley/store"
)

// decideMessage does Send, Keep and Drop: the click on a text that stayed inside.
func (w *work) decideMessage(r request) {
	c, surface, a := r.conv, r.surface, r.Action
	if a.Verb == bridge.VerbSend && a.Args.Typed != nil {
		w.sendChannelText(r)
		return
	}
	m := w.namedMessage(r)
	if m == nil || m.ConversationID != c.ID || m.AuthorUser == "" {
		w.refuse(r, "unknown_message", "I don't know which message you mean.", "Use the button under the message.")
		return
	}
	if w.keepForWindow(r, m) {
		return
	}
	if a.Verb == bridge.VerbSend {
		w.sendKept(r, m)
		return
	}
	if m.Fate == store.FateWaiting {
		if !w.outbox.cancelReply(m) {
			w.refuse(r, "too_late", "It is on its way to the customer already.", "Write a correction in this thread.")
			return
		}
	}
	switch m.Fate {
	case store.FateWaiting, store.FateAsk, store.FateParked:
		m.Direction, m.Fate, m.dirty = store.DirectionNote, store.FateInside, true
		w.decide(m, r.agent, "")
		if a.Verb == bridge.VerbDrop {
			m.Fate = store.FateDropped
		}
		w.log.byAgent(c, r.agent, store.DeedKeptInside, detail{Message: m.ID})
		w.messages.unanswered(c)
		w.mark(c, m, bridge.MarkInside)
		w.confirm(c, surface, a, bridge.Line{})
	default:
		w.refuseDecided(r, m)
	}
}

// sendKept sends a kept text after all; who clicks joins as assignee.
func (w *work) sendKept(r request, m *message) {
	switch m.Fate {
	case store.FateInside, store.FateAsk, store.FateParked, store.FateUndone, store.FateFailed:
	default:
		w.refuseDecided(r, m)
		return
	}
	if w.refuseKept(r, m) {
		return
	}
	if *m.AgentID != r.agent.ID && !r.Args.Sure {
		w.askSendAs(r, m)
		return
	}
	if !w.claim(r, m) {
		return
	}
	w.decide(m, r.agent, "")
	m.Reason = outbound.ClickedReason
	if m.Fate == store.FateUndone {
		m.Reason = outbound.RevivedReason
	}
	if w.outbox.underWayReply(m) {
		// Taken back too late to be sure: the attempt that runs is the one that is wanted.
		m.Direction, m.Fate, m.dirty = store.DirectionOut, store.FateWaiting, true
		if d := w.outbox.firstOf(m); d != nil { // it is sent anew, so that it may change the status again
			p := d.payload()
			p.KeepsStatus = false
			d.setPayload(p)
		}
		w.answered(r.conv, r.agent, m)
		return
	}
	w.sendToCustomer(r.conv, r.agent, r.surface, m, w.formOrder())
	if *m.AgentID != r.agent.ID && m.Fate == store.FateWaiting {
		w.tellSentAs(r.conv, r.agent, r.surface, m)
	}
}

// refuseKept refuses a kept text that nobody can send as things are. It says no where the text can
// be sent.
func (w *work) refuseKept(r request, m *message) bool {
	switch {
	case !r.conv.status().Open():
		w.refuse(r, "not_open", "This conversation is "+r.conv.Status+".", r.conv.afterTheEnd())
	case r.conv.account.Mode == "watch":
		w.refuse(r, "watch", "This account only watches: nothing is sent.", "An admin can switch it to live.")
	case m.AgentID == nil:
		w.refuse(r, "not_an_agent", "Its author is no agent.", "Copy the text and send it as your own.")
	default:
		return w.refuseClosed(r, m)
	}
	return true
}

// askSendAs asks whoever clicked to confirm that a colleague's text is to leave: the customer gets it
// as its author's.
func (w *work) askSendAs(r request, m *message) {
	c, surface := r.conv, r.surface
	line := bridge.Line{Content: bridge.LineSendAs, By: w.dir.Ref(surface, *m.AgentID), Text: m.Text,
		Files: files.UploadedNames(&m.Message), Customer: c.customer(),
		Verbs: []bridge.Verb{bridge.VerbSend}, Args: bridge.Args{Conversation: c.ID, Message: m.ID, Sure: true}}
	if m.AccountID == surface {
		line.SourceRef = bridge.Place{Channel: m.Channel, Message: m.Place}
	}
	w.whisper(c, surface, r.Action, line)
}

// tellSentAs says in the thread who sends a colleague's text. So its author notices, and anybody can
// take the reply back while it waits.
func (w *work) tellSentAs(c *conv, agent *store.Agent, surface int64, m *message) {
	w.lineAbout(c, m, bridge.Line{Content: bridge.LineDone, Verb: bridge.VerbSend, By: w.dir.Ref(surface, agent.ID),
		Text: m.Text, Files: files.UploadedNames(&m.Message),
		Verbs: []bridge.Verb{bridge.VerbUndo}, Args: bridge.Args{Conversation: c.ID, Message: m.ID}})
}

// decideDelivery does Send again and Mark as sent on a reply of which nobody knows whether it was
// sent, and Send again on one that failed.
func (w *work) decideDelivery(r request) {
	d := w.outbox.deliveries[r.Args.Delivery]
	if d == nil {
		if m := w.namedMessage(r); m != nil {
			d = w.outbox.replyOf(m)
		}
	}
	var m *message
	if d != nil {
		m = w.messages.rows[d.MessageID]
	}
	if d == nil || m == nil || m.ConversationID != r.conv.ID || w.outbox.lanes[d.LaneID] == nil || d.Kind != outbound.KindReply {
		w.refuse(r, "unknown_message", "I don't know which message you mean.", "Use the button under the message.")
		return
	}
	if d.State != store.NeedsDecision && d.State != store.Failed || r.Verb == bridge.VerbMarkSent && d.State != store.NeedsDecision ||
		m.Fate != store.FateFailed && m.Fate != store.FateUnclear {
		w.refuseDecided(r, m)
		return
	}
	if r.Verb == bridge.VerbSendAgain && w.beforeRestore() {
		w.refuse(r, "restored", "That was clicked before Parley was restored from a backup.", "Click again if it wasn't sent.")
		return
	}
	l := w.outbox.lanes[d.LaneID]
	if r.Verb == bridge.VerbSendAgain && d.Seq > l.Head && l.LeasedUntil != nil { // a bounce came before the result of the attempt
		w.refuse(r, "busy", "Its last attempt has not ended yet.", "Click again in a minute.")
		return
	}
	w.decide(m, r.agent, "")
	if r.Verb == bridge.VerbMarkSent {
		d.State, d.dirty = store.Accepted, true
		m.Fate, m.dirty = store.FateOut, true
		w.customersTurn(r.conv, false)
		w.log.byAgent(r.conv, r.agent, store.DeedMarkedSent, detail{Message: m.ID})
		w.mark(r.conv, m, bridge.MarkSent)
		return
	}
	if d.Seq <= l.Head {
		l.Tail++
		d.Seq = l.Tail
	}
	before := d.payload()
	if d.State == store.Failed { // the provider is done with the earlier attempt
		before.Again++
	}
	d.setPayload(outbound.Payload{Place: before.Place, Span: before.Span, Again: before.Again}) // to whom it goes now
	d.State, d.NotBefore, d.AbsentAt, d.FirstAt, d.WarnedAt, d.dirty = store.Queued, nil, nil, nil, nil, true
	if d.Seq == l.Head+1 && l.LeasedUntil == nil {
		w.outbox.due(l, nil)
	}
	l.dirty = true
	m.Direction, m.Fate, m.dirty = store.DirectionOut, store.FateWaiting, true
	w.log.byAgent(r.conv, r.agent, store.DeedSentAgain, detail{Message: m.ID})
}
