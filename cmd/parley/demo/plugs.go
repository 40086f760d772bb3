package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"parley/cmd/parley/demo/engine"
	"parley/cmd/parley/demo/outside"
)

// On the demo's page a visitor can try out failures: cut a line, which is Parley's connection to Slack, Teams or
// the mail server, or kill Parley itself. This file does that and tells the page the state of each. "Start over"
// ends the current round: the emulators and the database are emptied, and the customers write their first mails
// again.

const (
	// cutFor is how long a line stays cut when nobody plugs it in. The longer it is cut,
	// the longer Parley waits between its tries to get through again.
	cutFor = time.Minute
	// lineInterval is the time between two looks at the lines.
	lineInterval = 400 * time.Millisecond
)

// lineParley is Parley's process, which can be killed and started.
const lineParley = "parley"

// plugs are the switches of the page: one for each line, and one for Parley's process. The JSON of their state is
// plugState.
type plugs struct {
	*pageState
	phase atomic.Pointer[string] // what the page says while Parley isn't connected, such as "Starting Parley …"

	mu     sync.Mutex
	cuts   map[string]cut // the lines that are cut, by their names, such as outside.LineSlack
	engine *engine.Engine // Parley's process; nil while there is none, and always if the demo doesn't start Parley
	over   func()         // ends the round; nil means that the demo can't start over
	round  int            // how often the demo started over
}

// cut is a line that is cut.
type cut struct {
	since time.Time
	timer *time.Timer // plugs the line in again
}

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

// isAllOn reports whether nothing is cut, killed or still connecting.
func (s plugState) isAllOn() bool {
	isOff := func(l lineState) bool { return l.State != stateOn }
	return !slices.ContainsFunc([]lineState{s.Slack, s.Teams, s.Mail, s.Parley}, isOff)
}

// currentRound returns how often the demo started over.
func (p *plugs) currentRound() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.round
}

// nextRound counts that the demo started over.
func (p *plugs) nextRound() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.round++
}

// setPhase sets what the page says while Parley isn't connected.
func (p *plugs) setPhase(text string) {
	p.phase.Store(&text)
	p.hub.wake()
}

// setEngine gives the plugs the running Parley; nil when it is gone.
func (p *plugs) setEngine(e *engine.Engine) {
	p.mu.Lock()
	p.engine = e
	p.mu.Unlock()
	p.hub.wake()
}

// setReset sets the function that ends the current round.
func (p *plugs) setReset(over func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = over
}

// cutLine cuts a line until plugIn is called. If nobody does, a timer calls it after PageOptions.CutFor.
func (p *plugs) cutLine(ctx context.Context, line string) {
	for _, connection := range p.world.Proxies(line) {
		connection.Cut()
	}

	p.mu.Lock()
	defer p.mu.Unlock()

	if _, isCut := p.cuts[line]; isCut {
		return
	}
	if p.cuts == nil {
		p.cuts = map[string]cut{}
	}

	p.cuts[line] = cut{since: time.Now(), timer: time.AfterFunc(p.options.CutFor, func() {
		if err := p.plugIn(ctx, line); err != nil {
			p.options.Log.Error("a line can't be plugged in again", "line", line, "error", err)
		}
		p.hub.wake()
	})}
}

