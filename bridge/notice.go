package bridge

import "slices"

// Notice is an occasion on which Parley mentions an agent in a thread, so that the chat notifies the agent.
//
// A line that is in no row of Notices always mentions its agents. For example, a line that says that a customer did not
// get something mentions its author, whatever the author chose.
type Notice struct {
	Name   string
	Text   string // when it happens, in the words of pages
	Always bool   // agents can't choose to do without it
	Cover  bool   // while all agents whom it is for are away, their team is notified instead
	is     func(Line) bool
}

// Presences of agents, as parley.yaml writes them. The first one is the default.
const (
	PresenceAvailable = "available"
	PresenceAway      = "away"
)

// Notices lists all notices. By their names, parley.yaml and pages say which ones an agent does without.
func Notices() []Notice {
	return []Notice{
		{Name: "assigned", Text: "a colleague assigns a conversation", is: isKind(LineAssigned)},
		{Name: "handed_over", Text: "a conversation is handed to the team", is: isKind(LineUnassigned)},
		{Name: "customer", Text: "a customer writes again in a conversation that was snoozed or resolved, or changes a message of one that is over", Cover: true, is: isCustomersReturn},
		{Name: "urgent", Text: "a conversation becomes urgent", Cover: true, is: isKind(LineAnalysis)},
		{Name: "ended", Text: "a colleague resolves, closes or reopens a conversation", is: isColleaguesEnd},
		{Name: "note", Text: "a note that was written in a form gives the name", is: func(l Line) bool { return l.Kind() == LineDone && l.Verb == VerbNote }},
		{Name: "woke", Text: "a snooze is over", Always: true, Cover: true, is: isKind(LineWoke)},
	}
}

// NoticesToChoose lists the names of the notices that an agent can choose to do without.
func NoticesToChoose() (names []string) {
	for _, n := range Notices() {
		if !n.Always {
			names = append(names, n.Name)
		}
	}
	return names
}

// Notice returns the notice that a line is to those whom it mentions. It returns false if the line is in no row of Notices.
func (l Line) Notice() (Notice, bool) {
	all := Notices()
	if i := slices.IndexFunc(all, func(n Notice) bool { return n.is(l) }); i >= 0 {
		return all[i], true
	}
	return Notice{}, false
}

// ReachesAbsent reports whether a line is told directly, too, to agents whom it mentions and who aren't in its channel, since the chat
// notifies nobody else there: an assignment, what agents can't do without or somebody is told in their place, and that a customer did not
// get something.
func (l Line) ReachesAbsent() bool {
	if notice, isNotice := l.Notice(); isNotice {
		return notice.Always || notice.Cover || l.Kind() == LineAssigned
	}
	switch l.Kind() {
	case LineAsk, LineInside, LineParked, LineOffered, LineFailed, LineRetrying, LineUnclear, LineEditLate, LineUndone, LineNotMapped:
		return true
	default:
		return false
	}
}

func isKind(kind LineKind) func(Line) bool { return func(l Line) bool { return l.Kind() == kind } }

// isCustomersReturn says that a message of the customer woke or reopened the conversation, or that the customer changed one. A change only
// mentions somebody in a conversation that is over.
func isCustomersReturn(l Line) bool {
	if woke, ok := l.Content.(*WokeLine); ok {
		return woke.Cause == WokenByCustomer
	}
	isReopening := l.Kind() == LineReopened && l.By == (AgentRef{})
	return isReopening || l.Kind() == LineChanged
}

// isColleaguesEnd says that a colleague resolved, closed or reopened the conversation. One that the customer reopened
// has no By.
func isColleaguesEnd(l Line) bool {
	if l.Kind() == LineReopened {
		return l.By != (AgentRef{})
	}
	return l.Kind() == LineResolved
}
