package demo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// On the demo's page a visitor can simulate failures with switches, which are called plugs. A plug cuts a line, which is
// Parley's connection to Slack, Teams or the mail server, or kills Parley's process. For example, the visitor cuts the
// line to Slack, sends a mail as a customer and restores the line; Parley then posts the mail in Slack. This file
// operates the plugs, and plugstate.go reports their state.
//
// "Start over" ends the current round of the demo: the emulators and the database are emptied, and the customers send
// their first mails again.

const (
	// cutFor is how long a line stays cut unless the visitor restores it. It is short, because Parley's pause between
	// attempts to reconnect grows with the length of the outage.
	cutFor = time.Minute
	// lineInterval is how often the state of the lines is polled.
	lineInterval = 400 * time.Millisecond
)

// lineParley identifies the plug of Parley's process in requests.
const lineParley = "parley"

// plugs operates the switches of the page: one for each line, and one for Parley's process. The type plugState is their
// state for the page.
type plugs struct {
	*pageState
	phase atomic.Pointer[string] // what the page says while Parley isn't connected, such as "Starting Parley …"

	mu     sync.Mutex
	cuts   map[string]cut // the lines that are cut, by their names, such as company.LineSlack
	engine *Engine        // runs Parley's process; nil while a round has none, or if the demo doesn't manage it
	over   func()         // ends the round; nil means that the demo can't start over
	round  int            // how often the demo has started over
}

// cut describes a line that is cut.
type cut struct {
	since time.Time
	timer *time.Timer // restores the line
}

// currentRound returns how often the demo has started over.
func (p *plugs) currentRound() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.round
}

func (p *plugs) nextRound() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.round++
}

// setPhase sets the text that the page shows while Parley isn't connected.
func (p *plugs) setPhase(text string) {
	p.phase.Store(&text)
	p.hub.wake()
}

// setEngine sets what runs Parley's process in this round; nil when that has ended.
func (p *plugs) setEngine(e *Engine) {
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
	for _, connection := range p.company.Proxies(line) {
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

// plugIn restores a line. It does nothing if the line isn't cut.
// Errors: another program has taken the address of its proxy. The line then stays cut, and plugIn can be called again.
func (p *plugs) plugIn(ctx context.Context, line string) error {
	for _, connection := range p.company.Proxies(line) {
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

// plugInAll restores all lines.
func (p *plugs) plugInAll(ctx context.Context) error {
	return errors.Join(p.plugIn(ctx, LineSlack), p.plugIn(ctx, LineTeams), p.plugIn(ctx, LineMail))
}

// movePlug serves POST /plug. The form value line is slack, teams, mail or parley. The form value to is cut or in for a
// line, and kill or start for parley. The response is a plugState.
func (p *plugs) movePlug(w http.ResponseWriter, r *http.Request) {
	if err := p.moveLine(context.WithoutCancel(r.Context()), r.FormValue("line"), r.FormValue("to")); err != nil {
		writeError(w, http.StatusConflict, err)
		return
	}
	p.hub.wake()
	writeJSON(w, p.readState())
}

// moveLine operates one plug. line and to are the form values of movePlug.
func (p *plugs) moveLine(ctx context.Context, line, to string) error {
	if line == lineParley {
		return p.moveParley(to)
	}
	if p.company.Proxies(line) == nil {
		return fmt.Errorf("there is no line %q to pull here", line)
	}

	switch to {
	case "cut":
		p.cutLine(ctx, line)
		return nil
	case "in":
		return p.plugIn(ctx, line)
	default:
		return fmt.Errorf("a line can't %q", to)
	}
}

// moveParley kills Parley's process, or restarts it at once.
func (p *plugs) moveParley(to string) error {
	p.mu.Lock()
	e := p.engine
	p.mu.Unlock()
	if e == nil {
		return errors.New("Parley doesn't run at the moment") //nolint:staticcheck // people read it
	}

	switch to {
	case "kill":
		return e.Kill()
	case "start":
		e.Start()
		return nil
	default:
		return fmt.Errorf("Parley can't %q", to) //nolint:staticcheck // people read it
	}
}

// reset serves POST /reset: it starts the demo over. It doesn't wait for the new round; the page's state shows when that
// has begun.
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

// watch notifies open pages when the state of a plug changes, until ctx ends. It polls, because the emulators don't report
// their connections.
func (p *plugs) watch(ctx context.Context) {
	tick := time.NewTicker(lineInterval)
	defer tick.Stop()
	var last [4]string
	for {
		select {
		case <-ctx.Done():
			p.stopTimers()
			return
		case <-tick.C:
		}

		if now := p.readState().states(); now != last {
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
