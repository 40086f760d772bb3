package measuring

import (
	"cmp"
	"slices"
	"time"

	"parley/routing/hours"
	"parley/store"
	"parley/store/measure"
)

// history walks through the facts of a conversation (its log entries and messages, in order) and counts. For example, if a customer
// writes on Monday at 9:00 and Ann answers at 9:30, it adds a first answer of 1,800 seconds to Monday, Ann and her team. Its fields
// hold the state after the facts so far. An episode is the time between the beginning or a reopening of a conversation and its end.
type history struct {
	subject measure.Subject
	hours   *hours.Hours // nil means always open
	shares  map[bucket]*measure.Figures
	times   []measure.Single

	team  store.TeamID  // the conversation's team; 0 means none
	owner store.AgentID // the agent who leads it; 0 means nobody

	begunAt      *time.Time // when the current episode began; nil between episodes
	byCustomer   bool       // the customer began the current episode
	answered     bool       // the customer was answered in this episode
	everBegun    bool       // there has been an episode
	everAnswered bool       // the customer was answered before, or an agent wrote first; later answers aren't first answers
	waitsSince   *time.Time // when the customer wrote the oldest unanswered message; nil while no answer is due
	unanswered   *time.Time // the same, but kept when an episode ends, or an agent marks that no answer is due
	early        *time.Time // when the customer wrote between episodes; the next episode may begin with that message
}

// bucket is the day, team and agent to which something counts. Share and Figures hold the sums of one bucket.
type bucket struct {
	day   string
	team  store.TeamID
	agent store.AgentID
}

// Shares computes what a conversation contributes to the statistics: sums by day, team and agent, and the single times of which the
// sums consist. h are the account's business hours; nil means always open.
func Shares(s measure.Subject, log []store.LogEntry, messages []measure.Message, h *hours.Hours) ([]measure.Share, []measure.Single) {
	w := &history{subject: s, hours: h, shares: map[bucket]*measure.Figures{}, team: s.TeamID}
	facts := listFacts(log, messages)
	if slices.ContainsFunc(facts, isHandOver) {
		w.team = s.AccountTeamID // the team before the first hand-over
	}
	for _, f := range facts {
		w.count(f)
	}

	shares := make([]measure.Share, 0, len(w.shares))
	for b, figures := range w.shares {
		shares = append(shares, measure.Share{
			ConversationID: s.ConversationID,
			Day:            b.day,
			TeamID:         b.team,
			AgentID:        b.agent,
			AccountID:      s.AccountID,
			Figures:        *figures,
		})
	}
	return shares, w.times
}

func isHandOver(f fact) bool { return f.what == store.DeedAssigned && f.detail.Team != 0 }

// bucketOf returns the bucket of a time and an agent, with the conversation's current team. Days are those of the business hours'
// time zone.
func (w *history) bucketOf(t time.Time, agent store.AgentID) bucket {
	zone := w.hours.Zone()
	if zone == nil {
		zone = time.UTC
	}
	return bucket{day: t.In(zone).Format(time.DateOnly), team: w.team, agent: agent}
}

// figuresAt returns the sums for a time and an agent. The caller adds to them.
func (w *history) figuresAt(t time.Time, agent store.AgentID) *measure.Figures {
	b := w.bucketOf(t, agent)
	if w.shares[b] == nil {
		w.shares[b] = &measure.Figures{}
	}
	return w.shares[b]
}

// addTime records a single time, and returns it in whole seconds: by the wall clock, and in business hours only. It counts for the
// bucket in which it ended.
func (w *history) addTime(what measure.Time, from, to time.Time, agent store.AgentID) (wall, open int64) {
	wall, open = max(int64(to.Sub(from)/time.Second), 0), int64(w.hours.Between(from, to)/time.Second)
	b := w.bucketOf(to, agent)
	w.times = append(w.times, measure.Single{
		ConversationID: w.subject.ConversationID,
		Day:            b.day,
		AccountID:      w.subject.AccountID,
		TeamID:         b.team,
		AgentID:        b.agent,
		Time:           what,
		Wall:           wall,
		Open:           open,
	})
	return wall, open
}

