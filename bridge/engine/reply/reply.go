package reply

import (
	"cmp"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/clean"
	"parley/bridge/engine/outbound"
	"parley/store"
)

// HoldLongest bounds how long a reply is held in all.
const HoldLongest = 60 * time.Second

// SendToCustomer puts an agent's message on its way, after the hold.
func (rs *UseCases) SendToCustomer(c *book.Conversation, agent *store.Agent, surface store.AccountID, m *book.Message, order string) {
	if rs.BeforeRestore() {
		rs.parkRestored(c, m)
		return
	}
	if problem := rs.People.BlockedRecipients(c); problem != nil {
		m.Fate, m.Reason, m.Dirty = store.FateAsk, problem.Code, true
		rs.TellProblem(c, m, problem)
		return
	}
	if c.Account.Paused {
		rs.Park(c, m, "paused")
		return
	}
	if rs.ParkForWindow(c, m) || rs.TooLateToPromote(c, m) || rs.KeptByLimits(c, m) {
		return
	}
	m.Direction, m.Fate, m.Dirty = store.DirectionOut, store.FateWaiting, true
	rs.Replying.End(c, agent)
	l := rs.CustomerLane(c)
	terms := outbound.ReplyPayload{Late: rs.CameLate(order), Meant: meant(c.Participants)}
	d := rs.enqueueReply(c, l, order, m, outbound.Payload{Place: c.SourcePlace(m), ReplyPayload: terms})
	rs.joinLines(c, l, d, m)
	rs.MarkWaiting(c, m)
	rs.Answered(c, agent, m)
	if m.Place != "" { // a form's own line tells it
		rs.warnOfTexts(c, m)
	}
}

// joinLines lets a reply leave together with the line that its author typed just before or after it, if
// that line is still held. Their hold begins anew, but no line is held for more than 60 s.
func (rs *UseCases) joinLines(c *book.Conversation, l *book.Lane, d *book.Delivery, m *book.Message) {
	if !rs.Settings(c).JoinLines || m.Promotional || len(m.Files) > 0 || m.Template != nil || m.Rich != nil || m.ReplyTo != "" || m.Reason == outbound.ClickedReason || m.Reason == outbound.RevivedReason {
		return
	}
	d.JoinKey = fmt.Sprintf("line:%d", d.ID)
	rs.MeasureLine(c, d, m)
	at := slices.Index(l.Waiting, d)
	for _, i := range []int{at - 1, at + 1} { // events of one author may come in any order
		if i >= 0 && i < len(l.Waiting) && rs.sameHold(l.Waiting[i], d, m) && rs.joinGroup(l, d, l.Waiting[i].JoinKey) {
			return
		}
	}
}

// MeasureLine notes how much of a message a line takes.
func (rs *UseCases) MeasureLine(c *book.Conversation, d *book.Delivery, m *book.Message) {
	room := 20_000 // runes; a mail has no limit of its own
	if ch := rs.Channel(c.AccountID); ch != nil {
		room = cmp.Or(ch.Capabilities().MaxTextRunes, room)
	}
	d.MakeJoinable(d.JoinKey, utf8.RuneCountInString(m.Text)+len("\n\n"), room)
}

// joinGroup lets a line leave together with those that have a key, if all of them may wait for it and
// fit into one message. It says whether they do.
func (rs *UseCases) joinGroup(l *book.Lane, d *book.Delivery, key string) bool {
	var group []*book.Delivery
	size := d.JoinSize
	for _, other := range l.Waiting {
		if other != d && other.JoinKey == key {
			if !mayWait(other, *d.NotBefore) {
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
		rs.Outbox.Postpone(other, *d.NotBefore)
	}
	return true
}

// sameHold reports whether a line was typed while its neighbour, by the same author and for the
// same people, was held.
func (rs *UseCases) sameHold(before, d *book.Delivery, m *book.Message) bool {
	said := rs.Messages.Rows[before.MessageID]
	return before.JoinKey != "" && max(before.Seq-d.Seq, d.Seq-before.Seq) == 1 && before.NotBefore != nil && before.NotBefore.After(rs.Now) && rs.Outbox.CanBeTakenBack(before) &&
		said != nil && said.AgentID != nil && m.AgentID != nil && *said.AgentID == *m.AgentID && said.AccountID == m.AccountID &&
		slices.Equal(meantBy(before), meantBy(d))
}

// meantBy returns whom a waiting reply was for when it was typed.
func meantBy(d *book.Delivery) []string {
	return d.DecodedPayload().Meant
}

// mayWait reports whether a delivery may be held until a time: for 60 s in all.
func mayWait(d *book.Delivery, until time.Time) bool {
	return !until.After(d.CreatedAt.Add(HoldLongest))
}

// Answered changes the conversation because an agent said a reply; CustomersTurn does what is due once
// the reply has left.
func (rs *UseCases) Answered(c *book.Conversation, agent *store.Agent, m *book.Message) {
	if len(c.Assignees) == 0 {
		c.Assignees = []store.AgentID{agent.ID}
		rs.Log.ByAgent(c, agent, store.DeedTook, nil)
	}
	c.LastAt, c.LastFrom, c.LastPreview = rs.Now, "agent", clean.Preview(cmp.Or(m.Text, outbound.RichOf(&m.Message).Text()))
	if c.BridgeStatus() == bridge.StatusSnoozed {
		rs.Workflow.EndSnooze(c)
		c.Status = string(bridge.StatusOpen)
	}
	rs.Log.ByAgent(c, agent, store.DeedReplied, book.Detail{Message: m.ID})
	c.RefreshCard()
}

// CustomersTurn notes that the customer has our answer, so that the customer's answer is awaited; it does
// nothing if the customer has written since. keeps means that a person has chosen the status since.
func (rs *UseCases) CustomersTurn(c *book.Conversation, keeps bool) {
	if c.LastFrom != "agent" {
		return
	}
	c.WaitingSince = nil
	if rs.Settings(c).AutoPending && c.BridgeStatus() == bridge.StatusOpen && !keeps {
		c.Status = string(bridge.StatusPending)
		rs.Log.ByParley(c, store.DeedSetPending, book.Detail{Reason: "answered"})
	}
	c.RefreshCard()
}

// Hold is how long a reply waits in which its author can take it back.
func (rs *UseCases) Hold(c *book.Conversation) time.Duration {
	if c.Account.HoldSeconds != nil {
		return store.Seconds(*c.Account.HoldSeconds)
	}
	if ch := rs.Channel(c.AccountID); ch != nil {
		return ch.Capabilities().Hold
	}
	return 0
}

// Park keeps a reply until somebody clicks.
func (rs *UseCases) Park(c *book.Conversation, m *book.Message, reason string) {
	m.Fate, m.Reason, m.Dirty = store.FateParked, reason, true
	rs.TellAuthor(c, m, &bridge.ParkedLine{Reason: reason}, bridge.VerbSend, bridge.VerbDrop)
}

// enqueueReply puts a reply into the customer's lane and gives its first delivery.
func (rs *UseCases) enqueueReply(c *book.Conversation, l *book.Lane, order string, m *book.Message, p outbound.Payload) *book.Delivery {
	until := rs.Now.Add(rs.Hold(c))
	var first *book.Delivery
	for _, s := range book.Spans(len(m.Files), rs.Caps(c.AccountID).Files.PerMessage) {
		p.Span = s
		d := rs.Outbox.EnqueueInOrder(l, order, m.ID, p, &until)
		if first == nil {
			first = d
		}
	}
	return first
}
