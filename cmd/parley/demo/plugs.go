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

const (
	// cutFor is how long a line stays cut when nobody plugs it in. The longer it is cut,
	// the longer Parley waits between its tries to get through again.
	cutFor = time.Minute
	// plugPace is how often the lines are looked at.
	plugPace = 400 * time.Millisecond
)

// lineParley is the process: killed and started.
const lineParley = "parley"

// plugs is what can be pulled: the lines to the outside, and Parley itself.
type plugs struct {
	*house
	phase atomic.Pointer[string] // what is waited for while Parley isn't connected

	mu     sync.Mutex
	cuts   map[string]cut // by line
	engine *engine.Engine // nil: Parley is no process of the demo's
	over   func()         // ends the round; nil: the demo can't start over
	round  int
}

// cut is a line that is cut.
type cut struct {
	since time.Time
	timer *time.Timer // plugs the line in again
}

// lineState is how one line is. Units: milliseconds.
type lineState struct {
	// State is on, cut, dialling (plugged in, Parley isn't through yet), down (Parley was killed) or starting.
	State string `json:"state"`
	For   int64  `json:"for"`   // how long it is cut or down
	Back  int64  `json:"back"`  // until it comes back by itself
	Times int    `json:"times"` // parley: how often it was killed
	Can   bool   `json:"can"`   // it can be pulled here
}

// plugState is how everything that can be pulled is.
type plugState struct {
	Slack  lineState `json:"slack"`
	Teams  lineState `json:"teams"`
	Mail   lineState `json:"mail"`
	Parley lineState `json:"parley"`
	Reset  bool      `json:"reset"` // the demo can start over
}

// isAllOn reports whether nothing is cut, killed or still connecting.
func (s plugState) isAllOn() bool {
	isOff := func(l lineState) bool { return l.State != "on" }
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

// setPhase says what is being waited for while the engine is not connected.
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

// setReset gives the plugs the way to end a round.
func (p *plugs) setReset(over func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = over
}

// cutLine cuts a line until plugIn is called, which it does itself after PageOptions.CutFor.
func (p *plugs) cutLine(ctx context.Context, line string) {
	for _, c := range p.world.Cords(line) {
		c.Cut()
	}

	p.mu.Lock()
	defer p.mu.Unlock()

	if _, isCut := p.cuts[line]; isCut {
		return
	}
	if p.cuts == nil {
		p.cuts = map[string]cut{}
	}

	p.cuts[line] = cut{since: time.Now(), timer: time.AfterFunc(p.o.CutFor, func() {
		if err := p.plugIn(ctx, line); err != nil {
			p.o.Log.Error("a line can't be plugged in again", "line", line, "error", err)
		}
		p.hub.wake()
	})}
}

// plugIn makes a line whole. Errors: somebody took its address meanwhile; then it stays cut and can be tried again.
func (p *plugs) plugIn(ctx context.Context, line string) error {
	for _, c := range p.world.Cords(line) {
		if err := c.Plug(ctx); err != nil {
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

// plugInAll makes all lines whole.
func (p *plugs) plugInAll(ctx context.Context) error {
	return errors.Join(p.plugIn(ctx, outside.LineSlack), p.plugIn(ctx, outside.LineTeams), p.plugIn(ctx, outside.LineMail))
}

// movePlug is POST /plug with line and to: cut, in, or for parley kill, start.
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

	if line == lineParley {
		if e == nil {
			return errors.New("Parley doesn't run at the moment") //nolint:staticcheck // people read it
		}

		switch to {
		case "kill":
			return e.Kill()
		case "start":
			e.Start()
			return nil
		}
	}

	if p.world.Cords(line) == nil {
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
	// Parley keeps no connection to Teams open that could be looked at: Teams calls when it has something to tell.
	isThrough := map[string]bool{
		outside.LineSlack: p.world.Slack.Sockets.Count() > 0, outside.LineTeams: true, outside.LineMail: p.world.Mail.State().Sessions > 0,
	}

	look := func(line string) lineState {
		s := lineState{State: "on", Can: p.world.Cords(line) != nil}
		if c, isCut := p.cuts[line]; isCut {
			s.State = "cut"
			s.For, s.Back = now.Sub(c.since).Milliseconds(), max(0, p.o.CutFor-now.Sub(c.since)).Milliseconds()
		} else if !isThrough[line] {
			s.State = "dialling"
		}
		return s
	}

	s := plugState{Slack: look(outside.LineSlack), Teams: look(outside.LineTeams), Mail: look(outside.LineMail), Parley: lineState{State: "on"}, Reset: p.over != nil}
	if e := p.engine; e != nil {
		is := e.State()
		s.Parley.Can, s.Parley.Times = true, is.Kills
		if !is.Runs && is.DownSince.IsZero() {
			s.Parley.State = "starting"
		} else if !is.Runs {
			s.Parley.State = "down"
			s.Parley.For, s.Parley.Back = now.Sub(is.DownSince).Milliseconds(), max(0, is.BackAt.Sub(now)).Milliseconds()
		}
	} else if s.Reset {
		s.Parley.State = "starting"
	}

	return s
}

// phaseNow returns what the page's bar says: what is cut or waited for; "" means all runs.
func (p *plugs) phaseNow(s plugState) string {
	var cuts []string
	for _, line := range []struct{ name, state string }{{"Slack", s.Slack.State}, {"Teams", s.Teams.State}, {"mail", s.Mail.State}} {
		if line.state == "cut" {
			cuts = append(cuts, line.name)
		}
	}

	text := ""
	isReady := s.Parley.State == "on" && p.db.Load() != nil
	if !isReady || s.Slack.State == "dialling" {
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
	tick := time.NewTicker(plugPace)
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
