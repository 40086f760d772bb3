package book

import (
	"slices"
	"time"

	"parley/bridge"
	"parley/store"
)

// Here is found out whether and since when a customer waits for an answer, by what was said last.

// AwaitAnswerAgain makes the conversation wait for its agents again after a reply did not reach the customer, unless another
// reply since the customer's last message reached the customer or still may. An older reply that lands later then answers
// nothing: the customer has spoken last.
func (ms *Messages) AwaitAnswerAgain(c *Conversation) {
	recent := newestFirst(c)
	for i := range recent {
		m := ms.Rows[recent[i].ID]
		if m == nil {
			break
		}
		if m.isByCustomer() {
			if c.LastFrom == "agent" { // with a reply that didn't reach the customer
				c.NoteCustomerSaidLast(m)
			}
			break
		}

		if isStandingAnswer(m) && !wasGivenBefore(m, recent[i:]) {
			if c.LastFrom == "agent" { // perhaps with the reply that didn't reach the customer
				c.noteAnswerSaidLast(m)
			}
			return
		}
	}

	if c.BridgeStatus() == bridge.StatusPending {
		c.Status = string(bridge.StatusOpen)
	}
	if c.WaitingSince == nil && c.BridgeStatus().Open() {
		c.WaitingSince = &ms.Now
	}

	c.RefreshCard()
}

// ResumeWait is AwaitAnswerAgain for a customer whose wait has ended and goes on: it began when the customer wrote, and not now.
func (ms *Messages) ResumeWait(c *Conversation) {
	hadEnded := c.WaitingSince == nil
	ms.AwaitAnswerAgain(c)
	if hadEnded && c.WaitingSince != nil {
		since := ms.unansweredSince(c)
		c.WaitingSince = &since
	}
}

// unansweredSince returns when the first message came of those with which the customer spoke last, as far as the latest messages
// tell it; else when the last one came.
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

// WaitSinceAnswer lets the wait of a customer who has written since the reply that has left now begin with what was written then.
func (ms *Messages) WaitSinceAnswer(c *Conversation) {
	if c.WaitingSince == nil || len(c.Last) == 0 {
		return
	}
	if since := ms.unansweredSince(c); since.After(*c.WaitingSince) {
		c.WaitingSince = &since
		c.RefreshCard()
	}
}

// wasGivenBefore reports whether an answer that was written elsewhere, and read late, was given before the customer's last words,
// which are the first ones of recent, the newest first.
func wasGivenBefore(m *Message, recent []store.Message) bool {
	i := slices.IndexFunc(recent, func(s store.Message) bool { return s.Direction == store.DirectionIn && !store.IsByMachine(s.Automatic) })
	if m.Reason != store.ReasonElsewhere || i < 0 {
		return false
	}
	return m.SaidAt.Before(recent[i].SaidAt) && m.SaidAt.Before(recent[i].CreatedAt)
}

// WaitedBefore reports whether the customer already waited for an answer when an event came.
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

// AnswersBeside returns the other replies that answer the same words of the customer as a reply, and reached the customer or still
// may. The customer's next words part them from those that answer later ones.
func (ms *Messages) AnswersBeside(c *Conversation, reply *Message) []*Message {
	var list []*Message
	isBeside := false
	for _, said := range newestFirst(c) {
		m := ms.Rows[said.ID]
		switch {
		case m == nil:
		case m.isByCustomer():
			if isBeside {
				return list
			}
			list = nil
		case m == reply:
			isBeside = true
		case isStandingAnswer(m):
			list = append(list, m)
		}
	}

	if !isBeside {
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
