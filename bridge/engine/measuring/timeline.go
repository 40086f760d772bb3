package measuring

import (
	"cmp"
	"slices"
	"time"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/routing/hours"
	"parley/store"
	"parley/store/measure"
)

// This file tells where the time of a conversation went: how long it waited for somebody to take it, for its owner, for the
// customer, or for a provider. It walks through the conversation's log and messages in order.

// Spent is how long something depended on somebody.
type Spent struct {
	Waiter bridge.Waiter
	Agent  store.AgentID // of OnAgent: the one who led the conversation
	Wall   time.Duration
	Open   time.Duration // that part of it which is in business hours
}

// Timeline is where the time of a conversation went, from its beginning to its end, without the time between an end and a
// reopening. Its parts sum up to the whole.
type Timeline struct {
	From, To   time.Time // zero if it never began
	Wall, Open time.Duration
	Parts      []Spent
}

// TimelineDeeds are the deeds that Attribute needs.
func TimelineDeeds() []store.Deed { return append(measuredDeeds(), attemptEnds()...) }

// attemptEnds returns the deeds by which a message that was on its way did not reach the customer.
func attemptEnds() []store.Deed {
	return []store.Deed{store.DeedNotDelivered, store.DeedUndone, store.DeedKeptInside, store.DeedParked}
}

// Attribute returns on whom each moment of a conversation depended, until it ended or until now. left has the times at
// which messages left for the customer.
func Attribute(log []store.LogEntry, said []measure.Message, left map[store.MessageID]time.Time, h *hours.Hours, now time.Time) Timeline {
	t := attribution{
		hours: h,
		said:  map[store.MessageID]measure.Message{},
		left:  left,
		sends: map[store.MessageID][]fact{},
		ends:  map[store.MessageID][]time.Time{},
		now:   now,
	}
	for _, m := range said {
		t.said[m.ID] = m
	}

	var all []fact
	for _, e := range log {
		f := fact{at: e.At, id: e.ID, what: e.What, by: e.Actor, detail: book.DetailOf(e)}
		if e.AgentID != nil {
			f.agent = *e.AgentID
		}
		all = append(all, f)
	}

	for _, m := range said {
		if isFromCustomer(m) {
			all = append(all, fact{at: m.At, id: int64(m.ID), in: true})
		}
	}

	slices.SortFunc(all, inOrder)

	t.indexAttempts(all)
	for _, f := range all {
		t.attributeUntil(f.at)
		t.apply(f)
	}

	t.attributeUntil(now)
	return t.line
}

// attribution is a walk through what happened in a conversation: facts are entries of the log and customers' messages. Its fields
// say how things stand after the facts so far.
type attribution struct {
	hours *hours.Hours
	said  map[store.MessageID]measure.Message
	left  map[store.MessageID]time.Time
	sends map[store.MessageID][]fact      // by which a message was sent, in order
	ends  map[store.MessageID][]time.Time // when an attempt at a message failed or was taken back, in order
	now   time.Time

	line      Timeline
	at        time.Time // all time up to here is attributed
	inEpisode bool      // the conversation has begun, or was reopened, and hasn't ended
	answerDue bool      // the customer waits for an answer
	unheard   bool      // the customer wrote last, whether or not an answer is due
	early     time.Time // when the customer wrote while the conversation was over, which may reopen it
	owner     store.AgentID
	leaving   time.Time // until when an answer is on its way
}

// attributeUntil attributes the time up to a moment, as things stand.
func (t *attribution) attributeUntil(to time.Time) {
	if t.inEpisode && t.leaving.After(t.at) {
		t.add(Spent{Waiter: bridge.OnProvider}, slices.MinFunc([]time.Time{t.leaving, to}, time.Time.Compare))
	}
	if t.inEpisode {
		t.add(t.dependsOn(), to)
	}
	if to.After(t.at) {
		t.at = to
	}
}

// dependsOn returns on whom the conversation depends, as things stand.
func (t *attribution) dependsOn() Spent {
	if !t.answerDue {
		return Spent{Waiter: bridge.OnCustomer}
	}
	if t.owner == 0 {
		return Spent{Waiter: bridge.OnQueue}
	}
	return Spent{Waiter: bridge.OnAgent, Agent: t.owner}
}

