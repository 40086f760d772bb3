package demo

import (
	"cmp"
	"strings"
	"time"
)

// States of a line (Parley's connection to Slack, Teams or the mail server), or of Parley's process.
const (
	stateOn       = "on"
	stateCut      = "cut"
	stateDialling = "dialling" // restored, but Parley has not reconnected yet
	stateDown     = "down"     // Parley's process has ended and will be restarted
	stateStarting = "starting" // Parley's process is starting for the first time since the demo started over
)

// lineState is the state of a line, or of Parley's process.
type lineState struct {
	State string `json:"state"` // such as stateOn
	For   int64  `json:"for"`   // how long it has been cut or down, in milliseconds
	Back  int64  `json:"back"`  // how long until it is restored by itself, in milliseconds
	Times int    `json:"times"` // how often Parley was killed
	Can   bool   `json:"can"`   // the visitor can switch it
}

// plugState is the state of the switches (plugs) on the demo's page with which a visitor simulates failures: cutting a
// line, or killing Parley. For example, a line that was cut 5 seconds ago and is restored by itself after a minute is
// {"state": "cut", "for": 5000, "back": 55000, …}.
type plugState struct {
	Slack  lineState `json:"slack"`
	Teams  lineState `json:"teams"`
	Mail   lineState `json:"mail"`
	Parley lineState `json:"parley"`
	Reset  bool      `json:"reset"` // the demo can be started over
}

// states returns the states of Slack, Teams, the mail server and Parley.
func (s plugState) states() [4]string {
	return [4]string{s.Slack.State, s.Teams.State, s.Mail.State, s.Parley.State}
}

// isAllOn reports whether Parley is running and all lines are connected.
func (s plugState) isAllOn() bool {
	return s.states() == [4]string{stateOn, stateOn, stateOn, stateOn}
}

// listCut returns the names of the lines that are cut.
func (s plugState) listCut() (names []string) {
	for _, line := range []struct{ name, state string }{
		{"Slack", s.Slack.State},
		{"Teams", s.Teams.State},
		{"mail", s.Mail.State},
	} {
		if line.state == stateCut {
			names = append(names, line.name)
		}
	}
	return names
}

// readState returns the current state.
func (p *plugs) readState() plugState {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	return plugState{
		Slack: p.readLine(LineSlack, p.company.Slack.Sockets.Count() > 0, now),
		// Parley has no permanent connection to Teams that could be checked: Teams sends webhooks.
		Teams:  p.readLine(LineTeams, true, now),
		Mail:   p.readLine(LineMail, p.company.Mail.State().Sessions > 0, now),
		Parley: p.readParley(now),
		Reset:  p.over != nil,
	}
}

// readLine returns the state of a line. isConnected says that Parley has a connection through it. Caller holds p.mu.
func (p *plugs) readLine(line string, isConnected bool, now time.Time) lineState {
	s := lineState{State: stateOn, Can: p.company.Proxies(line) != nil}
	c, isCut := p.cuts[line]

	switch {
	case isCut:
		s.State = stateCut
		s.For = now.Sub(c.since).Milliseconds()
		s.Back = max(0, p.options.CutFor-now.Sub(c.since)).Milliseconds()
	case !isConnected:
		s.State = stateDialling
	}

	return s
}

// readParley returns the state of Parley's process. Caller holds p.mu.
func (p *plugs) readParley(now time.Time) lineState {
	if p.engine == nil && p.over == nil { // the demo doesn't manage Parley's process
		return lineState{State: stateOn}
	}
	if p.engine == nil {
		return lineState{State: stateStarting}
	}

	process := p.engine.State()
	s := lineState{Can: true, Times: process.Kills}

	switch {
	case process.Runs:
		s.State = stateOn
	case process.DownSince.IsZero():
		s.State = stateStarting
	default:
		s.State = stateDown
		s.For = now.Sub(process.DownSince).Milliseconds()
		s.Back = max(0, process.BackAt.Sub(now)).Milliseconds()
	}

	return s
}

// phaseNow returns the text of the page's status bar, such as "Slack and mail are cut. What is said waits." It is "" if
// everything works.
func (p *plugs) phaseNow(s plugState) string {
	phase := ""
	isReady := s.Parley.State == stateOn && p.db.Load() != nil
	if !isReady || s.Slack.State == stateDialling {
		phase = *p.phase.Load()
	}

	cut := s.listCut()
	if len(cut) == 0 {
		return phase
	}

	verb := " is cut"
	if len(cut) > 1 {
		verb = " are cut"
	}
	text := joinNames(cut) + verb + ". " + cmp.Or(phase, "What is said waits.")
	return strings.ToUpper(text[:1]) + text[1:]
}

// joinNames joins names as in "a, b and c".
func joinNames(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
