package engine

import (
	"cmp"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"parley/bridge"
	"parley/bridge/engine/outbound"
	"parley/store"
)

// sendToCustomer puts an agent's message on its way, after the hold.
func (w *work) sendToCustomer(c *conv, agent *store.Agent, surface int64, m *message, order string) {
	if w.beforeRestore() {
		w.parkRestored(c, m)
		return
	}
	if problem := w.people.blockedRecipients(c); problem != nil {
		m.Fate, m.Reason, m.dirty = store.FateAsk, problem.Code, true
		w.tellProblem(c, m, problem)
		return
	}
	if c.account.Paused {
		w.park(c, m, "paused")
		return
	}
	if w.parkForWindow(c, m) || w.tooLateToPromote(c, m) || w.keptByLimits(c, m) {
		return
	}
	m.Direction, m.Fate, m.dirty = store.DirectionOut, store.FateWaiting, true
	w.replies.end(c, agent)
	l := w.customerLane(c)
	d := w.enqueueReply(c, l, order, m, outbound.Payload{Place: c.sourceAt(m), Late: w.cameLate(order), Meant: meant(c.Participants)})
	w.joinLines(c, l, d, m)
	w.markWaiting(c, m)
	w.answered(c, agent, m)
	if m.Place != "" { // a form's own line tells it
		w.warnOfTexts(c, m)
	}
}

// sourceAt gives the place of a typed message with its thread, where the message can be read again.
func (c *conv) sourceAt(m *message) bridge.Place {
	if m.Place == "" {
		return bridge.Place{}
	}
	at := bridge.Place{Channel: m.Channel, Thread: m.Thread, Message: m.Place}
	if t := c.threads[m.AccountID]; t != nil && at.Thread == "" && t.Rerooted == 0 {
		at.Thread = t.Root // an earlier version took it; where the root changed, nobody knows under which it was typed
	}
	return at
}

// joinLines lets a reply leave together with the line that its author typed just before or after it, if
// that line is still held. Their hold begins anew, but no line is held for more than 60 s.
func (w *work) joinLines(c *conv, l *lane, d *delivery, m *message) {
	if !w.settings(c).JoinLines || m.Promotional || len(m.Files) > 0 || m.Template != nil || m.Rich != nil || m.ReplyTo != "" || m.Reason == outbound.ClickedReason || m.Reason == outbound.RevivedReason {
		return
	}
	d.JoinKey = fmt.Sprintf("line:%d", d.ID)
	w.measureLine(c, d, m)
	at := slices.Index(l.waiting, d)
	for _, i := range []int{at - 1, at + 1} { // events of one author may come in any order
		if i >= 0 && i < len(l.waiting) && w.sameHold(l.waiting[i], d, m) && w.outbox.joinGroup(l, d, l.waiting[i].JoinKey) {
			return
		}
	}
}

// measureLine notes how much of a message a line takes.
func (w *work) measureLine(c *conv, d *delivery, m *message) {
	room := 20_000 // runes; a mail has no limit of its own
	if ch := w.e.Channel(c.AccountID); ch != nil {
		room = cmp.Or(ch.Capabilities().MaxTextRunes, room)
	}
	d.join(d.JoinKey, utf8.RuneCountInString(m.Text)+len("\n\n"), room)
}

// joinGroup lets a line leave together with those that have a key, if all of them may wait for it and
// fit into one message. It says whether they do.
func (o *outbox) joinGroup(l *lane, d *delivery, key string) bool {
	var group []*delivery
	size := d.JoinSize
	for _, other := range l.waiting {
		if other != d && other.JoinKey == key {
			if !other.mayWait(*d.NotBefore) {
				return false
			}
			group, size = append(group, other), size+other.JoinSize
		}
	}
	if size > store.JoinRoom {
		return false
	}
	d.JoinKey = key
	for _, other := range group {
		o.postpone(other, *d.NotBefore)
	}
	return true
}

// sameHold says that a line was typed while its neighbour, by the same author and for the
// same people, was held.
func (b *book) sameHold(before, d *delivery, m *message) bool {
	said := b.messages.rows[before.MessageID]
	return before.JoinKey != "" && max(before.Seq-d.Seq, d.Seq-before.Seq) == 1 && before.NotBefore != nil && before.NotBefore.After(b.now) && b.outbox.holdable(before) &&
		said != nil && said.AgentID != nil && m.AgentID != nil && *said.AgentID == *m.AgentID && said.AccountID == m.AccountID &&
		slices.Equal(meantBy(before), meantBy(d))
}

