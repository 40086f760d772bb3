package engine_test

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"testing"

	"parley/bridge/engine"
	"parley/routing/hours"
	"parley/store"
	"parley/store/measure"
	"parley/store/storetest"
)

// recount counts the shares of a conversation (its figures by day, team and agent) a second time, slowly: it looks for
// each figure through everything that happened, and counts business hours minute by minute. It shares no code with what
// it checks.
type recount struct {
	s      *story
	h      *hours.Hours
	events []event
	shares map[string]*measure.Share
	times  []measure.Single
}

// event is something that was done, or a message that counts in figures.
type event struct {
	at    time.Time
	id    int64
	log   *store.LogEntry
	said  *measure.Message
	agent store.AgentID
}

// newRecount counts a story, which is what happened in one conversation.
func newRecount(s *story, h *hours.Hours) *recount {
	r := &recount{s: s, h: h, shares: map[string]*measure.Share{}}
	for i := range s.log {
		e := event{at: s.log[i].At, id: s.log[i].ID, log: &s.log[i]}
		if s.log[i].AgentID != nil {
			e.agent = *s.log[i].AgentID
		}
		r.events = append(r.events, e)
	}

	for i := range s.said {
		if m := &s.said[i]; r.isCounted(m) {
			r.events = append(r.events, r.sentAt(m))
		}
	}

	slices.SortFunc(r.events, func(a, b event) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.id, b.id)) })
	for n := range r.events {
		r.countEvent(n)
	}
	return r
}

// isCounted reports whether a message counts in figures.
func (r *recount) isCounted(m *measure.Message) bool {
	isCopy := slices.ContainsFunc(r.s.log, func(l store.LogEntry) bool {
		return l.What == store.DeedAnsweredElsewhere && engine.DetailOf(l).Message == m.ID
	})
	isPersons := m.Direction == store.DirectionIn && !m.Automatic
	isAnswer := m.Direction == store.DirectionOut && m.Fate == store.FateOut && m.Reason != store.ReasonMachine
	return isCopy && m.Fate == store.FateIn || isPersons || isAnswer
}

// sentAt returns a message with the time at which it was last sent.
func (r *recount) sentAt(m *measure.Message) event {
	e := event{at: m.At, id: int64(m.ID), said: m, agent: m.AgentID}
	for i := range r.s.log {
		l := &r.s.log[i]
		sent := l.What == store.DeedReplied || l.What == store.DeedSentAgain || l.What == store.DeedAnsweredElsewhere
		if sent && engine.DetailOf(*l).Message == m.ID {
			e.at, e.id = l.At, l.ID
		}
	}
	return e
}

func (e event) is(deeds ...store.Deed) bool {
	return e.log != nil && slices.Contains(deeds, e.log.What)
}

// goes reports whether a message went in this direction. A counted message that is automatic is the copy of an answer that
// came back into the mailbox, so it went out.
func (e event) goes(d store.Direction) bool {
	if e.said != nil && e.said.Automatic {
		return d == store.DirectionOut
	}
	return e.said != nil && e.said.Direction == d
}

func (e event) begins() bool { return e.is(store.DeedOpened, store.DeedStarted, store.DeedReopened) }

func (e event) ends() bool { return e.is(store.DeedResolved, store.DeedClosed) }

func (r *recount) countEvent(n int) {
	e := r.events[n]
	switch {
	case e.is(store.DeedOpened, store.DeedStarted):
		agent := store.AgentID(0)
		if e.is(store.DeedStarted) {
			agent = e.agent
		}
		r.figuresAt(n, agent).Opened++
	case e.is(store.DeedReopened):
		r.figuresAt(n, r.owner(n)).Reopened++
	case e.goes(store.DirectionIn), e.is(store.DeedPromoted):
		r.figuresAt(n, r.owner(n+1)).MessagesIn++
	case e.goes(store.DirectionOut):
		r.countAnswer(n)
	case e.ends() && r.episodeRuns(n-1): // a resolved conversation may be closed afterwards
		r.countEnd(n)
	}
}

func (r *recount) countAnswer(n int) {
	e := r.events[n]
	r.figuresAt(n, e.agent).MessagesOut++
	since, isOpenedAgain := -1, false
	for i := n - 1; i >= 0; i-- {
		before := r.events[i]
		isOpenedAgain = isOpenedAgain || before.is(store.DeedReopened) && before.log.Actor == store.ByAgent
		saysNothingIsDue := before.ends() || before.is(store.DeedSetPending) && before.log.Actor == store.ByAgent
		if before.goes(store.DirectionOut) || saysNothingIsDue && !isOpenedAgain {
			break
		}
		if before.goes(store.DirectionIn) && (isOpenedAgain || r.inEpisode(i)) || before.is(store.DeedPromoted) {
			since = i
		}
	}

	if since < 0 {
		return
	}
	answeredBefore := slices.ContainsFunc(r.events[:n], func(b event) bool { return b.goes(store.DirectionOut) || b.is(store.DeedStarted) })
	f := r.figuresAt(n, e.agent)
	wall, open := r.lengthOf(r.events[since].at, e.at)
	if answeredBefore {
		r.addTime(n, e.agent, measure.NextAnswer, wall, open)
		f.NextCount, f.NextSum, f.NextSumOpen = f.NextCount+1, f.NextSum+wall, f.NextSumOpen+open
		f.NextWorst, f.NextWorstOpen = max(f.NextWorst, wall), max(f.NextWorstOpen, open)
		return
	}

	r.addTime(n, e.agent, measure.FirstAnswer, wall, open)
	f.FirstCount, f.FirstSum, f.FirstSumOpen = f.FirstCount+1, f.FirstSum+wall, f.FirstSumOpen+open
	f.FirstWorst, f.FirstWorstOpen = max(f.FirstWorst, wall), max(f.FirstWorstOpen, open)
}

