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

// Pages of the inbox update themselves. Each open page has a stream of server-sent events, which carries only stamps. A
// stamp is a digest of what the page shows. When a new stamp arrives, the page reloads its content:
//
//	event: stamp
//	data: 5f2c9a…

// Limits of the streams.
const (
	maxStreams         = 128              // in this process
	maxStreamsPerAgent = 8                // tabs of one agent
	pollInterval       = 2 * time.Second  // how often the stamp is read
	pollsPerCount      = 5                // the lists are counted only now and then, which is more work than a page of one
	maxSilence         = 15 * time.Second // then a comment is sent, so that proxies keep the connection open
	streamLifetime     = 5 * time.Minute  // then the browser reconnects, and permissions are checked again
	writeTimeout       = 10 * time.Second // for one write to a slow browser
)

// liveStreams counts the open streams. It is safe for concurrent use.
type liveStreams struct {
	mu      sync.Mutex
	all     int
	byAgent map[bridge.AgentID]int
}

// takeSlot counts one more stream of an agent. It returns false if there are too many. Otherwise the caller must call
// releaseSlot when the stream ends.
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

func (l *liveStreams) releaseSlot(agent bridge.AgentID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	l.byAgent[agent]--
	if l.byAgent[agent] == 0 {
		delete(l.byAgent, agent)
	}
}

// streamChanges sends the current stamp of a page, and then each new one. The stream ends after streamLifetime, when the
// agent loses access to the page, and when the agent signs out. Browsers then reconnect, and a request that isn't
// allowed any more is refused before a stream begins.
func (p pages) streamChanges(v *web.Visit) error {
	readStamp := p.makeStamper(v)
	ctx, cancel := context.WithTimeout(v.Context(), streamLifetime)
	defer cancel()
	stamp, err := readStamp(ctx)
	if err != nil {
		return refuse(v, err)
	}

	if !p.streams.takeSlot(v.Person.ID) {
		v.Writer.Header().Set("Retry-After", "60")
		v.Writer.WriteHeader(http.StatusServiceUnavailable)
		return nil
	}
	defer p.streams.releaseSlot(v.Person.ID)
	v.Writer.Header().Set("Content-Type", "text/event-stream")
	v.Writer.Header().Set("X-Accel-Buffering", "no") // nginx would buffer the events
	out := &stream{w: v.Writer, control: http.NewResponseController(v.Writer)}
	if out.sendStamp(stamp) {
		p.followChanges(ctx, v, out, readStamp)
	}
	return nil
}

// followChanges sends each new stamp until the stream ends. It also ends the stream after an error: the browser
// reconnects, and streamChanges reports the error if it persists.
func (p pages) followChanges(ctx context.Context, v *web.Visit, out *stream, readStamp func(context.Context) (string, error)) {
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()

	for {
		select {
		case <-poll.C:
		case <-ctx.Done():
			return
		case <-p.desk.Stopping():
			return
		}

		stamp, err := readStamp(ctx)
		if err != nil {
			return
		}
		isChanged := stamp != out.stamp
		isSilent := time.Since(out.last) > maxSilence
		if !isChanged && !isSilent {
			continue
		}

		signedIn, err := v.StillSignedIn() //nolint:contextcheck // it has a time limit of its own
		if err != nil || !signedIn {
			return
		}

		ok := false
		if isChanged {
			ok = out.sendStamp(stamp)
		} else {
			ok = out.write(": still here\n\n") // a comment, which browsers ignore
		}
		if !ok {
			return
		}
	}
}

// makeStamper returns a function that reads the stamp of a page. The query identifies the page: "conversation=12", or
// the query of a list (see queryOf).
func (p pages) makeStamper(v *web.Visit) func(context.Context) (string, error) {
	id, err := strconv.ParseInt(v.Value("conversation"), 10, 64)
	if err == nil {
		return func(ctx context.Context) (string, error) {
			stamp, err := p.desk.Stamp(ctx, v.Person.ID, bridge.ConversationID(id))
			if err != nil {
				return "", err
			}
			stamp, _, err = p.withDown(ctx, v.Person.ID, stamp)
			return stamp, err
		}
	}
	q, last, polls := queryOf(v), bridge.Listing{}, 0
	return func(ctx context.Context) (string, error) {
		q.Counts = polls%pollsPerCount == 0
		polls++
		l, err := p.desk.List(ctx, v.Person.ID, q)
		if err != nil {
			return "", err
		}
		if !q.Counts {
			l.Counts, l.Unread = last.Counts, last.Unread
			if p.desk.ListStamp(l) != p.desk.ListStamp(last) { // the counts have changed, too
				polls = 0
			}
		}
		last = l
		stamp, _, err := p.withDown(ctx, v.Person.ID, p.desk.ListStamp(l))
		return stamp, err
	}
}

// stream writes server-sent events to a browser.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	last    time.Time // the time of the last write
	stamp   string    // the stamp that was sent last
}

// sendStamp sends a stamp. It returns false if the browser has disconnected.
func (s *stream) sendStamp(stamp string) bool {
	s.stamp = stamp
	return s.write("event: stamp\ndata: " + stamp + "\n\n")
}

// write sends text without delay. It returns false if the browser has disconnected.
func (s *stream) write(text string) bool {
	s.last = time.Now()                                      //nolint:forbidigo // only how long ago
	_ = s.control.SetWriteDeadline(s.last.Add(writeTimeout)) //nolint:errcheck // without it the server's deadline stays
	if _, err := fmt.Fprint(s.w, text); err != nil {
		return false
	}
	return s.control.Flush() == nil
}