// meantBy gives whom a waiting reply was for when it was typed.
func meantBy(d *delivery) []string {
	return d.payload().Meant
}

// mayWait says that a delivery may be held until a time: for 60 s in all.
func (d *delivery) mayWait(until time.Time) bool {
	return !until.After(d.CreatedAt.Add(holdLongest))
}

// answered changes the conversation because an agent said a reply; customersTurn does what is due once
// the reply has left.
func (w *work) answered(c *conv, agent *store.Agent, m *message) {
	if len(c.Assignees) == 0 {
		c.Assignees = []int64{agent.ID}
		w.log.byAgent(c, agent, store.DeedTook, nil)
	}
	c.LastAt, c.LastFrom, c.LastPreview = w.now, "agent", preview(cmp.Or(m.Text, outbound.RichOf(&m.Message).Text()))
	if c.status() == bridge.StatusSnoozed {
		w.endSnooze(c)
		c.Status = string(bridge.StatusOpen)
	}
	w.log.byAgent(c, agent, store.DeedReplied, detail{Message: m.ID})
	c.refreshCard()
}

// keepStatus keeps replies that are on their way from making their conversation pending, because a person
// has chosen another status since they were said. So it makes no difference whether their results are
// applied before or after that choice.
func (w *work) keepStatus(c *conv) {
	for _, d := range w.outbox.deliveries {
		if l := w.outbox.lanes[d.LaneID]; d.Kind != outbound.KindReply || d.State == store.Cancelled || l == nil || l.ConversationID != c.ID {
			continue
		}
		if m := w.messages.rows[d.MessageID]; m != nil && m.Fate == store.FateOut {
			continue // its result has been applied
		}
		p := d.payload()
		p.KeepsStatus = true
		d.setPayload(p)
	}
}

// customersTurn notes that the customer has our answer, so that the customer's answer is awaited; it does
// nothing if the customer has written since. keeps means that a person has chosen the status since.
func (w *work) customersTurn(c *conv, keeps bool) {
	if c.LastFrom != "agent" {
		return
	}
	c.WaitingSince = nil
	if w.settings(c).AutoPending && c.status() == bridge.StatusOpen && !keeps {
		c.Status = string(bridge.StatusPending)
		w.log.byParley(c, store.DeedSetPending, detail{Reason: "answered"})
	}
	c.refreshCard()
}

func (w *work) hold(c *conv) time.Duration {
	if c.account.HoldSeconds != nil {
		return store.Seconds(*c.account.HoldSeconds)
	}
	if ch := w.e.Channel(c.AccountID); ch != nil {
		return ch.Capabilities().Hold
	}
	return 0
}

// blockedRecipients says why nothing may go to the recipients as they are.
func (ps *people) blockedRecipients(c *conv) *bridge.Problem {
	if i := ps.rootOf(c); i != nil && i.OptedOut == store.OptedOutAll {
		return &bridge.Problem{Code: "opted_out", Text: c.customer().Name + " doesn't want messages any more.", Hint: outbound.OptedOutHint}
	}
	if c.account.Mode != "trial" {
		return nil
	}
	to, cc := outbound.Addressed(c.Participants)
	for _, p := range slices.Concat(to, cc) {
		if !slices.ContainsFunc(c.account.TrialTo, func(s string) bool { return s == p.Key }) {
			return &bridge.Problem{Code: "trial", Text: "This account is on trial and " + p.Key + " is not on its list.",
				Hint: "Add the address to trial_to, or switch the account to live."}
		}
	}
	return nil
}

// park keeps a reply until somebody clicks.
func (w *work) park(c *conv, m *message, reason string) {
	m.Fate, m.Reason, m.dirty = store.FateParked, reason, true
	w.tellAuthor(c, m, &bridge.ParkedLine{Reason: reason}, bridge.VerbSend, bridge.VerbDrop)
}

// enqueueReply puts a reply into the customer's lane and gives its first delivery.
func (w *work) enqueueReply(c *conv, l *lane, order string, m *message, p outbound.Payload) *delivery {
	until := w.now.Add(w.hold(c))
	var first *delivery
	for _, s := range spans(len(m.Files), w.e.caps(c.AccountID).AttachmentsPerMessage) {
		p.Span = s
		d := w.outbox.enqueueInOrder(l, order, m.ID, p, &until)
		if first == nil {
			first = d
		}
	}
	return first
}
