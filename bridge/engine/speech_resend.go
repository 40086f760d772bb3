package engine

import (
	"cmp"
	"slices"
	"strings"

	"parley/bridge"
	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// A reply leaves as one or more deliveries, its parts: on WhatsApp, for example, each file is a message of its own.
// A part may have left, may have failed, or may be unclear (its attempt ended without an answer, so it may have
// left). If an agent sends it again, nothing must reach the customer twice. Therefore only the parts that surely
// didn't leave are queued again. An agent decides about each unclear part, after looking for it at the provider.

// refuseRemainder refuses a click that would send the rest of a reply, and reports whether it did. It refuses if
//   - the click is older than a restore from a backup, and a part of the reply has left or may have left (isUnsent is false), or
//   - a part that would be sent can't be sent again now (refuseAgain).
func (w *work) refuseRemainder(r Request, m *Message, isUnsent bool) bool {
	if !isUnsent && w.refuseRestored(r) {
		return true
	}
	return slices.ContainsFunc(w.Outbox.PartsOf(m).Remainder(m), func(d *Delivery) bool {
		return d.State == store.Failed && w.refuseAgain(r, d)
	})
}

// refuseRestored refuses a click from before Parley was restored from a backup, and reports whether it did. The
// click may already have been applied, without a trace in the backup.
func (w *work) refuseRestored(r Request) bool {
	if !w.IsBeforeRestore() {
		return false
	}
	w.Refuse(r, bridge.ReasonRestored, "That was clicked before Parley was restored from a backup.", "Click again if it wasn't sent.")
	return true
}

// refuseAgain refuses to send a delivery again while its last attempt may still be running, or if
// refuseRestored does. It reports whether it has refused.
func (w *work) refuseAgain(r Request, d *Delivery) bool {
	if w.refuseRestored(r) {
		return true
	}

	if !w.mayStillRun(d) {
		return false
	}
	w.Refuse(r, "busy", "Its last attempt has not ended yet.", "Click again in a minute.")
	return true
}

// refuseSeveral refuses a decision about a reply that has several undecided parts if the request names none of
// them, and reports whether it did. The refusal lists the parts, unless the reply is confidential.
func (w *work) refuseSeveral(r Request, m *Message) bool {
	undecided := undecidedParts(w.Outbox, r, m)
	isNamed := w.Outbox.Delivery(r.Args.Delivery) != nil
	if isNamed || len(undecided) < 2 {
		return false
	}

	which := ""
	if !IsConfidential(&m.Message) {
		names := make([]string, len(undecided))
		for i, d := range undecided {
			names[i] = cmp.Or(w.PartName(m, d), "the text")
		}
		which = ": " + strings.Join(names, ", ")
	}
	w.Refuse(r, "several_parts", "Several parts of it are undecided"+which+".", "Use the button of the line about each.")
	return true
}

// mayStillRun reports whether the last attempt at a failed delivery has no result yet, because a bounce arrived
// before the result.
func (w *work) mayStillRun(d *Delivery) bool {
	lane := w.Outbox.Lanes[d.LaneID]
	return lane != nil && d.Seq > lane.Head && lane.LeasedUntil != nil
}

// AwaitsResult reports whether a click on Send again has to wait for the result of the reply's last attempt. It
// waits for book.ResultWait at most.
func (w *work) AwaitsResult(r Request) bool {
	if r.Verb != bridge.VerbSendAgain || w.Age() > ResultWait {
		return false
	}
	d, _ := speechDeliveryToDecide(w.Book, r)
	return d != nil && d.State == store.Failed && w.mayStillRun(d)
}

// cancelWaiting takes back the queued parts of a reply before the whole reply is queued again.
func (w *work) cancelWaiting(m *Message) {
	for _, d := range w.Outbox.PartsOf(m) {
		w.Outbox.Cancel(d)
	}
}

// sendRemainder queues the parts of a reply that surely didn't leave, and asks an agent about each unclear part.
func (w *work) sendRemainder(r Request, m *Message) {
	parts := w.Outbox.PartsOf(m)
	requeueParts(w.Outbox, parts.Remainder(m))

	m.Direction, m.Fate = store.DirectionOut, store.FateWaiting
	m.Dirty = true
	w.askAboutUnclear(r.Conversation, m)

	if d := w.Outbox.FirstPartOf(m); d != nil { // like a new reply, it may change the conversation's status
		p := d.DecodedPayload()
		p.KeepsStatus, p.Overtaken = false, false
		d.SetPayload(p)
	}

	w.NoteReplied(r, m)
}

// askAboutUnclear asks an agent about each unclear part of a reply. It returns false, and changes nothing, if
// there is none.
func (w *work) askAboutUnclear(c *Conversation, m *Message) bool {
	unclear := w.Outbox.PartsOf(m).Unclear()
	for _, d := range unclear {
		w.askWhetherItLeft(c, m, d)
	}
	return len(unclear) > 0
}

// askWhetherItLeft posts a line that asks whether an unclear part has left, with the buttons Send again and Mark as sent.
func (w *work) askWhetherItLeft(c *Conversation, m *Message, d *Delivery) {
	m.Fate, m.Dirty = store.FateUnclear, true
	w.TellWith(c, m, UnclearReply(w.Writer, c, m, d, relay.ReasonWords(d.ErrorClass, d.ErrorText)))
}

// tellMayHaveLeft posts a line about each unclear part of a reply that an edit has made a text for colleagues: the
// part may have left with its earlier text.
func (w *work) tellMayHaveLeft(c *Conversation, m *Message) {
	for _, d := range w.Outbox.PartsOf(m).Unclear() {
		w.TellWith(c, m, MayHaveLeft(d, relay.ReasonWords(d.ErrorClass, d.ErrorText)))
	}
}

// stopRemovedFiles takes back the files that an edit has removed from a reply whose text has left. If no other
// part is waiting, the reply then counts as sent.
func (w *work) stopRemovedFiles(r Request, m *Message) FileChanges {
	changes := Edits{Outbox: w.Outbox}.RemoveFiles(m, SurfaceFiles(r.Files))
	if w.Outbox.StopEmptyParts(m) {
		w.SettleStopped(r.Conversation, m)
	}
	return changes
}

// stopRest takes back what of a reply has not left, after an edit has made it a text for colleagues, and returns the names of the files
// that are stopped. If an attempt at one of them is running, no further one is made.
func (w *work) stopRest(c *Conversation, m *Message) (stopped []string) {
	kept := m.Files
	for _, d := range w.Outbox.PartsOf(m) {
		if !(Parts{d}).AreLeaving() {
			continue
		}
		leaving := d.DecodedPayload().Span.FilesOf(m.Files)
		isLeaving := func(f store.FileRef) bool {
			return slices.ContainsFunc(leaving, func(other store.FileRef) bool { return f.Index == other.Index })
		}
		kept = slices.DeleteFunc(slices.Clone(kept), isLeaving)
	}

	if len(kept) == len(m.Files) {
		return nil
	}

	changes := Edits{Outbox: w.Outbox}.RemoveFiles(m, kept)
	if w.Outbox.StopEmptyParts(m) {
		w.SettleStopped(c, m)
	}
	return changes.Stopped
}

// SettleStopped is called after parts of a reply were taken back. If all other parts have left, the reply
// counts as sent.
func (w *work) SettleStopped(c *Conversation, m *Message) {
	switch m.Fate {
	case store.FateWaiting, store.FateUnclear, store.FateFailed:
		if !w.Outbox.AwaitOtherParts(m) {
			w.CustomerGot(c, m)
			w.MarkSent(c, m)
		}
	default:
	}
}

// markSent makes a delivery count as sent because an agent says so. Its message counts as sent once all parts do.
func (w *work) markSent(r Request, d *Delivery, m *Message) {
	d.State, d.Dirty = store.Accepted, true
	w.Log.Did(r, Detail{Message: m.ID})
	if w.Outbox.AwaitOtherParts(m) {
		return
	}

	w.CustomerGot(r.Conversation, m)
	w.Mark(r.Conversation, m, bridge.MarkSent)
}

// requeueParts queues parts of a reply again as if they had never been attempted. It keeps their order: a part
// that an edit added may be earlier in the lane (the queue to the customer) than a failed part that is now
// appended to it.
func requeueParts(o *Outbox, parts Parts) {
	seqs := make([]int64, len(parts))
	for i, d := range parts {
		requeueReply(o, d)
		seqs[i] = d.Seq
	}
	slices.Sort(seqs)
	for i, d := range parts {
		d.Seq = seqs[i]
	}
}

// requeueReply queues a delivery again as if it had never been attempted. If its lane has moved past it, it
// goes to the end.
func requeueReply(o *Outbox, d *Delivery) {
	lane := o.Lanes[d.LaneID]
	if d.Seq <= lane.Head {
		lane.Tail++
		d.Seq = lane.Tail
	}

	// The new payload names no recipients. The reply goes to the current recipients, not to those it was first Meant for.
	before := d.DecodedPayload()
	kept := ReplyPayload{
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

	// Again is part of the provider's idempotency key. A new key keeps the provider from taking this attempt
	// for a repetition of one that has ended or that had another text.
	isDone := d.State == store.Failed
	hasOtherWords := d.Part == 0 && len(before.Earlier) > 0
	if isDone || hasOtherWords {
		kept.Again++
	}

	if d.State == store.NeedsDecision {
		d.ErrorClass = string(channels.Ambiguous) // empty if the process died during the attempt or Parley was restored
	}

	d.SetPayload(Payload{Place: before.Place, ReplyPayload: kept, Uncounted: d.Attempt})
	d.State, d.Dirty = store.Queued, true
	d.Joined, d.JoinKey = 0, ""                                         // not joined with other texts any more
	d.NotBefore, d.FirstAt, d.WarnedAt, d.AbsentAt = nil, nil, nil, nil // earlier attempts no longer count
	if d.Seq == lane.Head+1 && lane.LeasedUntil == nil {
		o.SetDue(lane, nil)
	}

	lane.Dirty = true
}
