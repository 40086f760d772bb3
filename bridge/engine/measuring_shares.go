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

// history walks through the facts of a conversation (its log entries and messages, in order) and counts. For example, if a customer
// writes on Monday at 9:00 and Ann answers at 9:30, it adds a first answer of 1,800 seconds to Monday, Ann and her team. Its fields
// hold the state after the facts so far. An episode is the time between the beginning or a reopening of a conversation and its end.
type history struct {
	subject measure.Subject
	hours   *hours.Hours // nil means always open
	targets Targets
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
	acked        time.Time  // waitsSince of the latest wait in which somebody took the conversation
	early        *time.Time // when the customer wrote between episodes; the next episode may begin with that message
}

// bucket is the day, team and agent to which something counts. Share and Figures hold the sums of one bucket.
type bucket struct {
	day   string
	team  store.TeamID
	agent store.AgentID
}

// Targets are the times within which an account's customers are to be served, in business hours; 0 means none.
type Targets struct {
	Ack   time.Duration // until somebody has the conversation
	Reply time.Duration // until the customer is answered
}

// Shares computes what a conversation contributes to the statistics: sums by day, team and agent, and the single times of which the
// sums consist. Without business hours (nil) the account is always open.
func Shares(
	s measure.Subject, log []store.LogEntry, messages []measure.Message, businessHours *hours.Hours, targets Targets,
) ([]measure.Share, []measure.Single) {
	h := &history{subject: s, hours: businessHours, targets: targets, shares: map[bucket]*measure.Figures{}, team: s.TeamID}
	facts := listFacts(log, messages)
	if slices.ContainsFunc(facts, isHandOver) {
		h.team = s.AccountTeamID // the team before the first hand-over
	}
	for _, f := range facts {
		h.count(f)
	}

	shares := make([]measure.Share, 0, len(h.shares))
	for b, figures := range h.shares {
		shares = append(shares, measure.Share{
			ConversationID: s.ConversationID,
			Day:            b.day,
			TeamID:         b.team,
			AgentID:        b.agent,
			AccountID:      s.AccountID,
			Figures:        *figures,
		})
	}
	return shares, h.times
}

func isHandOver(f measuringFact) bool { return f.what == store.DeedAssigned && f.detail.Team != 0 }

// bucketOf returns the bucket of a time and an agent, with the conversation's current team. Days are those of the business hours'
// time zone.
func (h *history) bucketOf(t time.Time, agent store.AgentID) bucket {
	zone := h.hours.Zone()
	if zone == nil {
		zone = time.UTC
	}
	return bucket{day: t.In(zone).Format(time.DateOnly), team: h.team, agent: agent}
}

// figuresAt returns the sums for a time and an agent. The caller adds to them.
func (h *history) figuresAt(t time.Time, agent store.AgentID) *measure.Figures {
	b := h.bucketOf(t, agent)
	if h.shares[b] == nil {
		h.shares[b] = &measure.Figures{}
	}
	return h.shares[b]
}

// addTime records a single time, and returns it in whole seconds: by the wall clock, and in business hours only. It counts for the
// bucket in which it ended.
func (h *history) addTime(what measure.Time, from, to time.Time, agent store.AgentID) (wall, open int64) {
	wall, open = max(int64(to.Sub(from)/time.Second), 0), int64(h.hours.Between(from, to)/time.Second)
	b := h.bucketOf(to, agent)
	h.times = append(h.times, measure.Single{
		ConversationID: h.subject.ConversationID,
		Day:            b.day,
		AccountID:      h.subject.AccountID,
		TeamID:         b.team,
		AgentID:        b.agent,
		Time:           what,
		Wall:           wall,
		Open:           open,
	})
	return wall, open
}

// count updates the state and the sums by one fact.
func (h *history) count(f measuringFact) {
	switch f.what { //nolint:exhaustive // the other deeds don't count
	case store.DeedOpened:
		const byCustomer = true
		h.begin(f, byCustomer)
	case store.DeedStarted:
		const byCustomer = false
		h.owner, h.everAnswered = f.agent, true
		h.begin(f, byCustomer)
	case store.DeedPromoted: // an agent recognised a mail that was taken for automatic; the customer waits from now on
		h.owner = f.agent
		h.customerSays(f)
	case store.DeedReopened:
		h.begin(f, f.by == store.ByCustomer)
	case store.DeedResolved, store.DeedClosed:
		h.end(f)
	case store.DeedTook:
		h.acknowledge(f.at, f.agent)
		h.owner = f.agent
	case store.DeedJoined:
		h.acknowledge(f.at, f.agent)
		h.owner = cmp.Or(h.owner, f.agent)
	case store.DeedUnassigned:
		h.owner = 0
	case store.DeedAssigned:
		h.assign(f)
	case store.DeedSetPending:
		if f.by == store.ByAgent {
			h.waitsSince = nil
		}
	case "":
		if f.fromCustomer {
			h.customerSays(f)
		} else {
			h.agentSays(f)
		}
	}
}