// count updates the state and the sums by one fact.
func (w *history) count(f fact) {
	switch f.what { //nolint:exhaustive // the other deeds don't count
	case store.DeedOpened:
		const byCustomer = true
		w.begin(f, byCustomer)
	case store.DeedStarted:
		const byCustomer = false
		w.owner, w.everAnswered = f.agent, true
		w.begin(f, byCustomer)
	case store.DeedPromoted: // an agent recognised a mail that was taken for automatic; the customer waits from now on
		w.owner = f.agent
		w.customerSays(f)
	case store.DeedReopened:
		w.begin(f, f.by == store.ByCustomer)
	case store.DeedResolved, store.DeedClosed:
		w.end(f)
	case store.DeedTook:
		w.owner = f.agent
	case store.DeedJoined:
		w.owner = cmp.Or(w.owner, f.agent)
	case store.DeedUnassigned:
		w.owner = 0
	case store.DeedAssigned:
		w.assign(f)
	case store.DeedSetPending:
		if f.by == store.ByAgent {
			w.waitsSince = nil
		}
	case "":
		if f.fromCustomer {
			w.customerSays(f)
		} else {
			w.agentSays(f)
		}
	}
}

func (w *history) assign(f fact) {
	if f.detail.Team != 0 {
		w.team, w.owner = f.detail.Team, 0
	} else if len(f.detail.Agents) > 0 {
		w.owner = f.detail.Agents[0]
	}
}

func (w *history) begin(f fact, byCustomer bool) {
	if w.begunAt != nil {
		return
	}

	if w.everBegun {
		w.figuresAt(f.at, w.owner).Reopened++
	} else {
		w.figuresAt(f.at, w.owner).Opened++
	}

	w.begunAt, w.everBegun = &f.at, true
	w.byCustomer, w.answered = byCustomer, false
	beganByMessage := w.early != nil && w.early.Equal(f.at)
	if byCustomer && beganByMessage {
		w.waitsSince = w.early
	}
	if f.what == store.DeedReopened && f.by == store.ByAgent {
		w.waitsSince = w.unanswered
	}

	w.early = nil
}

func (w *history) end(f fact) {
	if w.begunAt == nil {
		return
	}

	agent := cmp.Or(w.owner, f.agent)
	figures := w.figuresAt(f.at, agent)
	wall, open := w.addTime(measure.Ended, *w.begunAt, f.at, agent)
	figures.Resolved++
	figures.EndedSum += wall
	figures.EndedSumOpen += open
	figures.EndedWorst = max(figures.EndedWorst, wall)
	figures.EndedWorstOpen = max(figures.EndedWorstOpen, open)
	if w.byCustomer && !w.answered {
		figures.Abandoned++
	}

	w.begunAt = nil
	w.waitsSince, w.early = nil, nil
}

func (w *history) customerSays(f fact) {
	w.figuresAt(f.at, w.owner).MessagesIn++
	if w.unanswered == nil {
		w.unanswered = &f.at
	}
	switch {
	case w.begunAt == nil:
		w.early = &f.at
	case w.waitsSince == nil:
		w.waitsSince = &f.at
	}
}

func (w *history) agentSays(f fact) {
	figures := w.figuresAt(f.at, f.agent)
	figures.MessagesOut++

	switch {
	case w.waitsSince == nil: // the customer was not waiting
	case w.everAnswered:
		wall, open := w.addTime(measure.NextAnswer, *w.waitsSince, f.at, f.agent)
		figures.NextCount++
		figures.NextSum += wall
		figures.NextSumOpen += open
		figures.NextWorst = max(figures.NextWorst, wall)
		figures.NextWorstOpen = max(figures.NextWorstOpen, open)
	default:
		wall, open := w.addTime(measure.FirstAnswer, *w.waitsSince, f.at, f.agent)
		figures.FirstCount++
		figures.FirstSum += wall
		figures.FirstSumOpen += open
		figures.FirstWorst = max(figures.FirstWorst, wall)
		figures.FirstWorstOpen = max(figures.FirstWorstOpen, open)
	}

	w.waitsSince, w.unanswered = nil, nil
	w.answered, w.everAnswered = true, true
}
