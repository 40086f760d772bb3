package engine

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// An agent's reply is queued as one or more deliveries in the customer's lane, a first-in, first-out queue. It
// leaves after the hold, a pause of some seconds in which the agent can still undo or edit it. Short texts that
// an agent types one after the other ("Hi Ann," and "it left today") can leave as one message: each is called a
// line, and lines that leave together have the same join key.

// mailRoom is the maximum length in runes of a joined message on channels without a limit of their own, such as mail.
const mailRoom = 20_000

// SendToCustomer queues an agent's message for the customer. If it may not be sent now, for example because the
// account is paused, SendToCustomer changes the message's fate instead and posts the reason in the thread.
// order is the place of the reply among others (see book.Outbox.EnqueueInOrder).
func (w *work) SendToCustomer(r Request, m *Message, order string) {
	c := r.Conversation
	if w.IsBeforeRestore() {
		w.parkRestored(c, m)
		return
	}

	if problem := w.People.BlockedRecipients(c); problem != nil {
		m.SetFate(store.FateAsk, problem.Code)
		w.TellProblem(c, m, problem)
		return
	}

	if c.Account.Paused {
		w.Park(c, m, bridge.ReasonPaused)
		return
	}
	if w.KeepIfBlocked(c, m) {
		return
	}

	m.Direction, m.Fate = store.DirectionOut, store.FateWaiting
	m.Dirty = true
	w.Replying.End(c, r.Agent)
	lane := w.CustomerLane(c)
	terms := ReplyPayload{
		Late:      w.HasComeLate(order),
		Overtaken: isOvertaken(w, c),
		Meant:     addressedKeys(c.Participants),
		Copied:    copiedKeys(c.Participants),
	}
	d := w.enqueueReply(c, lane, order, m, Payload{Place: c.SourcePlace(m), ReplyPayload: terms})
	w.joinLines(c, lane, d, m)
	w.MarkWaiting(c, m)
	w.NoteReplied(r, m)
	wasTyped := m.Place != ""
	if wasTyped { // replies from forms have this warning in their own line
		const toldBefore = 0
		w.WarnOfTexts(c, m, d, toldBefore)
	}
}

// isOvertaken reports whether the customer wrote after the current reply was typed, because the chat reported
// the reply late. The customer's message then stays the last one, since nobody has answered it.
func isOvertaken(w *work, c *Conversation) bool {
	return c.LastFrom == store.FromCustomer && w.IsAfterTyping(c.LastAt)
}

// joinLines joins a reply with the line before or after it in the lane, if mayJoinNeighbour allows it. The hold
// of the joined lines starts again, but no line is held for longer than LongestHold.
func (w *work) joinLines(c *Conversation, lane *Lane, d *Delivery, m *Message) {
	if !w.Settings(c).JoinLines || !isPlainLine(m) {
		return
	}

	d.JoinKey = fmt.Sprintf("line:%d", d.ID)
	w.MeasureLine(c, d, m)
	waiting := w.Outbox.Waiting(lane)
	at := slices.Index(waiting, d)
	for _, i := range []int{at - 1, at + 1} { // a chat may report an author's messages in any order
		if i < 0 || i >= len(waiting) {
			continue
		}

		neighbour := waiting[i]
		if w.mayJoinNeighbour(neighbour, d, m) && joinGroupIfFits(w, c, lane, d, neighbour.JoinKey) {
			return
		}
	}
}

