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

// An open page of the inbox learns from a stream of server-sent events that something has changed, and then loads
// itself again. The stream sends only stamps. A stamp is a digest of what the page shows: a new one means that there
// is a change.

// Bounds of the streams by which pages learn that something has changed.
const (
	maxStreams         = 128              // of this process
	maxStreamsPerAgent = 8                // of one agent
	lookInterval       = 2 * time.Second  // between two looks whether something has changed
	maxSilence         = 15 * time.Second // after that a comment is sent, which keeps the connection open
	streamLifetime     = 5 * time.Minute  // then the browser connects again, and its rights are checked again
	writeTimeout       = 10 * time.Second // for one write to a slow browser
)

// liveStreams counts the open streams.
type liveStreams struct {
	mu      sync.Mutex
	all     int
	byAgent map[bridge.AgentID]int
}

// takeSlot counts one more stream of an agent. It returns false if there are too many.
func (l *liveStreams) takeSlot(agent bridge.AgentID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all >= maxStreams || l.byAgent[agent] >= maxStreamsPerAgent {
		return false
	}
	l.all++
	l.byAgent[agent]++
	return true
}

// releaseSlot ends the count of a stream.
func (l *liveStreams) releaseSlot(agent bridge.AgentID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	l.byAgent[agent]--
	if l.byAgent[agent] == 0 {
		delete(l.byAgent, agent)
	}
}

// streamChanges answers with the stamp of what a page shows: at once, and again whenever the stamp has changed. The
// stream ends after streamLifetime, when the agent may not read the page any more, and when the agent has signed out.
// The browser then connects again.
func (p pages) streamChanges(v *web.Visit) error {
	stamp := p.makeStamper(v)
	ctx, cancel := context.WithTimeout(v.Context(), streamLifetime)
	defer cancel()
	now, err := stamp(ctx)
	if err != nil {
		return refuse(v, err)
	}

	if !p.lives.takeSlot(v.Person.ID) {
		v.Writer.Header().Set("Retry-After", "60")
		v.Writer.WriteHeader(http.StatusServiceUnavailable)
		return nil
	}
	defer p.lives.releaseSlot(v.Person.ID)
	v.Writer.Header().Set("Content-Type", "text/event-stream")
	v.Writer.Header().Set("X-Accel-Buffering", "no")
	out := &stream{w: v.Writer, control: http.NewResponseController(v.Writer)}
	if !out.write("event: stamp\ndata: " + now + "\n\n") {
		return nil
	}

	look := time.NewTicker(lookInterval)
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
		if err != nil {
			return nil //nolint:nilerr // the browser connects again, and is told why
		}

		event := ": still here\n\n" // a comment
		if next != now {
			now = next
			event = "event: stamp\ndata: " + next + "\n\n"
		} else if time.Since(out.last) <= maxSilence {
			continue
		}

		signedIn, err := v.StillSignedIn()
		if err != nil || !signedIn {
			return nil //nolint:nilerr // as above
		}
		if !out.write(event) {
			return nil
		}
	}
}

// makeStamper returns the function that reads the stamp of what an address shows: a conversation, or a page of a list.
func (p pages) makeStamper(v *web.Visit) func(context.Context) (string, error) {
	id, err := strconv.ParseInt(v.Value("conversation"), 10, 64)
	if err == nil {
		return func(ctx context.Context) (string, error) {
			return p.desk.Stamp(ctx, v.Person.ID, bridge.ConversationID(id))
		}
	}
	return func(ctx context.Context) (string, error) {
		l, err := p.desk.List(ctx, v.Person.ID, queryOf(v))
		if err != nil {
			return "", err
		}
		return p.desk.ListStamp(l), nil
	}
}

// stream writes events to a browser.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	last    time.Time // when something was written last
}

// write sends a text at once. It returns false if the browser is gone.
func (s *stream) write(text string) bool {
	s.last = time.Now()                                      //nolint:forbidigo // only how long ago
	_ = s.control.SetWriteDeadline(s.last.Add(writeTimeout)) //nolint:errcheck // without it the server's deadline stays
	if _, err := fmt.Fprint(s.w, text); err != nil {
		return false
	}
	return s.control.Flush() == nil
}
