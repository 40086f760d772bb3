package book

import (
	"slices"
	"time"

	"parley/bridge"
	"parley/store"
)

// This file tells from a conversation's latest messages whether, and since when, its customer waits for an answer. The wait
// (WaitingSince) ends when a reply is sent. It begins again if that reply doesn't reach the customer and no other one has.

// AwaitAnswerAgain lets the customer wait again after a reply failed or was taken back, unless another reply since the
// customer's last message reached the customer or still may.
func (ms *Messages) AwaitAnswerAgain(c *Conversation) {
	recent := newestFirst(c)
	for i := range recent {
		m := ms.Rows[recent[i].ID]
		if m == nil {
			break
		}
		if m.isByCustomer() {
			if c.LastFrom == store.FromAgent { // by the reply that failed: else an older one that lands now would end the wait
				c.NoteSaidLast(m, store.FromCustomer)
			}
			break
		}

		if isStandingAnswer(m) && !wasGivenBefore(m, recent[i:]) {
			if c.LastFrom == store.FromAgent { // perhaps by the reply that failed
				c.noteAnswerSaidLast(m)
			}
			return
		}
	}

	if c.BridgeStatus() == bridge.StatusPending {
		c.Status = string(bridge.StatusOpen)
		ms.log.ByParley(c, store.DeedSetOpen, Detail{Why: bridge.Because(bridge.ReasonUnanswered)})
	}
	if c.WaitingSince == nil && c.BridgeStatus().Open() {
		c.WaitingSince = &ms.Now
	}
	if c.WaitingSince != nil {
		c.resumeUrgency()
	}

	c.RefreshCard()
}

// ResumeWait is AwaitAnswerAgain, but a wait that had ended begins when the customer wrote, not now.
func (ms *Messages) ResumeWait(c *Conversation) {
	hadEnded := c.WaitingSince == nil
	ms.AwaitAnswerAgain(c)
	if hadEnded && c.WaitingSince != nil {
		since := ms.unansweredSince(c)
		c.WaitingSince = &since
	}
}

// unansweredSince returns when the first of the customer's messages came that have no answer. If the latest messages have
// none, it returns when something was said last.
func (ms *Messages) unansweredSince(c *Conversation) time.Time {
	recent := newestFirst(c)
	since := c.LastAt
	for i := range recent {
		m := ms.Rows[recent[i].ID]
		if m == nil || isStandingAnswer(m) && !wasGivenBefore(m, recent[i:]) {
			break
		}
		if m.isByCustomer() {
			since = m.CreatedAt
		}
	}

	return since
}

// WaitSinceAnswer lets a wait begin with the first words that the customer wrote after the last answer. It is called when a
// reply has left that may be older than those words.
func (ms *Messages) WaitSinceAnswer(c *Conversation) {
	if c.WaitingSince == nil || len(c.Last) == 0 {
		return
	}
	if since := ms.unansweredSince(c); since.After(*c.WaitingSince) {
		c.WaitingSince = &since
		c.RefreshCard()
	}
}

// wasGivenBefore reports whether an answer that was given outside of Parley, and found only now, is older than the customer's
// last words. recent has the latest messages, the newest first.
func wasGivenBefore(answer *Message, recent []store.Message) bool {
	isByPerson := func(s store.Message) bool { return s.Direction == store.DirectionIn && !store.IsByMachine(s.Automatic) }
	i := slices.IndexFunc(recent, isByPerson)
	if answer.Reason != store.ReasonElsewhere || i < 0 {
		return false
	}
	lastWords := recent[i]
	return answer.SaidAt.Before(lastWords.SaidAt) && answer.SaidAt.Before(lastWords.CreatedAt)
}

// WaitedBefore reports whether the customer already waited for an answer before an event was stored.
func (ms *Messages) WaitedBefore(c *Conversation, event store.EventID) bool {
	for _, said := range newestFirst(c) {
		m := ms.Rows[said.ID]
		switch {
		case m == nil || m.EventID >= event:
		case m.isByCustomer():
			return true
		case isStandingAnswer(m):
			return false
		}
	}
	return false
}

// AnswersBeside returns the other answers to the words that a reply answers, if they reached the customer or still may: those
// between the same two messages of the customer. It returns none if the reply is not among the latest messages.
func (ms *Messages) AnswersBeside(c *Conversation, reply *Message) []*Message {
	var list []*Message
	foundReply := false
	for _, said := range newestFirst(c) {
		m := ms.Rows[said.ID]
		switch {
		case m == nil:
		case m.isByCustomer():
			if foundReply {
				return list
			}
			list = nil
		case m == reply:
			foundReply = true
		case isStandingAnswer(m):
			list = append(list, m)
		}
	}

	if !foundReply {
		return nil
	}
	return list
}

// LastSaid returns the latest message of a conversation that isMeant accepts, as this batch has it by now; nil if there is none.
func (ms *Messages) LastSaid(c *Conversation, isMeant func(*Message) bool) *Message {
	for _, said := range newestFirst(c) {
		m := ms.Rows[said.ID]
		if m == nil {
			m = &Message{Message: said}
		}
		if isMeant(m) {
			return m
		}
	}
	return nil
}

// LastOfCustomer returns the latest message that the customer wrote, as LastSaid does.
func (ms *Messages) LastOfCustomer(c *Conversation) *Message {
	return ms.LastSaid(c, (*Message).isByCustomer)
}

// newestFirst returns the latest messages of a conversation in the order in which they were said, the newest first.
func newestFirst(c *Conversation) []store.Message {
	return slices.SortedFunc(slices.Values(c.Last), func(a, b store.Message) int {
		if WasSaidAfter(&a, &b) {
			return -1
		}
		return 1
	})
}

// isStandingAnswer reports whether a message is a person's answer that reached the customer or still may.
func isStandingAnswer(m *Message) bool {
	return m.Direction == store.DirectionOut && m.Reason != store.ReasonMachine && mayReachCustomer(m.Fate)
}

// mayReachCustomer reports whether a reply with this fate reached the customer or still may.
func mayReachCustomer(fate store.Fate) bool {
	switch fate {
	case store.FateWaiting, store.FateOut, store.FateUnclear:
		return true
	default:
		return false
	}
}
