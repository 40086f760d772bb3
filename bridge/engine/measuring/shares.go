package measuring

import (
	"cmp"
	"slices"
	"time"

	"parley/routing/hours"
	"parley/store"
	"parley/store/measure"
)

// history is a walk through what happened in a conversation. Facts are the entries of its log and its messages; the fields say how
// things stand after the facts so far. An episode lies between a conversation's beginning, or its reopening, and its end. A share is
// what the conversation contributes to the figures of one day, team and agent.
type history struct {
	subject measure.Subject
	hours   *hours.Hours // nil means always open
	shares  map[place]*measure.Figures
	times   []measure.Single

	team  store.TeamID  // the team that has the conversation; 0 means none
	owner store.AgentID // the agent who leads it; 0 means nobody

	begunAt      *time.Time // when the episode began that runs; nil while none does
	byCustomer   bool       // the customer began the episode
	answered     bool       // the customer was answered in this episode
	everBegun    bool       // there was an episode before, or one runs
	everAnswered bool       // the customer was answered before, or an agent wrote first: further answers are no first answers
	waitsSince   *time.Time // when the customer wrote the first message that isn't answered; nil while no answer is due
	unanswered   *time.Time // the same, also after an end or when an agent said that no answer is due
	early        *time.Time // when the customer wrote while no episode ran; that may begin the next one, at the same time
}

// place is where a share counts.
type place struct {
	day   string
	team  store.TeamID
	agent store.AgentID
}

// Shares returns what a conversation contributes to the figures, and the single times that are summed up there.
func Shares(s measure.Subject, log []store.LogEntry, said []measure.Message, h *hours.Hours) ([]measure.Share, []measure.Single) {
	w := &history{subject: s, hours: h, shares: map[place]*measure.Figures{}, team: s.TeamID}
	list := listFacts(log, said)
	if slices.ContainsFunc(list, isHandOver) {
		w.team = s.AccountTeamID
	}
	for _, f := range list {
		w.count(f)
	}
	shares := make([]measure.Share, 0, len(w.shares))
	for p, f := range w.shares {
		shares = append(shares, measure.Share{
			ConversationID: s.ConversationID,
			Day:            p.day,
			TeamID:         p.team,
			AgentID:        p.agent,
			AccountID:      s.AccountID,
			Figures:        *f,
		})
	}
	return shares, w.times
}

func isHandOver(f fact) bool { return f.what == store.DeedAssigned && f.detail.Team != 0 }

// placeOf returns where a moment counts: for its day, the team that has the conversation, and an agent.
func (w *history) placeOf(t time.Time, agent store.AgentID) place {
	zone := w.hours.Zone()
	if zone == nil {
		zone = time.UTC
	}
	return place{day: t.In(zone).Format(time.DateOnly), team: w.team, agent: agent}
}

// figuresAt returns the figures to which a moment counts.
func (w *history) figuresAt(t time.Time, agent store.AgentID) *measure.Figures {
	p := w.placeOf(t, agent)
	if w.shares[p] == nil {
		w.shares[p] = &measure.Figures{}
	}
	return w.shares[p]
}

// addTime keeps a single time, and returns it: the whole seconds between two moments, by the wall clock and in business hours. The
// time counts for the place of the second moment.
func (w *history) addTime(what measure.Time, from, to time.Time, agent store.AgentID) (wall, open int64) {
	wall, open = max(int64(to.Sub(from)/time.Second), 0), int64(w.hours.Between(from, to)/time.Second)
	p := w.placeOf(to, agent)
	w.times = append(w.times, measure.Single{
		ConversationID: w.subject.ConversationID,
		Day:            p.day,
		AccountID:      w.subject.AccountID,
		TeamID:         p.team,
		AgentID:        p.agent,
		Time:           what,
		Wall:           wall,
		Open:           open,
	})
	return wall, open
}

// count applies one fact.
func (w *history) count(f fact) {
	switch f.what { //nolint:exhaustive // of the other deeds no figures are made
	case store.DeedOpened:
		w.begin(f, true)
	case store.DeedStarted:
		w.owner, w.everAnswered = f.agent, true
		w.begin(f, false)
	case store.DeedPromoted: // mail that counted as automatic: the customer waits since somebody saw that it isn't
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
		if f.in {
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
	to := w.figuresAt(f.at, agent)
	wall, open := w.addTime(measure.Ended, *w.begunAt, f.at, agent)
	to.Resolved++
	to.EndedSum, to.EndedSumOpen = to.EndedSum+wall, to.EndedSumOpen+open
	to.EndedWorst, to.EndedWorstOpen = max(to.EndedWorst, wall), max(to.EndedWorstOpen, open)
	if w.byCustomer && !w.answered {
		to.Abandoned++
	}

	w.begunAt = nil
	w.waitsSince, w.early = nil, nil
}

func (w *history) customerSays(f fact) {
	w.figuresAt(f.at, w.owner).MessagesIn++
	if w.unanswered == nil {
		w.unanswered = &f.at
	}
	if w.begunAt == nil {
		w.early = &f.at
	} else if w.waitsSince == nil {
		w.waitsSince = &f.at
	}
}

func (w *history) agentSays(f fact) {
	to := w.figuresAt(f.at, f.agent)
	to.MessagesOut++
	if w.waitsSince != nil {
		what := measure.FirstAnswer
		if w.everAnswered {
			what = measure.NextAnswer
		}

		wall, open := w.addTime(what, *w.waitsSince, f.at, f.agent)
		if w.everAnswered {
			to.NextCount++
			to.NextSum, to.NextSumOpen = to.NextSum+wall, to.NextSumOpen+open
			to.NextWorst, to.NextWorstOpen = max(to.NextWorst, wall), max(to.NextWorstOpen, open)
		} else {
			to.FirstCount++
			to.FirstSum, to.FirstSumOpen = to.FirstSum+wall, to.FirstSumOpen+open
			to.FirstWorst, to.FirstWorstOpen = max(to.FirstWorst, wall), max(to.FirstWorstOpen, open)
		}
	}

	w.waitsSince, w.unanswered = nil, nil
	w.answered, w.everAnswered = true, true
}
