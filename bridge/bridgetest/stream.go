package bridgetest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"parley/channels"
)

// By a stream a Surface learns what happens in a Chat. The Chat puts each event into the queue of every listener and
// sends it as a line of JSON. The listener stores the event, and then calls /taken with the event's serial number. So
// a test can wait until everything is stored (Taken). Events that come while nobody listens are lost, until CatchUp
// reads them.

const (
	streamHeader = "X-Stream" // names a stream
	caughtUp     = 1          // the serial with which a listener says that it has read what it missed
)

// stream is the connection of one listener. Its events have the serial numbers from caughtUp + 1 on.
type stream struct {
	queue []event       // events that are not sent yet
	more  chan struct{} // signals that there is something in the queue, or that the stream has ended
	ended bool          // Disconnect sets it
	sent  int           // the serial of the newest event for it
	taken int           // the serial of the newest event that the listener has stored
}

// wake tells the goroutine that sends the stream's events to look at the queue. It doesn't block.
func (s *stream) wake() {
	select {
	case s.more <- struct{}{}:
	default: // a signal waits for it already
	}
}

// Mute sets whether events get lost.
func (c *Chat) Mute(lost bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mute = lost
}

// Disconnect ends all streams: surfaces have to connect again.
func (c *Chat) Disconnect() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, s := range c.streams {
		s.ended = true
		s.wake()
		delete(c.streams, id)
	}
}

// Taken reports whether those who listen have stored all events, and what they missed before they listened.
func (c *Chat) Taken() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.streams {
		if s.taken < s.sent {
			return false
		}
	}
	return true
}

// Streams returns how many surfaces listen.
func (c *Chat) Streams() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.streams)
}

// Connected returns how often a surface began to listen. Whoever waits for one that starts counts by this: the stream
// of one that has been stopped may still be there for a moment.
func (c *Chat) Connected() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.opened
}

// emit puts an event into the queues of all listeners. However slow they are, they lose events only by Mute and
// Disconnect. c.mu must be held.
func (c *Chat) emit(e event) {
	if c.mute {
		return
	}
	if root := c.find(e.Message.Channel, e.Message.Thread); root != nil {
		e.OwnThread = root.User == App
	}
	for _, s := range c.streams {
		s.sent++
		e.Serial = s.sent
		s.queue = append(s.queue, e)
		s.wake()
	}
}

// noteTaken notes up to which event a listener has stored everything.
func (a api) noteTaken(w http.ResponseWriter, r *http.Request) {
	serial, err := strconv.Atoi(r.FormValue("serial"))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	a.chat.mu.Lock()
	defer a.chat.mu.Unlock()
	if s := a.chat.streams[r.FormValue("stream")]; s != nil {
		s.taken = max(s.taken, serial)
	}
}

// streamEvents streams what happens from now on, a line of JSON each.
func (a api) streamEvents(w http.ResponseWriter, r *http.Request) {
	id, s := openStream(a.chat)
	defer closeStream(a.chat, id)
	out := json.NewEncoder(w)
	flush := w.(http.Flusher)
	w.Header().Set(streamHeader, id)
	w.WriteHeader(http.StatusOK)
	flush.Flush()
	for {
		batch, ended := takeQueue(a.chat, s)
		for _, e := range batch {
			if out.Encode(e) != nil {
				return
			}
		}
		flush.Flush()
		if ended {
			return
		}

		select {
		case <-s.more:
		case <-r.Context().Done():
			return
		case <-a.chat.closing:
			return
		}
	}
}

// openStream makes a stream for somebody who begins to listen.
func openStream(c *Chat) (id string, s *stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opened++
	id, s = strconv.Itoa(c.opened), &stream{more: make(chan struct{}, 1), sent: caughtUp}
	c.streams[id] = s
	c.changed.Poke()
	return id, s
}

func closeStream(c *Chat, id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.streams, id)
	c.changed.Poke()
}

// takeQueue empties the queue of a stream, and reports whether the stream ends after these events.
func takeQueue(c *Chat, s *stream) (batch []event, ended bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	batch, s.queue = s.queue, nil
	return batch, s.ended
}

// listen stores what has been missed, and then the events of a stream until it ends.
func (s *Surface) listen(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.base+"/events", nil)
	if err != nil {
		return fmt.Errorf("bridgetest: events: %w", err)
	}

	resp, err := s.client.Do(req)
	if err != nil {
		return fmt.Errorf("bridgetest: events: %w", err)
	}
	defer resp.Body.Close()
	s.desk.Gap()

	if err := s.CatchUp(ctx); err != nil {
		return err
	}

	s.desk.Filled()
	s.desk.Report(channels.Condition{Status: channels.Active})
	const room = 256 // events that may be stored before the Chat has heard of it
	taken := make(chan int, room)
	var confirming sync.WaitGroup
	defer confirming.Wait()
	defer close(taken)
	confirming.Go(func() { // in the background, so that events that come together are stored together
		for serial := range taken {
			_ = s.confirmTaken(ctx, resp.Header.Get(streamHeader), serial) // the Chat forgets a stream that has ended
		}
	})

	taken <- caughtUp
	lines := bufio.NewReader(resp.Body)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return nil // connections end; the next one fills the gap
		}

		var e event
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("bridgetest: events: %w", err)
		}

		isOwnPost := e.Message.User == App && e.Type == "say"
		if !isOwnPost {
			if err := s.desk.Accept(ctx, factOf(e)); err != nil {
				return err
			}
			s.noteSeen(e.Message.Sequence)
		}

		taken <- e.Serial
	}
}

// confirmTaken tells the Chat up to which event of a stream everything is stored.
func (s *Surface) confirmTaken(ctx context.Context, stream string, serial int) error {
	_, err := s.get(ctx, "/taken?"+url.Values{"stream": {stream}, "serial": {strconv.Itoa(serial)}}.Encode())
	return err
}
