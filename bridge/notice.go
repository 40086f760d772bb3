package bridge

import "slices"

// This file decides when a line (see Line) mentions agents, so that their chat notifies them, and which of these
// mentions an agent can switch off.

// Notice is an occasion on which Parley mentions an agent in a thread, so that the chat notifies the agent.
//
// A line that matches no notice always mentions its agents. For example, a line that says that a customer did not get
// something mentions the author, whatever the author chose.
type Notice struct {
	Name   string
	Text   string // when it happens, in the words of pages
	Always bool   // agents can't switch it off
	Cover  bool   // if all agents whom it is for are away, their team is notified instead
	is     func(Line) bool
}

// Presences of agents, as parley.yaml writes them. The first one is the default.
const (
	PresenceAvailable = "available"
	PresenceAway      = "away"
)

// Notices lists all notices. parley.yaml and the settings pages use their names to switch some off for an agent.
func Notices() []Notice {
	return []Notice{
		{Name: "assigned", Text: "a colleague assigns a conversation", is: isKind(LineAssigned)},
		{Name: "handed_over", Text: "a conversation is handed to the team", is: isKind(LineUnassigned)},
		{
			Name: "customer",
			Text: "a customer writes again in a conversation that was snoozed or resolved, " +
				"or changes a message of one that is over",
			Cover: true,
			is:    isCustomersReturn,
		},
		{Name: "urgent", Text: "a conversation becomes urgent", Cover: true, is: isKind(LineAnalysis)},
		{Name: "ended", Text: "a colleague resolves, closes or reopens a conversation", is: isColleaguesEnd},
		{Name: "note", Text: "a note that was written in a form gives the name", is: isNoteOfForm},
		{Name: "woke", Text: "a snooze is over", Always: true, Cover: true, is: isKind(LineWoke)},
	}
}

// NoticesToChoose lists the names of the notices that can be switched off.
func NoticesToChoose() (names []string) {
	for _, n := range Notices() {
		if !n.Always {
			names = append(names, n.Name)
		}
	}
	return names
}

// Notice returns the notice that a line matches. It returns false if it matches none.
func (l Line) Notice() (Notice, bool) {
	all := Notices()
	if i := slices.IndexFunc(all, func(n Notice) bool { return n.is(l) }); i >= 0 {
		return all[i], true
	}
	return Notice{}, false
}

// ReachesAbsent reports whether mentioned agents who aren't in the line's channel also get the line as a direct
// message: the chat doesn't notify them there. It does so for an assignment, for notices that are Always or Cover,
// and for lines that say that a customer did not get something.
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

// isNoteOfForm reports whether a line shows a note that was written in a form.
func isNoteOfForm(l Line) bool { return l.Kind() == LineDone && l.Verb == VerbNote }

// isCustomersReturn reports whether a message of the customer woke or reopened the conversation, or the customer
// changed a message. A changed message only mentions somebody if the conversation is over.
func isCustomersReturn(l Line) bool {
	if woke, ok := l.Content.(*WokeLine); ok {
		return woke.Cause == WokenByCustomer
	}
	isReopening := l.Kind() == LineReopened && l.By == (AgentRef{})
	return isReopening || l.Kind() == LineChanged
}

// isColleaguesEnd reports whether a colleague resolved, closed or reopened the conversation. If the customer reopened
// it, By is zero.
func isColleaguesEnd(l Line) bool {
	if l.Kind() == LineReopened {
		return l.By != (AgentRef{})
	}
	return l.Kind() == LineResolved
}
