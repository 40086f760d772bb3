package speech

import (
	"cmp"
	"slices"
	"strings"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/outbound"
	"parley/bridge/engine/threads"
	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// A reply leaves as one or more deliveries, its parts: a text with files may be too much for one message. If a part failed, or
// nobody knows whether it left (it is unclear), an agent's click sends the reply again. This file makes sure that the customer
// gets nothing twice: only what has ended without arriving is queued again, and a person is asked about unclear parts.

// resending sends a reply again of which something has left, or may have.
type resending struct{ *UseCases }

// refuseRemainder refuses a click that is to send what is left of a reply. It returns false unless
//   - the click is older than Parley's restore from a backup, and something of the reply has left, or may have (isUnsent is
//     false), or
//   - a part that would be sent can't be sent again now (refuseAgain).
func (sp resending) refuseRemainder(r book.Request, m *book.Message, isUnsent bool) bool {
	if !isUnsent && sp.refuseRestored(r) {
		return true
	}
	return slices.ContainsFunc(sp.Outbox.PartsOf(m).Remainder(m), func(d *book.Delivery) bool {
		return d.State == store.Failed && sp.refuseAgain(r, d)
	})
}

// refuseRestored refuses a click from before Parley was restored from a backup: what it asks for may have been done before the
// restore, without a trace in the backup. It returns false for any other click.
func (sp resending) refuseRestored(r book.Request) bool {
	isBefore := sp.replies.IsBeforeRestore()
	if isBefore {
		sp.Refuse(r, bridge.ReasonRestored, "That was clicked before Parley was restored from a backup.", "Click again if it wasn't sent.")
	}
	return isBefore
}

// refuseAgain refuses to send a delivery again while its last attempt may still run, or if that was clicked before Parley was
// restored. It returns false if the delivery can be sent.
func (sp resending) refuseAgain(r book.Request, d *book.Delivery) bool {
	if sp.refuseRestored(r) {
		return true
	}

	mayStillRun := sp.mayStillRun(d)
	if mayStillRun {
		sp.Refuse(r, "busy", "Its last attempt has not ended yet.", "Click again in a minute.")
	}
	return mayStillRun
}

// refuseSeveral refuses to decide about a reply if several of its parts are undecided and the request names none of them. The refusal
// names the parts, unless colleagues may not read the reply. It returns false in all other cases.
func (sp resending) refuseSeveral(r book.Request, m *book.Message) bool {
	undecided := undecidedParts(sp.Outbox, r, m)
	isNamed := sp.Outbox.Deliveries[r.Args.Delivery] != nil
	if isNamed || len(undecided) < 2 {
		return false
	}

	which := ""
	if !book.IsConfidential(&m.Message) {
		names := make([]string, len(undecided))
		for i, d := range undecided {
			names[i] = cmp.Or(sp.PartName(m, d), "the text")
		}
		which = ": " + strings.Join(names, ", ")
	}
	sp.Refuse(r, "several_parts", "Several parts of it are undecided"+which+".", "Use the button of the line about each.")
	return true
}

// mayStillRun reports whether the last attempt at a failed delivery has no result yet, because a bounce came before the result.
func (sp resending) mayStillRun(d *book.Delivery) bool {
	l := sp.Outbox.Lanes[d.LaneID]
	return l != nil && d.Seq > l.Head && l.LeasedUntil != nil
}

// AwaitsResult reports whether a click on Send again has to wait, for a moment at most, for the result of the reply's last attempt.
func (sp *UseCases) AwaitsResult(r book.Request) bool {
	if r.Verb != bridge.VerbSendAgain || sp.Age() > book.ResultWait {
		return false
	}
	d, _ := deliveryToDecide(sp.Book, r)
	return d != nil && d.State == store.Failed && sp.resending.mayStillRun(d)
}

// cancelWaiting takes back the parts of a reply that still wait: the whole reply is about to be queued again.
func (sp resending) cancelWaiting(m *book.Message) {
	for _, d := range sp.Outbox.PartsOf(m) {
		sp.Outbox.Cancel(d)
	}
}

// sendRemainder sends the rest of a reply of which something has left, or may have: the parts that have ended without arriving.
// It asks a person about each unclear part.
func (sp resending) sendRemainder(r book.Request, m *book.Message) {
	parts := sp.Outbox.PartsOf(m)
	requeueParts(sp.Outbox, parts.Remainder(m))

	m.Direction, m.Fate = store.DirectionOut, store.FateWaiting
	m.Dirty = true
	sp.askAboutUnclear(r.Conversation, m)

	if d := sp.Outbox.FirstPartOf(m); d != nil { // the click counts as a new reply, which may change the conversation's status
		p := d.DecodedPayload()
		p.KeepsStatus, p.Overtaken = false, false
		d.SetPayload(p)
	}

	sp.replies.NoteReplied(r, m)
}

// askAboutUnclear asks a person about each unclear part of a reply. It returns false, and changes nothing, if there is none.
func (sp resending) askAboutUnclear(c *book.Conversation, m *book.Message) bool {
	unclear := sp.Outbox.PartsOf(m).Unclear()
	for _, d := range unclear {
		sp.askWhetherItLeft(c, m, d)
	}
	return len(unclear) > 0
}

// askWhetherItLeft asks a person about one part of a reply of which nobody knows whether it has left.
func (sp resending) askWhetherItLeft(c *book.Conversation, m *book.Message, d *book.Delivery) {
	m.Fate, m.Dirty = store.FateUnclear, true
	sp.TellWith(c, m, threads.UnclearReply(sp.Writer, c, m, d, relay.ReasonWords(d.ErrorClass, d.ErrorText)))
}

// tellMayHaveLeft posts a line about each unclear part of a reply that was edited into a text which stays inside: the part may
// have left with its earlier words. The lines have no buttons, because there is nothing to send again.
func (sp resending) tellMayHaveLeft(c *book.Conversation, m *book.Message) {
	for _, d := range sp.Outbox.PartsOf(m).Unclear() {
		line := bridge.Line{Content: &bridge.UnclearLine{Trouble: relay.ReasonWords(d.ErrorClass, d.ErrorText)}}
		if earlier := d.DecodedPayload().Earlier; len(earlier) > 0 {
			line.Text = earlier[0].Text
		}
		sp.TellWith(c, m, line)
	}
}

// stopRemovedFiles takes back the files that an edit has removed and that haven't left, after the reply's text has. If nothing
// else of the reply waits, the customer has all of it.
func (sp resending) stopRemovedFiles(r book.Request, m *book.Message) book.FileChanges {
	changes := book.Edits{Outbox: sp.Outbox}.RemoveFiles(m, book.SurfaceFiles(r.Files))
	if sp.Outbox.StopEmptyParts(m) {
		sp.SettleStopped(r.Conversation, m)
	}
	return changes
}

// SettleStopped is called when parts of a reply were taken back. If all others have left, it notes that the customer has the
// reply.
func (sp *UseCases) SettleStopped(c *book.Conversation, m *book.Message) {
	switch m.Fate {
	case store.FateWaiting, store.FateUnclear, store.FateFailed:
		if !sp.Outbox.AwaitOtherParts(m) {
			sp.CustomerGot(c, m)
			const followed = false // by another line in the same message
			sp.MarkSent(c, m, followed)
		}
	default:
	}
}

// markSent has a delivery count as sent, because an agent says so. Its message counts as sent if all other parts do.
func (sp resending) markSent(r book.Request, d *book.Delivery, m *book.Message) {
	d.State, d.Dirty = store.Accepted, true
	sp.Log.Did(r, book.Detail{Message: m.ID})
	if sp.Outbox.AwaitOtherParts(m) {
		return
	}

	sp.CustomerGot(r.Conversation, m)
	sp.Mark(r.Conversation, m, bridge.MarkSent)
}

// requeueParts has parts of a reply attempted as if for the first time. Among the places that they get in the lane, it gives
// them theirs in their order: a part that an edit added may have an earlier place than a failed one gets now.
func requeueParts(o *book.Outbox, parts book.Parts) {
	places := make([]int64, len(parts))
	for i, d := range parts {
		requeueReply(o, d)
		places[i] = d.Seq
	}
	slices.Sort(places)
	for i, d := range parts {
		d.Seq = places[i]
	}
}

// requeueReply has a reply's delivery attempted as if for the first time. If its lane has gone on, it goes to the end of it.
func requeueReply(o *book.Outbox, d *book.Delivery) {
	l := o.Lanes[d.LaneID]
	if d.Seq <= l.Head {
		l.Tail++
		d.Seq = l.Tail
	}

	// The new payload names no recipients: the reply goes to those who get replies now, not to those for whom it was Meant.
	before := d.DecodedPayload()
	kept := outbound.ReplyPayload{
		Span:    before.Span,
		Again:   before.Again,
		Former:  d.ExternalID,
		Before:  slices.Concat(before.Before, before.Meant, before.Copied),
		Clicked: true,
		Unclear: before.Unclear || d.State == store.NeedsDecision,
	}
	if d.Part > 0 {
		kept.Earlier = before.Earlier // the text has left
	}

	// Again is part of the number by which a provider knows an attempt. With another number, it doesn't take the attempt for a
	// repetition of one that it is done with, or that had other words.
	isDone := d.State == store.Failed
	hasOtherWords := d.Part == 0 && len(before.Earlier) > 0
	if isDone || hasOtherWords {
		kept.Again++
	}

	if d.State == store.NeedsDecision {
		d.ErrorClass = string(channels.Ambiguous) // it may have none: a process ended during the attempt, or Parley was restored
	}

	d.SetPayload(outbound.Payload{Place: before.Place, ReplyPayload: kept, Uncounted: d.Attempt})
	d.State, d.Dirty = store.Queued, true
	d.Joined, d.JoinKey = 0, ""                                         // it leaves alone now
	d.NotBefore, d.FirstAt, d.WarnedAt, d.AbsentAt = nil, nil, nil, nil // nothing of the earlier attempts counts
	if d.Seq == l.Head+1 && l.LeasedUntil == nil {
		o.SetDue(l, nil)
	}

	l.Dirty = true
}
