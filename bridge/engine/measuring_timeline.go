package engine

import (
	"cmp"
	"slices"
	"time"

	"parley/bridge"
	"parley/routing/hours"
	"parley/store"
	"parley/store/measure"
)

// This file computes where the time of a conversation went: how long it waited in the queue, for its owner, for the customer, or for
// a provider that was delivering an answer. For example, a customer writes at 9:00, Ann takes the conversation at 9:10 and answers at
// 9:30, and it is resolved at 10:00: 10 minutes in the queue, 20 minutes for Ann, 30 minutes for the customer.

// Spent is the time that a conversation waited for somebody.
type Spent struct {
	Waiter bridge.Waiter
	Agent  store.AgentID // the leading owner at the time, if Waiter is OnAgent
	Wall   time.Duration
	Open   time.Duration // the part within business hours
}

// Timeline is the result for a conversation, from its beginning to its end. Times between an end and a reopening are left out. The
// parts add up to Wall and Open.
type Timeline struct {
	From, To   time.Time // zero if it never began
	Wall, Open time.Duration
	Parts      []Spent // one for each waiter and agent
}

// TimelineDeeds returns the kinds of log entries that Attribute needs.
func TimelineDeeds() []store.Deed { return append(measuredDeeds(), attemptEnds()...) }

// attemptEnds returns the kinds of log entries that end an attempt to send a message without success.
func attemptEnds() []store.Deed {
	return []store.Deed{store.DeedNotDelivered, store.DeedUndone, store.DeedKeptInside, store.DeedParked}
}

// Attribute computes the timeline of a conversation, until it ended or until now. left has the times at which answers left for the
// customer. h are the account's business hours; nil means always open.
func Attribute(log []store.LogEntry, said []measure.Message, left map[store.MessageID]time.Time, h *hours.Hours, now time.Time) Timeline {
	a := attribution{
		hours: h,
		said:  map[store.MessageID]measure.Message{},
		left:  left,
		sends: map[store.MessageID][]measuringFact{},
		ends:  map[store.MessageID][]time.Time{},
		now:   now,
	}
	for _, m := range said {
		a.said[m.ID] = m
	}

	var all []measuringFact
	for _, e := range log {
		all = append(all, factOf(e))
	}
	for _, m := range said {
		if isFromCustomer(m) {
			all = append(all, messageOfCustomer(m))
		}
	}
	slices.SortFunc(all, inOrder)

	a.indexAttempts(all)
	for _, f := range all {
		a.attributeUntil(f.at)
		a.apply(f)
	}

	a.attributeUntil(now)
	return a.result
}

// attribution walks through the facts of a conversation: log entries and customers' messages, in order. The fields from result on hold
// the state after the facts so far.
type attribution struct {
	hours *hours.Hours
	said  map[store.MessageID]measure.Message
	left  map[store.MessageID]time.Time
	sends map[store.MessageID][]measuringFact // attempts to send each message, in order
	ends  map[store.MessageID][]time.Time     // when attempts to send each message failed or were undone, in order
	now   time.Time

	result    Timeline
	at        time.Time // the time up to which everything is attributed
	inEpisode bool      // the conversation is open: it has begun or was reopened, and has not ended
	answerDue bool      // the customer waits for an answer
	unheard   bool      // the customer wrote last, whether or not an answer is due
	early     time.Time // when the customer wrote between episodes, which may begin the next one
	owner     store.AgentID
	leaving   time.Time // when the answer that is being sent leaves or fails
}

// attributeUntil attributes the time since a.at, up to the given time. It first goes to the provider that is sending an answer, then
// to whoever the conversation depends on.
func (a *attribution) attributeUntil(to time.Time) {
	if a.inEpisode && a.leaving.After(a.at) {
		a.add(Spent{Waiter: bridge.OnProvider}, slices.MinFunc([]time.Time{a.leaving, to}, time.Time.Compare))
	}
	if a.inEpisode {
		a.add(a.dependsOn(), to)
	}
	if to.After(a.at) {
		a.at = to
	}
}

// dependsOn returns whose turn it is in the current state.
func (a *attribution) dependsOn() Spent {
	if !a.answerDue {
		return Spent{Waiter: bridge.OnCustomer}
	}
	if a.owner == 0 {
		return Spent{Waiter: bridge.OnQueue}
	}
	return Spent{Waiter: bridge.OnAgent, Agent: a.owner}
}

