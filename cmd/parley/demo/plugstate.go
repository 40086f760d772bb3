package demo

import (
	"cmp"
	"strings"
	"time"

	"parley/cmd/parley/demo/company"
)

// States of a line, or of Parley.
const (
	stateOn       = "on"
	stateCut      = "cut"
	stateDialling = "dialling" // plugged in, but Parley has not connected again yet
	stateDown     = "down"     // Parley's process ended, and will be started again
	stateStarting = "starting" // Parley's process is started for the first time in this round
)

// lineState is how a line, or Parley, is.
type lineState struct {
	State string `json:"state"`
	For   int64  `json:"for"`   // how long it has been cut or down, in milliseconds
	Back  int64  `json:"back"`  // how long until it comes back by itself, in milliseconds
	Times int    `json:"times"` // how often Parley was killed
	Can   bool   `json:"can"`   // the visitor can switch it
}

// plugState is the state of all switches.
type plugState struct {
	Slack  lineState `json:"slack"`
	Teams  lineState `json:"teams"`
	Mail   lineState `json:"mail"`
	Parley lineState `json:"parley"`
	Reset  bool      `json:"reset"` // the demo can start over
}

// states returns the states of Slack, Teams, the mail server and Parley.
func (s plugState) states() [4]string {
	return [4]string{s.Slack.State, s.Teams.State, s.Mail.State, s.Parley.State}
}

// isAllOn reports whether nothing is cut, killed or still connecting.
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

// readState reports how everything is now.
func (p *plugs) readState() plugState {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	return plugState{
		Slack: p.readLine(company.LineSlack, p.company.Slack.Sockets.Count() > 0, now),
		// Parley keeps no connection to Teams open that could be looked at: Teams calls when it has something to tell.
		Teams:  p.readLine(company.LineTeams, true, now),
		Mail:   p.readLine(company.LineMail, p.company.Mail.State().Sessions > 0, now),
		Parley: p.readParley(now),
		Reset:  p.over != nil,
	}
}

// readLine reports how a line is. isConnected says that Parley has a connection through it. Caller holds p.mu.
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

// readParley reports how Parley's process is. Caller holds p.mu.
func (p *plugs) readParley(now time.Time) lineState {
	if p.engine == nil && p.over == nil { // it is no process of the demo's
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

// phaseNow returns what the page's bar says: what is cut or waited for; "" means all runs. For example: "Slack and mail are cut. What is
// said waits."
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

// joinNames joins names: "a, b and c".
func joinNames(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