// add attributes the time up to a moment to somebody.
func (t *attribution) add(s Spent, to time.Time) {
	if !to.After(t.at) {
		return
	}

	s.Wall, s.Open = to.Sub(t.at), t.hours.Between(t.at, to)
	t.line.Wall += s.Wall
	t.line.Open += s.Open
	t.line.To, t.at = to, to
	i := slices.IndexFunc(t.line.Parts, func(p Spent) bool { return p.Waiter == s.Waiter && p.Agent == s.Agent })
	if i < 0 {
		t.line.Parts = append(t.line.Parts, s)
		return
	}

	t.line.Parts[i].Wall += s.Wall
	t.line.Parts[i].Open += s.Open
}

// apply changes how things stand by one fact.
func (t *attribution) apply(f fact) {
	switch f.what { //nolint:exhaustive // the others change nothing here
	case "":
		t.unheard = true
		if t.inEpisode {
			t.answerDue = true
		} else {
			t.early = f.at
		}
	case store.DeedOpened, store.DeedStarted, store.DeedReopened:
		t.begin(f)
	case store.DeedPromoted:
		t.owner, t.answerDue, t.unheard = f.agent, true, true
	case store.DeedResolved, store.DeedClosed:
		t.inEpisode, t.answerDue = false, false
		t.leaving = time.Time{}
	case store.DeedTook:
		t.owner = f.agent
	case store.DeedJoined:
		t.owner = cmp.Or(t.owner, f.agent)
	case store.DeedUnassigned:
		t.owner = 0
	case store.DeedAssigned:
		t.owner = 0
		if f.detail.Team == 0 && len(f.detail.Agents) > 0 {
			t.owner = f.detail.Agents[0]
		}
	case store.DeedSetPending:
		t.answerDue = t.answerDue && f.by != store.ByAgent
	case store.DeedReplied, store.DeedSentAgain, store.DeedAnsweredElsewhere:
		t.noteAnswer(f)
	}
}

func (t *attribution) begin(f fact) {
	if t.line.From.IsZero() {
		t.line.From, t.line.To = f.at, f.at
	}
	t.inEpisode, t.at = true, f.at
	isOpenedAgain := f.what == store.DeedReopened && f.by == store.ByAgent
	t.answerDue = t.answerDue || t.early.Equal(f.at) || isOpenedAgain && t.unheard
	if f.what == store.DeedStarted {
		t.owner = f.agent
	}
}

// indexAttempts keeps when messages were sent, and when that came to nothing. all is in order.
func (t *attribution) indexAttempts(all []fact) {
	for _, f := range all {
		m := f.detail.Message
		if f.what == store.DeedReplied || f.what == store.DeedSentAgain {
			t.sends[m] = append(t.sends[m], f)
		} else if slices.Contains(attemptEnds(), f.what) {
			t.ends[m] = append(t.ends[m], f.at)
		}
	}
}

// noteAnswer notes that an answer is on its way, until it left or failed.
func (t *attribution) noteAnswer(f fact) {
	m, ok := t.said[f.detail.Message]
	if !ok {
		return
	}
	if f.what == store.DeedAnsweredElsewhere && m.Fate != store.FateFailed {
		t.answerDue, t.unheard = false, false
		return
	}

	again := slices.IndexFunc(t.sends[m.ID], func(later fact) bool { return inOrder(f, later) < 0 })
	if again >= 0 {
		t.leaving = t.endOfAttempt(m.ID, f.at, t.sends[m.ID][again].at)
		return
	}

	switch m.Fate {
	case store.FateOut:
		t.answerDue, t.unheard = false, false
		if left, known := t.left[m.ID]; known {
			t.leaving = left
		}
	case store.FateWaiting, store.FateUnclear:
		t.answerDue, t.unheard, t.leaving = false, false, t.now
	case store.FateFailed:
		t.leaving = t.endOfAttempt(m.ID, f.at, time.Time{})
	default: // it was taken back, or kept inside
	}
}

// endOfAttempt returns when a message that was sent at a time (sent) failed or was taken back. If the log doesn't tell, it returns
// the time at which the message was sent again (again).
func (t *attribution) endOfAttempt(m store.MessageID, sent, again time.Time) time.Time {
	for _, end := range t.ends[m] {
		inTime := again.IsZero() || !end.After(again)
		if inTime && !end.Before(sent) {
			return end
		}
	}
	return again
}