// add attributes the time since a.at, up to the given time, to the waiter and agent of s.
func (a *attribution) add(s Spent, to time.Time) {
	if !to.After(a.at) {
		return
	}

	s.Wall, s.Open = to.Sub(a.at), a.hours.Between(a.at, to)
	a.result.Wall += s.Wall
	a.result.Open += s.Open
	a.result.To, a.at = to, to
	i := slices.IndexFunc(a.result.Parts, func(p Spent) bool { return p.Waiter == s.Waiter && p.Agent == s.Agent })
	if i < 0 {
		a.result.Parts = append(a.result.Parts, s)
		return
	}

	a.result.Parts[i].Wall += s.Wall
	a.result.Parts[i].Open += s.Open
}

// apply updates the state by one fact.
func (a *attribution) apply(f measuringFact) {
	switch f.what { //nolint:exhaustive // the others change nothing here
	case "": // a message of the customer
		a.unheard = true
		if a.inEpisode {
			a.answerDue = true
		} else {
			a.early = f.at
		}
	case store.DeedOpened, store.DeedStarted, store.DeedReopened:
		a.begin(f)
	case store.DeedPromoted:
		a.owner, a.answerDue, a.unheard = f.agent, true, true
	case store.DeedResolved, store.DeedClosed:
		a.inEpisode, a.answerDue = false, false
		a.leaving = time.Time{}
	case store.DeedTook:
		a.owner = f.agent
	case store.DeedJoined:
		a.owner = cmp.Or(a.owner, f.agent)
	case store.DeedUnassigned:
		a.owner = 0
	case store.DeedAssigned:
		a.owner = 0
		if f.detail.Team == 0 && len(f.detail.Agents) > 0 {
			a.owner = f.detail.Agents[0]
		}
	case store.DeedSetPending:
		a.answerDue = a.answerDue && f.by != store.ByAgent
	case store.DeedReplied, store.DeedSentAgain, store.DeedAnsweredElsewhere:
		a.noteAnswer(f)
	}
}

func (a *attribution) begin(f measuringFact) {
	if a.result.From.IsZero() {
		a.result.From, a.result.To = f.at, f.at
	}
	a.inEpisode, a.at = true, f.at
	beganByMessage := a.early.Equal(f.at)
	isReopenedUnanswered := f.what == store.DeedReopened && f.by == store.ByAgent && a.unheard
	a.answerDue = a.answerDue || beganByMessage || isReopenedUnanswered
	if f.what == store.DeedStarted {
		a.owner = f.agent
	}
}

// indexAttempts fills sends and ends. all must be in order.
func (a *attribution) indexAttempts(all []measuringFact) {
	for _, f := range all {
		m := f.detail.Message
		switch {
		case f.what == store.DeedReplied || f.what == store.DeedSentAgain:
			a.sends[m] = append(a.sends[m], f)
		case slices.Contains(attemptEnds(), f.what):
			a.ends[m] = append(a.ends[m], f.at)
		}
	}
}

// noteAnswer updates the state by an attempt f to send an answer. The time until the attempt has succeeded or failed is the provider's.
// Afterwards no answer is due if it succeeded.
func (a *attribution) noteAnswer(f measuringFact) {
	m, ok := a.said[f.detail.Message]
	if !ok {
		return
	}
	if f.what == store.DeedAnsweredElsewhere && m.Fate != store.FateFailed {
		a.answerDue, a.unheard = false, false
		return
	}

	again := slices.IndexFunc(a.sends[m.ID], func(later measuringFact) bool { return inOrder(f, later) < 0 })
	if again >= 0 {
		a.leaving = a.endOfAttempt(m.ID, f.at, a.sends[m.ID][again].at)
		return
	}

	switch m.Fate {
	case store.FateOut:
		a.answerDue, a.unheard = false, false
		if left, known := a.left[m.ID]; known {
			a.leaving = left
		}
	case store.FateWaiting, store.FateUnclear:
		a.answerDue, a.unheard, a.leaving = false, false, a.now
	case store.FateFailed:
		a.leaving = a.endOfAttempt(m.ID, f.at, time.Time{})
	default: // it was undone, or kept from the customer
	}
}

// endOfAttempt returns when the attempt that began at sent failed or was undone. again is when the next attempt began, or zero. If the
// log has no end of the attempt, endOfAttempt returns again.
func (a *attribution) endOfAttempt(m store.MessageID, sent, again time.Time) time.Time {
	for _, end := range a.ends[m] {
		inTime := again.IsZero() || !end.After(again)
		if inTime && !end.Before(sent) {
			return end
		}
	}
	return again
}