// plugIn repairs a line. It does nothing if the line isn't cut.
// Errors: another program took its address meanwhile. The line then stays cut, and plugIn can be called again.
func (p *plugs) plugIn(ctx context.Context, line string) error {
	for _, connection := range p.world.Proxies(line) {
		if err := connection.Restore(ctx); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if c, wasCut := p.cuts[line]; wasCut {
		c.timer.Stop()
		delete(p.cuts, line)
	}
	return nil
}

// plugInAll repairs all lines.
func (p *plugs) plugInAll(ctx context.Context) error {
	return errors.Join(p.plugIn(ctx, outside.LineSlack), p.plugIn(ctx, outside.LineTeams), p.plugIn(ctx, outside.LineMail))
}

// movePlug is POST /plug. The form has line (slack, teams, mail or parley) and to: cut or in; for parley kill or
// start. It answers with plugState.
func (p *plugs) movePlug(w http.ResponseWriter, r *http.Request) {
	if err := p.moveLine(context.WithoutCancel(r.Context()), r.FormValue("line"), r.FormValue("to")); err != nil {
		writeError(w, http.StatusConflict, err)
		return
	}
	p.hub.wake()
	writeJSON(w, p.readState())
}

func (p *plugs) moveLine(ctx context.Context, line, to string) error {
	p.mu.Lock()
	e := p.engine
	p.mu.Unlock()

	if line == lineParley && e == nil {
		return errors.New("Parley doesn't run at the moment") //nolint:staticcheck // people read it
	}
	if line == lineParley && to == "kill" {
		return e.Kill()
	}
	if line == lineParley && to == "start" {
		e.Start()
		return nil
	}

	if p.world.Proxies(line) == nil {
		return fmt.Errorf("there is no line %q to pull here", line)
	}

	switch to {
	case "cut":
		p.cutLine(ctx, line)
		return nil
	case "in":
		return p.plugIn(ctx, line)
	}

	return fmt.Errorf("nobody knows how to do %q to %q", to, line)
}

// reset starts the demo over: POST /reset. It answers at once; the page's state tells when a new round has begun.
func (p *plugs) reset(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	over, round := p.over, p.round
	p.mu.Unlock()
	if over == nil {
		writeError(w, http.StatusServiceUnavailable, errNotYet)
		return
	}
	p.setPhase("Starting over …")
	over()
	writeJSON(w, map[string]int{"round": round})
}

// readState reports how everything is now.
func (p *plugs) readState() plugState {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	return plugState{
		Slack: p.readLine(outside.LineSlack, p.world.Slack.Sockets.Count() > 0, now),
		// Parley keeps no connection to Teams open that could be looked at: Teams calls when it has something to tell.
		Teams:  p.readLine(outside.LineTeams, true, now),
		Mail:   p.readLine(outside.LineMail, p.world.Mail.State().Sessions > 0, now),
		Parley: p.readParley(now),
		Reset:  p.over != nil,
	}
}

// readLine reports how a line is. isConnected says that Parley has a connection through it. Caller holds p.mu.
func (p *plugs) readLine(line string, isConnected bool, now time.Time) lineState {
	s := lineState{State: stateOn, Can: p.world.Proxies(line) != nil}
	if c, isCut := p.cuts[line]; isCut {
		s.State = stateCut
		s.For = now.Sub(c.since).Milliseconds()
		s.Back = max(0, p.options.CutFor-now.Sub(c.since)).Milliseconds()
	} else if !isConnected {
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
	s := lineState{State: stateOn, Can: true, Times: process.Kills}
	if !process.Runs && process.DownSince.IsZero() {
		s.State = stateStarting
	} else if !process.Runs {
		s.State = stateDown
		s.For = now.Sub(process.DownSince).Milliseconds()
		s.Back = max(0, process.BackAt.Sub(now)).Milliseconds()
	}
	return s
}

// phaseNow returns what the page's bar says: what is cut or waited for; "" means all runs.
func (p *plugs) phaseNow(s plugState) string {
	var cuts []string
	for _, line := range []struct{ name, state string }{{"Slack", s.Slack.State}, {"Teams", s.Teams.State}, {"mail", s.Mail.State}} {
		if line.state == stateCut {
			cuts = append(cuts, line.name)
		}
	}

	text := ""
	isReady := s.Parley.State == stateOn && p.db.Load() != nil
	if !isReady || s.Slack.State == stateDialling {
		text = *p.phase.Load()
	}

	if len(cuts) > 0 {
		verb := " is cut"
		if len(cuts) > 1 {
			verb = " are cut"
		}

		text = cmp.Or(text, "What is said waits.")
		text = joinNames(cuts) + verb + ". " + text
		text = strings.ToUpper(text[:1]) + text[1:]
	}

	return text
}

// joinNames joins names: "a, b and c".
func joinNames(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// watch tells open pages when a line comes and goes, which no emulator announces.
func (p *plugs) watch(ctx context.Context) {
	tick := time.NewTicker(lineInterval)
	defer tick.Stop()
	last := ""
	for {
		select {
		case <-ctx.Done():
			p.stopTimers()
			return
		case <-tick.C:
		}

		s := p.readState()
		if now := strings.Join([]string{s.Slack.State, s.Teams.State, s.Mail.State, s.Parley.State}, " "); now != last {
			last = now
			p.hub.wake()
		}
	}
}

func (p *plugs) stopTimers() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.cuts {
		c.timer.Stop()
	}
}
