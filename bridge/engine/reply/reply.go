package reply

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/clean"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/store"
)

// mailRoom is how many runes of several typed texts become one mail, which has no limit of its own.
const mailRoom = 20_000

// SendToCustomer queues an agent's message in the customer's lane (the queue of what goes to the customer). It leaves after the
// hold, the time in which it can be taken back. If something speaks against sending it, SendToCustomer keeps the message and says
// why in the thread.
func (rs *UseCases) SendToCustomer(r book.Request, m *book.Message, order string) {
	c := r.Conversation
	if rs.IsBeforeRestore() {
		rs.parkRestored(c, m)
		return
	}

	if problem := rs.People.BlockedRecipients(c); problem != nil {
		m.SetFate(store.FateAsk, problem.Code)
		rs.TellProblem(c, m, problem)
		return
	}

	if c.Account.Paused {
		rs.Park(c, m, bridge.ReasonPaused)
		return
	}
	if rs.KeepIfBlocked(c, m) {
		return
	}

	m.Direction, m.Fate = store.DirectionOut, store.FateWaiting
	m.Dirty = true
	rs.Replying.End(c, r.Agent)
	l := rs.CustomerLane(c)
	terms := outbound.ReplyPayload{
		Late:      rs.HasComeLate(order),
		Overtaken: isOvertaken(rs, c),
		Meant:     addressedKeys(c.Participants),
		Copied:    copiedKeys(c.Participants),
	}
	d := rs.enqueueReply(c, l, order, m, outbound.Payload{Place: c.SourcePlace(m), ReplyPayload: terms})
	rs.joinLines(c, l, d, m)
	rs.MarkWaiting(c, m)
	rs.NoteReplied(r, m)
	wasTyped := m.Place != ""
	if wasTyped { // the line about any other reply has this warning
		rs.WarnOfTexts(c, m, d, 0)
	}
}

// isOvertaken reports whether the customer has written since the reply was typed that is being applied: the chat told of it late.
// Then the customer's words stay the last ones, since nobody has answered them.
func isOvertaken(rs *UseCases, c *book.Conversation) bool {
	return c.LastFrom == store.FromCustomer && rs.IsAfterTyping(c.LastAt)
}

// joinLines lets a reply leave as one message with the text (line) that its author typed just before or after it, if that is
// still held. Their hold begins again, but no text is held for longer than LongestHold.
func (rs *UseCases) joinLines(c *book.Conversation, l *book.Lane, d *book.Delivery, m *book.Message) {
	if !rs.Settings(c).JoinLines || !isPlainLine(m) {
		return
	}

	d.JoinKey = fmt.Sprintf("line:%d", d.ID)
	rs.MeasureLine(c, d, m)
	at := slices.Index(l.Waiting, d)
	for _, i := range []int{at - 1, at + 1} { // a chat may report the messages of an author in any order
		if i < 0 || i >= len(l.Waiting) {
			continue
		}

		neighbour := l.Waiting[i]
		if rs.mayJoinNeighbour(neighbour, d, m) && joinGroupIfFits(rs, c, l, d, neighbour.JoinKey) {
			return
		}
	}
}

// isPlainLine reports whether a reply is nothing but a text that was just typed, so that others may be joined to it.
func isPlainLine(m *book.Message) bool {
	if m.Promotional || m.ReplyTo != "" {
		return false
	}
	hasContent := m.Template != nil || m.Rich != nil
	if hasContent || len(m.Files) > 0 {
		return false
	}
	sentByClick := m.Reason == bridge.ReasonClicked || m.Reason == bridge.ReasonRevived
	return !sentByClick
}

// MeasureLine notes how much room a line takes in a message of several lines.
func (rs *UseCases) MeasureLine(c *book.Conversation, d *book.Delivery, m *book.Message) {
	room, ch := mailRoom, rs.Channel(c.AccountID)
	if ch != nil {
		room = cmp.Or(ch.Capabilities().MaxTextRunes, room)
	}
	d.MakeJoinable(d.JoinKey, channels.TextRunes(ch, m.Text)+len("\n\n"), room)
}

