package speech

import (
	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/outbound"
	"parley/store"
)

// resending has a reply leave of which earlier attempts have left something, or may have.
type resending struct{ *UseCases }

// sendRemainder has a reply leave of which something has left, or may have: what is under way counts, and only those parts are
// sent that have ended. So the customer gets nothing twice.
func (sp resending) sendRemainder(r book.Request, m *book.Message) {
	for _, d := range sp.Outbox.PartsOf(m).Remainder() {
		requeueReply(sp.Outbox, d)
	}

	m.Direction, m.Fate = store.DirectionOut, store.FateWaiting
	m.Dirty = true
	if d := sp.Outbox.FirstPartOf(m); d != nil { // it counts as sent now, so that it may change the conversation's status again
		p := d.DecodedPayload()
		p.KeepsStatus = false
		d.SetPayload(p)
	}

	sp.replies.NoteReplied(r.Conversation, r.Agent, m)
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

// isStillTried reports whether an attempt at a delivery that has ended may still run: a bounce has come before its result.
func (sp resending) isStillTried(d *book.Delivery) bool {
	l := sp.Outbox.Lanes[d.LaneID]
	mayBeTried := d.State != store.Cancelled && l != nil
	return mayBeTried && d.Seq > l.Head && l.LeasedUntil != nil
}

// refuseBusy refuses to send a reply of which an attempt still runs.
func (sp resending) refuseBusy(r book.Request) {
	sp.Refuse(r, "busy", "Its last attempt has not ended yet.", "Click again in a minute.")
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
	d.SetPayload(outbound.Payload{Place: before.Place, ReplyPayload: kept})
	d.State, d.Dirty = store.Queued, true
	d.NotBefore, d.AbsentAt = nil, nil
	d.FirstAt, d.WarnedAt = nil, nil
	if d.Seq == l.Head+1 && l.LeasedUntil == nil {
		o.SetDue(l, nil)
	}

	l.Dirty = true
}
