package engine

import (
	"slices"
	"time"

	"parley/bridge"
	"parley/store"
)

// This file decides from a conversation's latest messages whether its customer waits for an answer, and since when
// (WaitingSince). Sending a reply ends the wait. If that reply doesn't reach the customer, and no other reply does,
// the wait begins again.
//
// For example, the customer asks at 9:00 and an agent replies at 9:05, which ends the wait. The reply bounces at
// 9:10. AwaitAnswerAgain then begins a wait at 9:10; ResumeWait goes back to 9:00.

// AwaitAnswerAgain begins the customer's wait again after a reply failed or was taken back. It begins no wait if
// another reply since the customer's last message has reached the customer, or still may.
func (ms *Messages) AwaitAnswerAgain(c *Conversation) {
	recent := ms.newestFirst(c)
	for i := range recent {
		m := ms.Get(recent[i].ID)
		if m == nil {
			break
		}
		if m.isByCustomer() {
			// LastFrom may still stand for the failed reply. Then an older reply that is accepted only now would end the wait.
			if c.LastFrom == store.FromAgent {
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

// ResumeWait is AwaitAnswerAgain, except that a wait that had ended begins when the customer wrote, and not now.
func (ms *Messages) ResumeWait(c *Conversation) {
	hadEnded := c.WaitingSince == nil
	ms.AwaitAnswerAgain(c)
	if hadEnded && c.WaitingSince != nil {
		since := ms.unansweredSince(c)
		c.WaitingSince = &since
	}
}

// unansweredSince returns when the first unanswered message of the customer arrived. If no unanswered message is
// among the latest ones, it returns the time of the last message (LastAt).
func (ms *Messages) unansweredSince(c *Conversation) time.Time {
	recent := ms.newestFirst(c)
	since := c.LastAt
	for i := range recent {
		m := ms.Get(recent[i].ID)
		if m == nil || isStandingAnswer(m) && !wasGivenBefore(m, recent[i:]) {
			break
		}
		if m.isByCustomer() {
			since = m.CreatedAt
		}
	}

	return since
}

// WaitSinceAnswer moves the beginning of a wait to the customer's first message after the last answer. It is called
// after a reply was sent that may be older than what the customer wrote last.
func (ms *Messages) WaitSinceAnswer(c *Conversation) {
	if c.WaitingSince == nil || len(ms.Latest(c)) == 0 {
		return
	}
	if since := ms.unansweredSince(c); since.After(*c.WaitingSince) {
		c.WaitingSince = &since
		c.RefreshCard()
	}
}

// wasGivenBefore reports whether an answer that was given outside of Parley, and found only now, is older than the
// customer's last message. recent holds the latest messages, newest first.
func wasGivenBefore(answer *Message, recent []store.Message) bool {
	isByPerson := func(s store.Message) bool { return s.Direction == store.DirectionIn && !store.IsByMachine(s.Automatic) }
	i := slices.IndexFunc(recent, isByPerson)
	if answer.Reason != store.ReasonElsewhere || i < 0 {
		return false
	}
	lastWords := recent[i]
	return answer.SaidAt.Before(lastWords.SaidAt) && answer.SaidAt.Before(lastWords.CreatedAt)
}

// WaitedBefore reports whether the customer was already waiting for an answer when an event was stored.
func (ms *Messages) WaitedBefore(c *Conversation, event store.EventID) bool {
	for _, said := range ms.newestFirst(c) {
		m := ms.Get(said.ID)
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

// AnswersBeside returns the other answers to the message that reply answers: those between the same two messages of the
// customer that have reached the customer, or still may. It returns nil if reply is not among the latest messages.
func (ms *Messages) AnswersBeside(c *Conversation, reply *Message) []*Message {
	var answers []*Message
	foundReply := false
	for _, said := range ms.newestFirst(c) {
		m := ms.Get(said.ID)
		switch {
		case m == nil:
		case m.isByCustomer():
			if foundReply {
				return answers
			}
			answers = nil
		case m == reply:
			foundReply = true
		case isStandingAnswer(m):
			answers = append(answers, m)
		}
	}

	if !foundReply {
		return nil
	}
	return answers
}

// LastSaid returns the latest message of a conversation for which matches returns true, with the changes of this
// batch, or nil.
func (ms *Messages) LastSaid(c *Conversation, matches func(*Message) bool) *Message {
	for _, said := range ms.newestFirst(c) {
		m := ms.Get(said.ID)
		if m == nil {
			m = &Message{Message: said}
		}
		if matches(m) {
			return m
		}
	}
	return nil
}

// LastOfCustomer returns the customer's latest message in a conversation; nil if there is none.
func (ms *Messages) LastOfCustomer(c *Conversation) *Message {
	return ms.LastSaid(c, (*Message).isByCustomer)
}

// newestFirst returns the latest messages of a conversation, newest first.
func (ms *Messages) newestFirst(c *Conversation) []store.Message {
	return slices.SortedFunc(slices.Values(ms.Latest(c)), func(a, b store.Message) int {
		if WasSaidAfter(&a, &b) {
			return -1
		}
		return 1
	})
}

// isStandingAnswer reports whether a message is an answer by a person that has reached the customer or still may.
func isStandingAnswer(m *Message) bool {
	isByPerson := m.Reason != store.ReasonMachine && !m.IsAutomaticReply()
	return m.Direction == store.DirectionOut && isByPerson && mayReachCustomer(m.Fate)
}

func mayReachCustomer(fate store.Fate) bool {
	switch fate {
	case store.FateWaiting, store.FateOut, store.FateUnclear:
		return true
	default:
		return false
	}
}