// joinGroupIfFits lets a line leave as one message with those that have a key. It returns false, and changes nothing, if they
// don't fit into one message, or if one of them may not wait that long.
func joinGroupIfFits(rs *UseCases, c *book.Conversation, l *book.Lane, d *book.Delivery, key string) bool {
	longest := LongestHold(rs, c)
	var group []*book.Delivery
	size := d.JoinSize
	for _, other := range l.Waiting {
		if other != d && other.JoinKey == key {
			if d.NotBefore.After(other.CreatedAt.Add(longest)) {
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

// mayJoinNeighbour reports whether a line (d, m) may leave together with its neighbour in the lane: that is still held, has the
// same author, and is for the same people.
func (rs *UseCases) mayJoinNeighbour(neighbour, d *book.Delivery, m *book.Message) bool {
	isNext := neighbour.Seq == d.Seq-1 || neighbour.Seq == d.Seq+1
	if neighbour.JoinKey == "" || !isNext {
		return false
	}

	isHeld := neighbour.NotBefore != nil && neighbour.NotBefore.After(rs.Now)
	if !isHeld || !rs.Outbox.CanBeTakenBack(neighbour) {
		return false
	}

	other := rs.Messages.Rows[neighbour.MessageID]
	isAgents := other != nil && other.AgentID != nil
	if !isAgents || m.AgentID == nil {
		return false
	}

	sameAuthor := *other.AgentID == *m.AgentID && other.AccountID == m.AccountID
	before, now := neighbour.DecodedPayload(), d.DecodedPayload()
	return sameAuthor && slices.Equal(before.Meant, now.Meant) && slices.Equal(before.Copied, now.Copied)
}

// NoteReplied changes the conversation because an agent said a reply; AwaitCustomer does what is due once
// the reply has left.
func (rs *UseCases) NoteReplied(r book.Request, m *book.Message) {
	c, agent := r.Conversation, r.Agent
	if len(c.Assignees) == 0 {
		c.Assignees = []store.AgentID{agent.ID}
		rs.Log.ByAgent(c, agent, store.DeedTook, nil)
	}
	if !isOvertaken(rs, c) {
		c.LastAt, c.LastFrom = rs.Now, store.FromAgent
		c.LastPreview = clean.Preview(cmp.Or(m.Text, outbound.RichOf(&m.Message).Text()))
	}
	rs.Log.ByAgent(c, agent, store.DeedReplied, book.Detail{Message: m.ID})
	rs.Workflow.WakeByAnswer(c)
	c.RefreshCard()
}

// AwaitCustomer notes that the customer has our answer, so that it is the customer's turn. A customer who has written since waits
// on. keepsStatus means that a person has chosen the conversation's status since: then the status stays.
func (rs *UseCases) AwaitCustomer(c *book.Conversation, keepsStatus bool) {
	if c.LastFrom != store.FromAgent {
		rs.Messages.WaitSinceAnswer(c)
		return
	}
	c.EndWait()
	mayBecomePending := c.BridgeStatus() == bridge.StatusOpen && !keepsStatus
	if mayBecomePending && rs.Settings(c).AutoPending {
		c.Status = string(bridge.StatusPending)
		rs.Log.ByParley(c, store.DeedSetPending, book.Detail{Why: bridge.Because(bridge.ReasonAnswered)})
	}
	c.RefreshCard()
}

// Hold returns how long a reply waits so that its author can take it back.
func (rs *UseCases) Hold(c *book.Conversation) time.Duration {
	if c.Account.HoldSeconds != nil {
		return store.Seconds(*c.Account.HoldSeconds)
	}
	if ch := rs.Channel(c.AccountID); ch != nil {
		return ch.Capabilities().Hold
	}
	return 0
}

// LongestHold returns how long a reply is held at most, however often an edit or a joined text begins its hold again: MaxHold, or
// two holds if that is longer.
func LongestHold(rs *UseCases, c *book.Conversation) time.Duration {
	return max(rs.MaxHold, 2*rs.Hold(c))
}

// Park keeps a reply until somebody clicks.
func (rs *UseCases) Park(c *book.Conversation, m *book.Message, reason bridge.Reason) {
	m.SetFate(store.FateParked, reason)
	rs.TellAuthor(c, m, &bridge.ParkedLine{Why: bridge.Because(reason)}, bridge.VerbSend, bridge.VerbDrop)
}

// enqueueReply puts a reply into the customer's lane, as several deliveries if it has more files than the channel takes
// in a message. It returns the first delivery, which has the text.
func (rs *UseCases) enqueueReply(c *book.Conversation, l *book.Lane, order string, m *book.Message, p outbound.Payload) *book.Delivery {
	for i := range m.Files { // it leaves as a whole, perhaps again
		m.Files[i].Index = i
	}

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
