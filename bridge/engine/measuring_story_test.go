package engine_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge/engine"
	"parley/routing/hours"
	"parley/store"
	"parley/store/measure"
	"parley/store/storetest"
)

// People and teams of the stories.
const (
	ann, ben                           = 11, 12
	measuringSupport, measuringBilling = 1, 2
)

// story is what happens in one conversation, as the engine stores it.
type story struct {
	subject measure.Subject
	log     []store.LogEntry
	said    []measure.Message
	now     time.Time
	ids     *store.MessageID
	owner   store.AgentID
	open    bool
}

// newStory begins a story in which nothing has happened yet. Stories of one database share their counter of ids.
func newStory(conversation store.ConversationID, ids *store.MessageID) *story {
	return &story{ids: ids, subject: measure.Subject{
		Labels:        measure.Labels{ConversationID: conversation, Tags: []string{}},
		AccountID:     100,
		TeamID:        measuringSupport,
		AccountTeamID: measuringSupport,
	}}
}

// id returns the next id.
func (s *story) id() store.MessageID {
	*s.ids++
	return *s.ids
}

// addLog adds an entry to the log. agent is 0 if no agent did it.
func (s *story) addLog(what store.Deed, by store.Doer, agent store.AgentID, detail engine.Detail) {
	body, _ := json.Marshal(detail)
	e := store.LogEntry{ID: int64(s.id()), ConversationID: s.subject.ConversationID, At: s.now, Actor: by, What: what, Detail: body}
	if agent != 0 {
		e.AgentID = &agent
	}
	s.log = append(s.log, e)
}

// say adds a message. agent is 0 if no agent wrote it.
func (s *story) say(direction store.Direction, fate store.Fate, agent store.AgentID) *measure.Message {
	s.said = append(s.said, measure.Message{
		ID:             s.id(),
		ConversationID: s.subject.ConversationID,
		At:             s.now,
		Direction:      direction,
		Fate:           fate,
		AgentID:        agent,
	})
	return &s.said[len(s.said)-1]
}

// last returns the latest answer, or an empty message.
func (s *story) last() *measure.Message {
	for i := len(s.said) - 1; i >= 0; i-- {
		if s.said[i].Direction == store.DirectionOut {
			return &s.said[i]
		}
	}
	return &measure.Message{}
}

// step plays one step, for example "ann answers". It reports whether the step is possible now.
func (s *story) step(t testing.TB, who store.AgentID, what string) bool {
	t.Helper()
	begun := len(s.log) > 0
	switch what {
	case "opens":
		s.addLog(store.DeedOpened, store.ByCustomer, 0, engine.Detail{})
		s.say(store.DirectionIn, store.FateIn, 0)
		s.open = true
		return !begun
	case "starts":
		s.addLog(store.DeedStarted, store.ByAgent, who, engine.Detail{})
		s.owner, s.open = who, true
		s.answer(who)
		return !begun
	case "promotes", "promotes collected": // an automatic or collected mail turns out to be a person's
		m := s.say(store.DirectionIn, store.FateIn, 0)
		m.Automatic = what == "promotes"
		s.addLog(store.DeedOpened, store.ByCustomer, 0, engine.Detail{})
		s.addLog(store.DeedPromoted, store.ByAgent, who, engine.Detail{Message: m.ID})
		s.owner, s.open = who, true
		return !begun
	case "writes":
		s.say(store.DirectionIn, store.FateIn, 0)
		if !s.open {
			s.addLog(store.DeedReopened, store.ByCustomer, 0, engine.Detail{})
			s.open = true
		}
	case "writes automatically":
		s.say(store.DirectionIn, store.FateIn, 0).Automatic = true
	case "sends again", "fails", "is unclear":
		return s.changeLastAnswer(what, who)
	case "reopens":
		if s.open {
			return false
		}
		s.addLog(store.DeedReopened, store.ByAgent, who, engine.Detail{})
		s.open = true
	default:
		mayBeClosed := begun && what == "closes" // it may be closed after it was resolved, too
		return (s.open || mayBeClosed) && s.stepWhileOpen(t, who, what)
	}
	return true
}

// answer lets an agent's answer leave.
func (s *story) answer(who store.AgentID) {
	m := s.say(store.DirectionOut, store.FateOut, who)
	s.addLog(store.DeedReplied, store.ByAgent, who, engine.Detail{Message: m.ID})
}

// changeLastAnswer changes the fate of the latest answer (sent, failed or unclear).
func (s *story) changeLastAnswer(what string, who store.AgentID) bool {
	m := s.last()
	switch {
	case m.ID == 0:
		return false
	case what == "fails":
		m.Fate = store.FateFailed
		s.addLog(store.DeedNotDelivered, store.ByParley, 0, engine.Detail{Message: m.ID})
	case what == "is unclear":
		m.Fate = store.FateUnclear
	case m.Fate == store.FateFailed && s.open:
		m.Fate = store.FateOut
		s.addLog(store.DeedSentAgain, store.ByAgent, who, engine.Detail{Message: m.ID})
	default:
		return false
	}
	return true
}

