package bridge

import "slices"

// Notice is an occasion on which Parley mentions an agent in a thread, so that the chat tells them.
//
// Lines that are in no row of Notices mention their agents always: those that say that a customer did not
// get something mention their author, whatever the author chose.
type Notice struct {
	Name   string
	Text   string // when that is, as pages say it
	Always bool   // an agent can't do without it
	Cover  bool   // while all of its agents are away, their team is told instead
	of     func(Line) bool
}

// Presences of agents, as parley.yaml writes them. The first is what counts where nothing is said.
const (
	PresenceAvailable = "available"
	PresenceAway      = "away"
)

// Notices lists all notices. What an agent may do without is said in parley.yaml and on pages by these names.
func Notices() []Notice {
	return []Notice{
		{Name: "assigned", Text: "a colleague assigns a conversation", of: isKind(LineAssigned)},
		{Name: "handed_over", Text: "a conversation is handed to the team", of: isKind(LineUnassigned)},
		{Name: "customer", Text: "a customer writes again in a conversation that was snoozed or resolved", Cover: true, of: isCustomersReturn},
		{Name: "urgent", Text: "a conversation becomes urgent", Cover: true, of: isKind(LineAnalysis)},
		{Name: "ended", Text: "a colleague resolves, closes or reopens a conversation", of: isColleaguesEnd},
		{Name: "note", Text: "a note that was written in a form gives the name", of: func(l Line) bool { return l.Kind() == LineDone && l.Verb == VerbNote }},
		{Name: "woke", Text: "a snooze is over", Always: true, Cover: true, of: isKind(LineWoke)},
	}
}

// NoticesToChoose lists the names of those that an agent can do without.
func NoticesToChoose() (names []string) {
	for _, n := range Notices() {
		if !n.Always {
			names = append(names, n.Name)
		}
	}
	return names
}

// Notice returns what a line tells those whom it mentions; false means it is no notice.
func (l Line) Notice() (Notice, bool) {
	all := Notices()
	if i := slices.IndexFunc(all, func(n Notice) bool { return n.of(l) }); i >= 0 {
		return all[i], true
	}
	return Notice{}, false
}

func isKind(kind LineKind) func(Line) bool {
	return func(l Line) bool { return l.Kind() == kind }
}

func isCustomersReturn(l Line) bool {
	if woke, ok := l.Content.(*WokeLine); ok {
		return woke.Cause == WokenByCustomer
	}
	return l.Kind() == LineReopened && l.By == (AgentRef{})
}

func isColleaguesEnd(l Line) bool {
	return l.Kind() == LineResolved || l.Kind() == LineReopened && l.By != (AgentRef{})
}
