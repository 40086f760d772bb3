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

// resending sends a reply again of which the customer has something already, or may have.
type resending struct{ *UseCases }

// refuseRemainder refuses a click that is to send what is left of a reply, and reports whether it did. It refuses in two cases:
//   - The click is older than Parley's restore from a backup, and something of the reply has left, or may have (isUnsent is false).
//   - One of the parts that would be sent can't be sent again now (refuseAgain).
func (sp resending) refuseRemainder(r book.Request, m *book.Message, isUnsent bool) bool {
	if !isUnsent && sp.refuseRestored(r) {
		return true
	}
	return slices.ContainsFunc(sp.Outbox.PartsOf(m).Remainder(m), func(d *book.Delivery) bool {
		return d.State == store.Failed && sp.refuseAgain(r, d)
	})
}

// refuseRestored refuses what was clicked before Parley was restored from a backup: it may have been done since.
func (sp resending) refuseRestored(r book.Request) bool {
	isBefore := sp.replies.IsBeforeRestore()
	if isBefore {
		sp.Refuse(r, "restored", "That was clicked before Parley was restored from a backup.", "Click again if it wasn't sent.")
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

// refuseSeveral refuses to decide about a reply of which several parts are undecided, if the request names none of them, and says
// which they are. It reports whether it did.
func (sp resending) refuseSeveral(r book.Request, m *book.Message) bool {
	undecided := sp.Outbox.PartsOf(m).Undecided(r.Verb)
	isNamed := sp.Outbox.Deliveries[r.Args.Delivery] != nil
	if isNamed || len(undecided) < 2 {
		return false
	}

	names := make([]string, len(undecided))
	for i, d := range undecided {
		names[i] = cmp.Or(sp.PartName(m, d), "the text")
	}
	sp.Refuse(r, "several_parts", "Several parts of it are undecided: "+strings.Join(names, ", ")+".", "Use the button of the line about each.")
	return true
}

// mayStillRun reports whether the last attempt at a delivery that failed has no result yet: a bounce has come before it.
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
	return d != nil && d.State == store.Failed && resending{sp}.mayStillRun(d)
}

// cancelWaiting takes back the parts of a reply that still wait: the whole reply is about to be queued anew.
func (sp resending) cancelWaiting(m *book.Message) {
	for _, d := range sp.Outbox.PartsOf(m) {
		sp.Outbox.Cancel(d)
	}
}

// sendRemainder sends the rest of a reply of which something has left, or may have: the parts that have ended. So the customer gets
// nothing twice. It asks a person about parts of which nobody knows whether they have left.
func (sp resending) sendRemainder(r book.Request, m *book.Message) {
	parts := sp.Outbox.PartsOf(m)
	requeueParts(sp.Outbox, parts.Remainder(m))

	m.Direction, m.Fate = store.DirectionOut, store.FateWaiting
	m.Dirty = true
	sp.askAboutUnclear(r.Conversation, m)

	if d := sp.Outbox.FirstPartOf(m); d != nil { // it counts as sent now, so that it may change the conversation's status again
		p := d.DecodedPayload()
		p.KeepsStatus = false
		d.SetPayload(p)
	}

	sp.replies.NoteReplied(r.Conversation, r.Agent, m)
}

// askAboutUnclear asks a person about each part of a reply of which nobody knows whether it has left. It returns false, and changes
// nothing, if there is none.
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

// tellMayHaveLeft tells of each part of a reply of which nobody knows whether it has left with its earlier words. The reply was edited into
// a text that stays inside: no button sends that again.
func (sp resending) tellMayHaveLeft(c *book.Conversation, m *book.Message) {
	for _, d := range sp.Outbox.PartsOf(m).Unclear() {
		line := bridge.Line{Content: &bridge.UnclearLine{Reason: relay.ReasonWords(d.ErrorClass, d.ErrorText)}}
		if earlier := d.DecodedPayload().Earlier; len(earlier) > 0 {
			line.Text = earlier[0].Text
		}
		sp.TellWith(c, m, line)
	}
}

// stopRemovedFiles takes back the files that an edit has removed, and that haven't left, though the reply's text has. If nothing else
// of the reply waits, the customer has all of it.
func (sp resending) stopRemovedFiles(r book.Request, m *book.Message) book.FileChanges {
	changes := book.Edits{Outbox: sp.Outbox}.RemoveFiles(m, book.SurfaceFiles(r.Files))
	if sp.Outbox.StopEmptyParts(m) {
		sp.SettleStopped(r.Conversation, m)
	}
	return changes
}

// SettleStopped notes that the customer has a reply, if parts that were taken back were the last ones that hadn't left.
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

// markSent has a delivery count as sent. Its message counts as sent if it has no other part that has not been.
func (sp resending) markSent(r book.Request, d *book.Delivery, m *book.Message) {
	d.State, d.Dirty = store.Accepted, true
	sp.Log.ByAgent(r.Conversation, r.Agent, store.DeedMarkedSent, book.Detail{Message: m.ID})
	if sp.Outbox.AwaitOtherParts(m) {
		return
	}

	sp.CustomerGot(r.Conversation, m)
	sp.Mark(r.Conversation, m, bridge.MarkSent)
}

// requeueParts has parts of a reply attempted as if for the first time, in their order: one that an edit added may wait in the lane
// behind another reply, before the place that a part that failed gets now.
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

	isDone := d.State == store.Failed                       // the provider is done with the earlier attempt
	hasOtherWords := d.Part == 0 && len(before.Earlier) > 0 // a provider that has the earlier ones would take these for a repetition
	if isDone || hasOtherWords {
		kept.Again++ // this attempt has another number there
	}

	if d.State == store.NeedsDecision {
		d.ErrorClass = string(channels.Ambiguous) // it has no class where no answer came: a process ended, or Parley was restored
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