// inEpisode reports whether the conversation was unresolved (in an episode) when a customer wrote, or became so by this
// message.
func (r *recount) inEpisode(n int) bool {
	return r.episodeRuns(n) || slices.ContainsFunc(r.events[n:], func(e event) bool {
		return e.begins() && e.log.Actor == store.ByCustomer && e.at.Equal(r.events[n].at)
	})
}

// episodeRuns reports whether an episode runs after the nth event.
func (r *recount) episodeRuns(n int) bool {
	for i := n; i >= 0; i-- {
		if r.events[i].begins() || r.events[i].ends() {
			return r.events[i].begins()
		}
	}
	return false
}

func (r *recount) countEnd(n int) {
	e, begun := r.events[n], n-1
	answered := false
	for ; !r.events[begun].begins(); begun-- {
		answered = answered || r.events[begun].goes(store.DirectionOut)
	}

	f := r.figuresAt(n, cmp.Or(r.owner(n), e.agent))
	wall, open := r.lengthOf(r.events[begun].at, e.at)
	f.Resolved++
	r.addTime(n, cmp.Or(r.owner(n), e.agent), measure.Ended, wall, open)
	f.EndedSum, f.EndedSumOpen = f.EndedSum+wall, f.EndedSumOpen+open
	f.EndedWorst, f.EndedWorstOpen = max(f.EndedWorst, wall), max(f.EndedWorstOpen, open)
	if r.events[begun].log.Actor == store.ByCustomer && !answered {
		f.Abandoned++
	}
}

// owner returns the agent who led the conversation before the nth event.
func (r *recount) owner(n int) (owner store.AgentID) {
	for _, e := range r.events[:min(n, len(r.events))] {
		if e.log == nil {
			continue
		}
		d := engine.DetailOf(*e.log)
		switch {
		case e.is(store.DeedStarted, store.DeedPromoted, store.DeedTook), e.is(store.DeedJoined) && owner == 0:
			owner = e.agent
		case e.is(store.DeedUnassigned), e.is(store.DeedAssigned) && d.Team != 0:
			owner = 0
		case e.is(store.DeedAssigned):
			owner = d.Agents[0]
		}
	}
	return owner
}

// addTime adds a time, such as that to the first answer, which ended with the nth event.
func (r *recount) addTime(n int, agent store.AgentID, what measure.Time, wall, open int64) {
	s := r.shareAt(n, agent)
	r.times = append(r.times, measure.Single{
		ConversationID: s.ConversationID,
		Day:            s.Day,
		AccountID:      s.AccountID,
		TeamID:         s.TeamID,
		AgentID:        agent,
		Time:           what,
		Wall:           wall,
		Open:           open,
	})
}

func (r *recount) figuresAt(n int, agent store.AgentID) *measure.Figures {
	return &r.shareAt(n, agent).Figures
}

func (r *recount) shareAt(n int, agent store.AgentID) *measure.Share {
	team, handed := r.s.subject.TeamID, false
	for i, e := range r.events {
		if e.is(store.DeedAssigned) && engine.DetailOf(*e.log).Team != 0 {
			if !handed {
				team, handed = r.s.subject.AccountTeamID, true
			}
			if i <= n {
				team = engine.DetailOf(*e.log).Team
			}
		}
	}

	zone := time.UTC
	if r.h != nil {
		zone = r.h.Zone()
	}

	day := r.events[n].at.In(zone).Format(time.DateOnly)
	key := fmt.Sprint(day, team, agent)
	if r.shares[key] == nil {
		r.shares[key] = &measure.Share{
			ConversationID: r.s.subject.ConversationID,
			Day:            day,
			TeamID:         team,
			AgentID:        agent,
			AccountID:      r.s.subject.AccountID,
		}
	}
	return r.shares[key]
}

func (r *recount) lengthOf(from, to time.Time) (wall, open int64) {
	for t := from; t.Before(to); t = t.Add(time.Minute) {
		if r.h.OpenAt(t) {
			open += 60
		}
	}
	return int64(to.Sub(from).Seconds()), open
}

// If a transaction begins before others and commits after them, its events are still measured.
func TestLateCommit(t *testing.T) {
	t.Parallel()
	w := newWorldMeasuring(t)
	dir := w.directory()
	slow, quick := w.open(100), w.open(100)

	tx := storetest.Begin(t, w.pool)
	storetest.Check(t, w.step(tx, slow, 0, "opens", time.Minute))

	w.happen(quick, "opens")
	w.measureAll(dir)
	w.happen(quick, "writes")
	w.measureAll(dir)

	storetest.Check(t, tx.Commit(t.Context()))
	w.measureAll(dir)
	w.wantRecounted(dir)
}
