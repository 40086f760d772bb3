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

// This file has both ends of the event stream from a Chat, the chat platform for tests, to its listeners. A listener is a
// Surface, Parley's side of the chat.
//
// The Chat puts each event into a queue per listener, and sends it as a line of JSON. The listener stores the event and then
// acknowledges it: it calls /taken with the event's serial number. Tests wait for that with Taken. Events that happen while
// a listener isn't connected are lost to it, until it calls CatchUp.

const (
	streamHeader = "X-Stream" // header with the id of the stream
	caughtUp     = 1          // serial number that acknowledges the events from before the stream, which CatchUp reads
)

// stream is the connection of one listener. Its events have serial numbers from caughtUp+1.
type stream struct {
	queue []event       // events that have not been sent
	more  chan struct{} // signals that queue is not empty, or that the stream has ended; has a buffer of one
	ended bool          // set by Disconnect
	sent  int           // serial number of the last event that was put into queue
	taken int           // serial number of the last event that the listener has stored
}

// wake signals more. It does not block.
func (s *stream) wake() {
	select {
	case s.more <- struct{}{}:
	default: // a signal is already pending
	}
}

// Mute makes all events get lost, or stops that.
func (c *Chat) Mute(lost bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mute = lost
}

// Disconnect ends all streams, so that surfaces have to reconnect.
func (c *Chat) Disconnect() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, s := range c.streams {
		s.ended = true
		s.wake()
		delete(c.streams, id)
	}
}

// Taken reports whether all listeners have stored all events, including those from before they connected.
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

// Streams returns the number of open streams.
func (c *Chat) Streams() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.streams)
}

// Connected returns the number of streams opened so far. Use it, instead of Streams, to wait until a surface has started:
// the stream of a surface that was stopped may stay open for a moment.
func (c *Chat) Connected() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.opened
}

// emit puts an event into the queues of all listeners. Queues are unbounded, so that slow listeners lose no events. c.mu
// must be held.
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

// noteTaken handles the acknowledgement of all events up to a serial number.
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

// streamEvents streams all events from now on, one per line.
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

// takeQueue empties the queue of a stream. ended means that the stream ends after these events.
func takeQueue(c *Chat, s *stream) (batch []event, ended bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	batch, s.queue = s.queue, nil
	return batch, s.ended
}

// listen opens a stream, catches up, and then stores the events of the stream until it ends. It opens the stream first, so
// that no event can happen between catching up and listening.
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

	// Acknowledge events in the background, so that it does not delay the storing of further ones.
	const maxUnacknowledged = 256
	taken := make(chan int, maxUnacknowledged)
	var acknowledging sync.WaitGroup
	defer acknowledging.Wait()
	defer close(taken)
	acknowledging.Go(func() {
		for serial := range taken {
			_ = s.acknowledge(ctx, resp.Header.Get(streamHeader), serial) // the Chat ignores streams that have ended
		}
	})

	taken <- caughtUp
	lines := bufio.NewReader(resp.Body)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return nil // the connection ended; the next call of listen catches up
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

// acknowledge tells the Chat that all events of a stream up to a serial number are stored.
func (s *Surface) acknowledge(ctx context.Context, stream string, serial int) error {
	_, err := s.get(ctx, "/taken?"+url.Values{"stream": {stream}, "serial": {strconv.Itoa(serial)}}.Encode())
	return err
}
