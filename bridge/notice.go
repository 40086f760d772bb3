package bridge

// Notice is a kind of notification, such as "a colleague assigns a conversation". Agents can switch most of them off.
// Parley notifies agents by mentioning them in a line, which is a remark of its own in a conversation's thread: "@Ann: Ben
// assigned this to you." For an agent who has switched off the notice "assigned", that line has no mention.
//
// A line that matches no notice always mentions its agents. For example, a line which says that a customer did not get a
// message mentions the author, even if the author has switched off all notices.
type Notice struct {
	Name      string
	Text      string // when it is sent, for settings pages
	Mandatory bool   // agents can't switch it off
	ToTeam    bool   // if all agents to notify are away, their team is notified instead
	matches   func(Line) bool
}

// Presences of agents, as written in parley.yaml. The first one is the default.
const (
	PresenceAvailable = "available"
	PresenceBusy      = "busy"
	PresenceBreak     = "break"
	PresenceAway      = "away" // also called offline: the only one in which conversations are given back
)

// Notices returns all notices. Agents switch them off by name, in parley.yaml or on a settings page.
func Notices() []Notice {
	return []Notice{
		{Name: "assigned", Text: "a colleague, or a rule, assigns a conversation", matches: Line.IsAssignment},
		{Name: "handed_over", Text: "a conversation is handed to the team", matches: isKind(LineUnassigned)},
		{
			Name: "customer",
			Text: "a customer writes again in a conversation that was snoozed or resolved, " +
				"or changes a message of one that is over",
			ToTeam:  true,
			matches: isCustomersReturn,
		},
		{Name: "urgent", Text: "a conversation becomes urgent", ToTeam: true, matches: isKind(LineAnalysis)},
		{Name: "ended", Text: "a colleague resolves, closes or reopens a conversation", matches: isColleaguesEnd},
		{Name: "note", Text: "a note that was written in a form gives the name", matches: isNoteOfForm},
		{Name: "woke", Text: "a snooze is over", Mandatory: true, ToTeam: true, matches: isKind(LineWoke)},
	}
}

// NoticesToChoose returns the names of the notices that can be switched off.
func NoticesToChoose() []string {
	var names []string
	for _, n := range Notices() {
		if !n.Mandatory {
			names = append(names, n.Name)
		}
	}
	return names
}

// Notice returns the notice that a line matches, or false if it matches none.
func (l Line) Notice() (Notice, bool) {
	for _, n := range Notices() {
		if n.matches(l) {
			return n, true
		}
	}
	return Notice{}, false
}

// ReachesAbsent reports whether the line is also sent as a direct message to mentioned agents who are not members of its
// channel, where the chat would not notify them. That holds for assignments, for notices that are Mandatory or ToTeam, and
// for lines which say that a customer did not get a message.
func (l Line) ReachesAbsent() bool {
	if notice, isNotice := l.Notice(); isNotice {
		return notice.Mandatory || notice.ToTeam || l.IsAssignment()
	}
	switch l.Kind() {
	case LineLate, LineAsk, LineInside, LineParked, LineOffered, LineFailed, LineRetrying, LineUnclear, LineEditLate, LineUndone,
		LineNotMapped:
		return true
	default:
		return false
	}
}

// IsAssignment reports whether the line tells new owners that a conversation is theirs.
func (l Line) IsAssignment() bool { return l.Kind() == LineAssigned || l.Kind() == LineRouted }

func isKind(kind LineKind) func(Line) bool { return func(l Line) bool { return l.Kind() == kind } }

// isNoteOfForm reports whether a line shows a note that was written in a form.
func isNoteOfForm(l Line) bool { return l.Kind() == LineDone && l.Verb == VerbNote }

// isCustomersReturn reports whether the customer woke or reopened the conversation by a message, or changed a message.
// A line about a changed message only has mentions if the conversation has ended.
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