// stepWhileOpen plays steps that are possible only in an open conversation.
func (s *story) stepWhileOpen(t testing.TB, who store.AgentID, what string) bool {
	t.Helper()
	switch what {
	case "answers":
		if s.owner == 0 {
			s.addLog(store.DeedTook, store.ByAgent, who, engine.Detail{})
			s.owner = who
		}
		s.answer(who)
	case "answers elsewhere":
		m := s.say(store.DirectionOut, store.FateOut, 0)
		m.Reason = store.ReasonElsewhere
		s.addLog(store.DeedAnsweredElsewhere, store.ByParley, 0, engine.Detail{Message: m.ID})
	case "answers elsewhere, read late": // and only after later messages of the customer, which it doesn't answer
		s.say(store.DirectionOut, store.FateOut, 0).Reason = store.ReasonElsewhere
	case "answers by a copy to the mailbox":
		m := s.say(store.DirectionIn, store.FateIn, 0)
		m.Automatic = true
		s.addLog(store.DeedAnsweredElsewhere, store.ByParley, 0, engine.Detail{Message: m.ID})
	case "a machine answers":
		s.say(store.DirectionOut, store.FateOut, 0).Reason = store.ReasonMachine
	case "undoes":
		m := s.say(store.DirectionOut, store.FateUndone, who)
		s.addLog(store.DeedReplied, store.ByAgent, who, engine.Detail{Message: m.ID})
	case "notes":
		s.say(store.DirectionNote, store.FateInside, who)
		s.addLog(store.DeedNoted, store.ByAgent, who, engine.Detail{})
	case "takes":
		s.addLog(store.DeedAssigned, store.ByAgent, who, engine.Detail{Agents: []store.AgentID{who}})
		s.owner = who
	case "joins":
		s.addLog(store.DeedJoined, store.ByAgent, who, engine.Detail{})
	case "puts back":
		s.addLog(store.DeedUnassigned, store.ByAgent, who, engine.Detail{})
		s.owner = 0
	case "hands to billing":
		s.addLog(store.DeedAssigned, store.ByAgent, who, engine.Detail{Team: measuringBilling})
		s.owner, s.subject.TeamID = 0, measuringBilling
	case "hands to support":
		s.addLog(store.DeedAssigned, store.ByAgent, who, engine.Detail{Team: measuringSupport})
		s.owner, s.subject.TeamID = 0, measuringSupport
	case "snoozes":
		s.addLog(store.DeedSnoozed, store.ByAgent, who, engine.Detail{})
	case "waits for the customer":
		s.addLog(store.DeedSetPending, store.ByAgent, who, engine.Detail{})
	case "is set pending":
		s.addLog(store.DeedSetPending, store.ByParley, 0, engine.Detail{})
	case "resolves", "closes":
		deed := store.DeedResolved
		if what == "closes" {
			deed = store.DeedClosed
		}
		s.addLog(deed, store.ByAgent, who, engine.Detail{})
		s.open = false
	default:
		t.Fatalf("nobody %s", what)
	}
	return true
}

// play plays lines such as "mon 09:05 ann answers". The week is that of 2026-11-16.
func play(t testing.TB, zone *time.Location, lines string) *story {
	t.Helper()
	var ids store.MessageID
	s := newStory(7, &ids)
	for line := range strings.SplitSeq(lines, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}

		words := strings.SplitN(line, " ", 4)
		day := slices.Index([]string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}, words[0])
		clock, err := time.Parse("15:04", words[1])
		if err != nil || day < 0 {
			t.Fatalf("%s: %v", line, err)
		}

		s.now = time.Date(2026, 11, 16+day, clock.Hour(), clock.Minute(), 0, 0, zone)
		who := map[string]store.AgentID{"ann": ann, "ben": ben}[words[2]]
		if !s.step(t, who, words[3]) {
			t.Fatalf("%s: it can't be done", line)
		}
	}
	return s
}

// describeShares writes shares as text, one in each line, without figures that are 0.
func describeShares(shares []measure.Share, _ []measure.Single) string {
	var lines []string
	for _, s := range shares {
		var words []string
		add := func(name string, n int64) {
			if n != 0 {
				words = append(words, fmt.Sprintf("%s %d", name, n))
			}
		}
		add("opened", s.Opened)
		add("reopened", s.Reopened)
		add("in", s.MessagesIn)
		add("out", s.MessagesOut)
		add("resolved", s.Resolved)
		add("abandoned", s.Abandoned)

		span := func(name string, n, wall, open, worst, worstOpen int64) {
			if n != 0 {
				words = append(words, fmt.Sprintf("%s %d: %d/%d min, worst %d/%d", name, n, wall/60, open/60, worst/60, worstOpen/60))
			}
		}
		span("first", s.FirstCount, s.FirstSum, s.FirstSumOpen, s.FirstWorst, s.FirstWorstOpen)
		span("next", s.NextCount, s.NextSum, s.NextSumOpen, s.NextWorst, s.NextWorstOpen)
		span("ended", s.Resolved, s.EndedSum, s.EndedSumOpen, s.EndedWorst, s.EndedWorstOpen)

		who := map[store.AgentID]string{0: "nobody", ann: "ann", ben: "ben"}[s.AgentID]
		team := map[store.TeamID]string{measuringSupport: "support", measuringBilling: "billing"}[s.TeamID]
		lines = append(lines, fmt.Sprintf("%s %s %s: %s", s.Day[8:], team, who, strings.Join(words, ", ")))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// office returns hours from 9 to 5 on weekdays, in Berlin.
func office(t testing.TB) *hours.Hours {
	t.Helper()
	return storetest.Must(hours.New(hours.Plan{Zone: "Europe/Berlin", Week: []hours.Rule{{Days: "mon-fri", Open: "09:00-17:00"}}}, nil))(t)
}