func (h *history) assign(f measuringFact) {
	if f.detail.Team != 0 {
		h.team, h.owner = f.detail.Team, 0
	} else if len(f.detail.Agents) > 0 {
		h.acknowledge(f.at, f.detail.Agents[0])
		h.owner = f.detail.Agents[0]
	}
}

func (h *history) begin(f measuringFact, byCustomer bool) {
	if h.begunAt != nil {
		return
	}

	if h.everBegun {
		h.figuresAt(f.at, h.owner).Reopened++
	} else {
		h.figuresAt(f.at, h.owner).Opened++
	}

	h.begunAt, h.everBegun = &f.at, true
	h.byCustomer, h.answered = byCustomer, false
	beganByMessage := h.early != nil && h.early.Equal(f.at)
	if byCustomer && beganByMessage {
		h.waitsSince = h.early
	}
	if f.what == store.DeedReopened && f.by == store.ByAgent {
		h.waitsSince = h.unanswered
	}

	h.early = nil
}

func (h *history) end(f measuringFact) {
	if h.begunAt == nil {
		return
	}

	agent := cmp.Or(h.owner, f.agent)
	figures := h.figuresAt(f.at, agent)
	wall, open := h.addTime(measure.Ended, *h.begunAt, f.at, agent)
	figures.Resolved++
	figures.EndedSum += wall
	figures.EndedSumOpen += open
	figures.EndedWorst = max(figures.EndedWorst, wall)
	figures.EndedWorstOpen = max(figures.EndedWorstOpen, open)
	if h.byCustomer && !h.answered || f.detail.Text == bridge.CloseAbandoned && f.by == store.ByParley {
		figures.Abandoned++
	}

	h.begunAt = nil
	h.waitsSince, h.early = nil, nil
}

func (h *history) customerSays(f measuringFact) {
	h.figuresAt(f.at, h.owner).MessagesIn++
	if h.unanswered == nil {
		h.unanswered = &f.at
	}
	switch {
	case h.begunAt == nil:
		h.early = &f.at
	case h.waitsSince == nil:
		h.waitsSince = &f.at
	}
}

// acknowledge counts whether an agent got the conversation in time, the first time while the customer waits.
func (h *history) acknowledge(at time.Time, agent store.AgentID) {
	if h.waitsSince == nil || h.owner != 0 || h.targets.Ack == 0 || h.acked.Equal(*h.waitsSince) {
		return
	}
	h.acked = *h.waitsSince
	figures := h.figuresAt(at, agent)
	figures.AckCount++
	if h.hours.Between(*h.waitsSince, at) <= h.targets.Ack {
		figures.AckKept++
	}
}

func (h *history) agentSays(f measuringFact) {
	h.acknowledge(f.at, f.agent)
	figures := h.figuresAt(f.at, f.agent)
	figures.MessagesOut++
	if h.waitsSince != nil && h.targets.Reply > 0 {
		figures.ReplyCount++
		if h.hours.Between(*h.waitsSince, f.at) <= h.targets.Reply {
			figures.ReplyKept++
		}
	}

	switch {
	case h.waitsSince == nil: // the customer was not waiting
	case h.everAnswered:
		wall, open := h.addTime(measure.NextAnswer, *h.waitsSince, f.at, f.agent)
		figures.NextCount++
		figures.NextSum += wall
		figures.NextSumOpen += open
		figures.NextWorst = max(figures.NextWorst, wall)
		figures.NextWorstOpen = max(figures.NextWorstOpen, open)
	default:
		wall, open := h.addTime(measure.FirstAnswer, *h.waitsSince, f.at, f.agent)
		figures.FirstCount++
		figures.FirstSum += wall
		figures.FirstSumOpen += open
		figures.FirstWorst = max(figures.FirstWorst, wall)
		figures.FirstWorstOpen = max(figures.FirstWorstOpen, open)
	}

	h.waitsSince, h.unanswered = nil, nil
	h.answered, h.everAnswered = true, true
}
