package speech

import (
	"slices"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/outbound"
	"parley/store"
)

// resending has a reply leave of which earlier attempts have left something, or may have.
type resending struct{ *UseCases }

// refuseRemainder refuses to send what is left of a reply if refuseAgain refuses one of the parts.
func (sp resending) refuseRemainder(r book.Request, m *book.Message) bool {
	for _, d := range sp.Outbox.PartsOf(m).Remainder(len(m.Files)) {
		if d.State == store.Failed && sp.refuseAgain(r, d) {
			return true
		}
	}
	return false
}

// refuseAgain refuses to send a delivery again while its last attempt may still run, or if that was clicked before Parley was
// restored from a backup: then it may have been sent since. It returns false if the delivery can be sent.
func (sp resending) refuseAgain(r book.Request, d *book.Delivery) bool {
	if sp.replies.IsBeforeRestore() {
		sp.Refuse(r, "restored", "That was clicked before Parley was restored from a backup.", "Click again if it wasn't sent.")
		return true
	}

	l := sp.Outbox.Lanes[d.LaneID]
	mayStillRun := l != nil && d.Seq > l.Head && l.LeasedUntil != nil // a bounce has come before the result of the attempt
	if mayStillRun {
		sp.Refuse(r, "busy", "Its last attempt has not ended yet.", "Click again in a minute.")
	}
	return mayStillRun
}

// cancelWaiting takes back the parts of a reply that still wait: the whole reply is about to be queued anew.
func (sp resending) cancelWaiting(m *book.Message) {
	for _, d := range sp.Outbox.PartsOf(m) {
		sp.Outbox.Cancel(d)
	}
}

// sendRemainder has a reply leave of which something has left, or may have: what is under way counts, and only those parts are
// sent that have ended. So the customer gets nothing twice. About a part of which nobody knows whether it has left, a person is
// asked.
func (sp resending) sendRemainder(r book.Request, m *book.Message) {
	parts := sp.Outbox.PartsOf(m)
	for _, d := range parts.Remainder(len(m.Files)) {
		requeueReply(sp.Outbox, d)
	}

	m.Direction, m.Fate = store.DirectionOut, store.FateWaiting
	m.Dirty = true
	for _, d := range parts.Unclear() {
		m.Fate = store.FateUnclear
		sp.TellWith(r.Conversation, m, bridge.Line{Content: &bridge.UnclearLine{Reason: d.ErrorText}, Text: sp.PartName(m, d),
			Verbs: []bridge.Verb{bridge.VerbSendAgain, bridge.VerbMarkSent}, Args: bridge.Args{Delivery: d.ID}})
	}

	if d := sp.Outbox.FirstPartOf(m); d != nil { // it counts as sent now, so that it may change the conversation's status again
		p := d.DecodedPayload()
		p.KeepsStatus = false
		d.SetPayload(p)
	}

	sp.replies.NoteReplied(r.Conversation, r.Agent, m)
}

// stopRemovedFiles takes back the parts of a reply that still wait and carry a file that an edit has removed, though its text has
// left. If nothing else of the reply waits, the customer has all of it.
func (sp resending) stopRemovedFiles(r book.Request, m *book.Message) {
	isKept := func(f store.FileRef) bool {
		return slices.ContainsFunc(r.Files, func(g bridge.SurfaceFile) bool { return g.Name == f.Name && g.SizeBytes == f.SizeBytes })
	}

	parts, isStopped := sp.Outbox.PartsOf(m), false
	for _, d := range parts {
		s := d.DecodedPayload().Span
		if s == nil {
			continue
		}

		carried := m.Files[min(s.From, len(m.Files)):min(s.To, len(m.Files))]
		hasRemoved := slices.ContainsFunc(carried, func(f store.FileRef) bool { return !isKept(f) })
		isStopped = hasRemoved && sp.Outbox.Cancel(d) || isStopped
	}

	if isStopped && m.Fate == store.FateWaiting && parts.AllLeft() {
		sp.CustomerGot(r.Conversation, m)
		sp.MarkSent(r.Conversation, m, false)
	}
}

// markSent has a delivery count as sent. Its message counts as sent if it has no other part that has not been.
func (sp resending) markSent(r book.Request, d *book.Delivery, m *book.Message) {
	d.State, d.Dirty = store.Accepted, true
	sp.Log.ByAgent(r.Conversation, r.Agent, store.DeedMarkedSent, book.Detail{Message: m.ID})
	if sp.Outbox.AwaitOtherParts(m) {
		return
	}

	m.Fate, m.Dirty = store.FateOut, true
	sp.replies.AwaitCustomer(r.Conversation, false)
	sp.Mark(r.Conversation, m, bridge.MarkSent)
}

// requeueReply has a reply's delivery attempted as if for the first time. If its lane has gone on, it goes to the end of it.
func requeueReply(o *book.Outbox, d *book.Delivery) {
	l := o.Lanes[d.LaneID]
	if d.Seq <= l.Head {
		l.Tail++
		d.Seq = l.Tail
	}

	before := d.DecodedPayload()
	if d.State == store.Failed { // the provider is done with the earlier attempt, so that this one has another number there
		before.Again++
	}

	kept := outbound.ReplyPayload{Span: before.Span, Again: before.Again} // not Meant: it goes to those who get replies now
	if d.Part > 0 {
		kept.Earlier = before.Earlier // the text has left
	}

	d.SetPayload(outbound.Payload{Place: before.Place, ReplyPayload: kept})
	d.State, d.Dirty = store.Queued, true
	d.NotBefore, d.AbsentAt = nil, nil
	d.FirstAt, d.WarnedAt = nil, nil
	if d.Seq == l.Head+1 && l.LeasedUntil == nil {
		o.SetDue(l, nil)
	}

	l.Dirty = true
}
