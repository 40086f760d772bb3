package inbox

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"parley/bot/web"
	"parley/bridge"
)

// Bounds of the streams by which pages learn that something has changed.
const (
	liveStreams  = 128              // of a process
	livePerAgent = 8                // of one agent
	liveLook     = 2 * time.Second  // between two looks
	liveQuiet    = 15 * time.Second // after so long without a change a comment keeps the connection
	liveLife     = 5 * time.Minute  // then the browser asks anew, and is let in anew
	liveWrite    = 10 * time.Second // for one write to a slow browser
)

// lives counts the streams.
type lives struct {
	mu      sync.Mutex
	all     int
	byAgent map[bridge.AgentID]int
}

func newLives() *lives { return &lives{byAgent: map[bridge.AgentID]int{}} }

// take has room for one more stream of an agent, or says no.
func (l *lives) take(agent bridge.AgentID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all >= liveStreams || l.byAgent[agent] >= livePerAgent {
		return false
	}
	l.all++
	l.byAgent[agent]++
	return true
}

func (l *lives) give(agent bridge.AgentID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	if l.byAgent[agent]--; l.byAgent[agent] == 0 {
		delete(l.byAgent, agent)
	}
}

// live tells a page, as server-sent events, the stamp of what it shows: at first, and when it has changed. It tells
// nothing else, so that the page is read like any other. It ends when the agent may not read it any more, or has
// signed out.
func (p pages) live(v *web.Visit) error {
	stamp := func(ctx context.Context) (string, error) {
		l, err := p.desk.List(ctx, v.Person.ID, queryOf(v))
		return p.desk.ListStamp(l), err
	}
	if id, err := strconv.ParseInt(v.Value("conversation"), 10, 64); err == nil {
		stamp = func(ctx context.Context) (string, error) {
			return p.desk.Stamp(ctx, v.Person.ID, bridge.ConversationID(id))
		}
	}
	ctx, cancel := context.WithTimeout(v.Context(), liveLife)
	defer cancel()
	now, err := stamp(ctx)
	if err != nil {
		return refuse(v, err)
	}
	if !p.lives.take(v.Person.ID) {
		v.Writer.Header().Set("Retry-After", "60")
		v.Writer.WriteHeader(http.StatusServiceUnavailable)
		return nil
	}
	defer p.lives.give(v.Person.ID)
	v.Writer.Header().Set("Content-Type", "text/event-stream")
	v.Writer.Header().Set("X-Accel-Buffering", "no")
	out := &stream{w: v.Writer, control: http.NewResponseController(v.Writer)}
	if !out.say("event: stamp\ndata: " + now + "\n\n") {
		return nil
	}
	look := time.NewTicker(liveLook)
	defer look.Stop()
	for {
		select {
		case <-look.C:
		case <-ctx.Done():
			return nil
		case <-p.desk.Stopping():
			return nil
		}
		next, err := stamp(ctx)
		words := ": still here\n\n"
		switch {
		case err != nil: // the browser asks anew, and is told why
			return nil
		case next != now:
			now, words = next, "event: stamp\ndata: "+next+"\n\n"
		case time.Since(out.last) <= liveQuiet:
			continue
		}
		if still, err := v.StillSignedIn(); err != nil || !still || !out.say(words) {
			return nil //nolint:nilerr // as above
		}
	}
}

// stream writes events to a browser.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	last    time.Time
}

// say writes at once; no = the browser is gone.
func (s *stream) say(text string) bool {
	s.last = time.Now()                                   //nolint:forbidigo // only how long ago
	_ = s.control.SetWriteDeadline(s.last.Add(liveWrite)) //nolint:errcheck // then the server's stays
	if _, err := fmt.Fprint(s.w, text); err != nil {
		return false
	}
	return s.control.Flush() == nil
}