// isPlainLine reports whether a reply is only a text that was just typed, so that it can be joined with others.
func isPlainLine(m *Message) bool {
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

// MeasureLine sets how much of a joined message a line takes up.
func (w *work) MeasureLine(c *Conversation, d *Delivery, m *Message) {
	room, ch := mailRoom, w.Channel(c.AccountID)
	if ch != nil {
		room = cmp.Or(ch.Capabilities().MaxTextRunes, room)
	}
	d.MakeJoinable(d.JoinKey, channels.TextRunes(ch, m.Text)+len("\n\n"), room)
}

// joinGroupIfFits joins a line with the lines that have a join key. It returns false, and changes nothing, if
// they don't fit into one message or if one of them would be held for too long.
func joinGroupIfFits(w *work, c *Conversation, lane *Lane, d *Delivery, key string) bool {
	longest := LongestHold(w, c)
	var group []*Delivery
	size := d.JoinSize
	for _, other := range w.Outbox.Waiting(lane) {
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
		w.Outbox.Postpone(other, *d.NotBefore)
	}

	return true
}

// mayJoinNeighbour reports whether a line (d, m) may be joined with its neighbour in the lane. The neighbour
// must still be held, and have the same author and the same recipients.
func (w *work) mayJoinNeighbour(neighbour, d *Delivery, m *Message) bool {
	isNext := neighbour.Seq == d.Seq-1 || neighbour.Seq == d.Seq+1
	if neighbour.JoinKey == "" || !isNext {
		return false
	}

	isHeld := neighbour.NotBefore != nil && neighbour.NotBefore.After(w.Now)
	if !isHeld || !w.Outbox.CanBeTakenBack(neighbour) {
		return false
	}

	other := w.Messages.Get(neighbour.MessageID)
	isAgents := other != nil && other.AgentID != nil
	if !isAgents || m.AgentID == nil {
		return false
	}

	sameAuthor := *other.AgentID == *m.AgentID && other.AccountID == m.AccountID
	before, now := neighbour.DecodedPayload(), d.DecodedPayload()
	return sameAuthor && slices.Equal(before.Meant, now.Meant) && slices.Equal(before.Copied, now.Copied)
}

// NoteReplied updates the conversation when a reply is queued: its author becomes the owner if it had none.
// AwaitCustomer follows when the reply has left.
func (w *work) NoteReplied(r Request, m *Message) {
	c, agent := r.Conversation, r.Agent
	if len(c.Assignees) == 0 {
		c.Assignees = []store.AgentID{agent.ID}
		w.Log.ByAgent(c, agent, store.DeedTook, nil)
	}
	if !isOvertaken(w, c) {
		c.LastAt, c.LastFrom = w.Now, store.FromAgent
		c.LastPreview = Preview(cmp.Or(m.Text, RichOf(&m.Message).Text()))
	}
	w.Log.ByAgent(c, agent, store.DeedReplied, Detail{Message: m.ID})
	w.WakeByAnswer(c)
	c.RefreshCard()
}

// AwaitCustomer updates the conversation when a reply has left: it is the customer's turn, and the status may
// become pending. A customer who has written since still waits. keepsStatus means that an agent has chosen a
// status since, which must stay.
func (w *work) AwaitCustomer(c *Conversation, keepsStatus bool) {
	if c.LastFrom != store.FromAgent {
		w.Messages.WaitSinceAnswer(c)
		return
	}
	c.EndWait()
	w.WatchSilence(c)
	mayBecomePending := c.BridgeStatus() == bridge.StatusOpen && !keepsStatus
	if mayBecomePending && w.Settings(c).AutoPending {
		c.Status = string(bridge.StatusPending)
		w.Log.ByParley(c, store.DeedSetPending, Detail{Why: bridge.Because(bridge.ReasonAnswered)})
	}
	c.RefreshCard()
}

// Hold returns how long a reply is held before it leaves: the account's setting, or else the channel's default.
func (w *work) Hold(c *Conversation) time.Duration {
	if c.Account.HoldSeconds != nil {
		return store.Seconds(*c.Account.HoldSeconds)
	}
	if ch := w.Channel(c.AccountID); ch != nil {
		return ch.Capabilities().Hold
	}
	return 0
}

// LongestHold returns the maximum time that a reply is held, however often its hold starts again. It is
// MaxHold, or two holds if that is longer.
func LongestHold(w *work, c *Conversation) time.Duration {
	return max(w.MaxHold, 2*w.Hold(c))
}

// Park keeps a reply until an agent clicks Send or Drop below the line that explains the reason.
func (w *work) Park(c *Conversation, m *Message, reason bridge.Reason) {
	m.SetFate(store.FateParked, reason)
	w.TellAuthor(c, m, &bridge.ParkedLine{Why: bridge.Because(reason)}, bridge.VerbSend, bridge.VerbDrop)
}

// enqueueReply adds a reply to the customer's lane. It uses several deliveries if the reply has more files than
// fit into one message of the channel, and returns the first one, which has the text.
func (w *work) enqueueReply(
	c *Conversation, lane *Lane, order string, m *Message, p Payload,
) *Delivery {
	for i := range m.Files { // also when the reply is sent again
		m.Files[i].Index = i
	}

	until := w.Now.Add(w.Hold(c))
	var first *Delivery
	for _, s := range Spans(len(m.Files), w.Caps(c.AccountID).Files.PerMessage) {
		p.Span = s
		d := w.Outbox.EnqueueInOrder(lane, order, m.ID, p, &until)
		if first == nil {
			first = d
		}
	}
	return first
}
