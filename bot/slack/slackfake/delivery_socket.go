package slackfake

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// maxSockets is the maximum number of connections that Slack permits an app.
const maxSockets = 10

// Reasons of a disconnect frame.
// Source: docs.slack.dev/apis/events-api/using-socket-mode, read 2026-11.
const (
	DisconnectWarning  = "warning"           // the socket remains open for a while
	DisconnectRefresh  = "refresh_requested" // the socket is closed, and the app must open another
	DisconnectDisabled = "link_disabled"     // Socket Mode was switched off
	DisconnectTooMany  = "too_many_websockets"
)

// Sockets are the app's Socket Mode connections. The app opens WebSockets at URLs from apps.connections.open. Each event is
// sent to one of them, in turn, in an envelope:
//
//	{"type":"events_api","envelope_id":"7f…","payload":{…}}
//
// The app acknowledges the event by sending back the envelope_id. While no socket is open, deliveries are parked.
//
// "The lock", workspace.Ground.Mu, guards the fields.
type Sockets struct {
	*Ground
	events  *Events
	sched   *Schedule
	open    []*socket
	turn    int             // counts deliveries, to choose the socket for the next one
	tickets map[string]bool // the tickets in URLs that the app hasn't used yet
	parked  []*delivery     // deliveries that wait for a socket
}

// socket is one Socket Mode connection.
type socket struct {
	conn  *websocket.Conn
	out   []frame       // frames to be written; guarded by the lock
	ready chan struct{} // signals that out has a frame
}

// frame is one message to write to a socket.
type frame struct {
	data []byte
	cut  bool // drop the TCP connection after writing it
	bye  bool // close the WebSocket after writing it
}

// NewAddress returns a WebSocket URL that can be used once. The caller must hold the lock.
func (s *Sockets) NewAddress() string {
	ticket := s.Secret(32)
	s.tickets[ticket] = true
	base := s.BaseURL()
	ws := "ws" + strings.TrimPrefix(base, "http")
	return ws + "/link/?ticket=" + ticket + "&app_id=" + s.Opt.AppID
}

// ServeSocket serves one connection until it is closed.
func (s *Sockets) ServeSocket(w http.ResponseWriter, r *http.Request) {
	if !s.useTicket(r.URL.Query().Get("ticket")) {
		http.Error(w, "ticket unknown or used", http.StatusForbidden)
		return
	}

	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return // Accept has written the response
	}

	conn.SetReadLimit(1 << 20)
	c := &socket{conn: conn, ready: make(chan struct{}, 1)}
	ctx, stop := context.WithCancel(r.Context())
	defer context.AfterFunc(s.Ctx, stop)() //nolint:contextcheck // Close ends it too
	s.register(c)
	done := make(chan struct{}, 2)
	go func() { s.writeSocket(ctx, c); stop(); done <- struct{}{} }()
	go func() { s.pingSocket(ctx, c); done <- struct{}{} }()
	s.readSocket(ctx, c)
	stop()
	s.unregister(c)
	conn.CloseNow() //nolint:errcheck // already gone
	<-done
	<-done
}

// useTicket invalidates a ticket, and reports whether it was valid.
func (s *Sockets) useTicket(ticket string) bool {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	known := s.tickets[ticket]
	delete(s.tickets, ticket)
	return known
}

// register adds a socket. Its first frame is "hello".
func (s *Sockets) register(c *socket) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	s.open = append(s.open, c)
	host := "applink-" + s.Secret(6)
	c.push(frame{data: MustJSON(map[string]any{
		"type": "hello", "num_connections": len(s.open),
		"connection_info": map[string]any{"app_id": s.Opt.AppID},
		"debug_info":      map[string]any{"host": host, "build_number": 1, "approximate_connection_time": 18060},
	})})

	if len(s.open) > maxSockets {
		s.sendDisconnect(c, DisconnectTooMany)
	}

	s.sendParked()
	s.Note(Change{Kind: "socket"})
}

// sendParked sends the parked deliveries. The caller must hold the lock.
func (s *Sockets) sendParked() {
	waiting := s.parked
	s.parked = nil
	for _, d := range waiting {
		s.events.send(d)
	}
}

// unregister removes a socket. Its unacknowledged deliveries are retried.
func (s *Sockets) unregister(c *socket) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	s.open = slices.DeleteFunc(s.open, func(o *socket) bool { return o == c })
	var unacknowledged []*delivery
	for _, d := range s.events.pending {
		if d.conn == c {
			unacknowledged = append(unacknowledged, d)
		}
	}

	slices.SortFunc(unacknowledged, func(a, b *delivery) int { return strings.Compare(a.id, b.id) })

	for _, d := range unacknowledged {
		s.events.handleFailure(d, "connection_failed")
	}

	s.Note(Change{Kind: "socket"})
}

// push queues a frame. The caller must hold the lock.
func (c *socket) push(f frame) {
	c.out = append(c.out, f)
	select {
	case c.ready <- struct{}{}:
	default:
	}
}

// sendDisconnect queues a disconnect frame. Unless the reason is DisconnectWarning, the socket is closed after it. The caller
// must hold the lock.
func (s *Sockets) sendDisconnect(c *socket, reason string) {
	c.push(frame{
		data: MustJSON(map[string]any{"type": "disconnect", "reason": reason, "debug_info": map[string]any{"host": "applink"}}),
		bye:  reason != DisconnectWarning,
	})
}

// Disconnect sends a disconnect frame to all connections. Unless the reason is DisconnectWarning, it closes them.
func (s *Sockets) Disconnect(reason string) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	for _, c := range s.open {
		s.sendDisconnect(c, reason)
	}
}

// Drop cuts all connections without a closing handshake, as a broken network does.
func (s *Sockets) Drop() {
	s.Mu.Lock()
	open := slices.Clone(s.open)
	s.Mu.Unlock()
	for _, c := range open {
		c.conn.CloseNow() //nolint:errcheck // being cut
	}
}

// Count returns the number of open connections.
func (s *Sockets) Count() int {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	return len(s.open)
}

func (s *Sockets) writeSocket(ctx context.Context, c *socket) {
	for {
		s.Mu.Lock()
		batch := c.out
		c.out = nil
		s.Mu.Unlock()

		for _, f := range batch {
			wctx, stop := context.WithTimeout(ctx, 10*time.Second)
			err := c.conn.Write(wctx, websocket.MessageText, f.data)
			stop()

			if err != nil {
				return
			}
			if f.cut {
				c.conn.CloseNow() //nolint:errcheck // that is the fault
				return
			}
			if f.bye {
				c.conn.Close(websocket.StatusNormalClosure, "") //nolint:errcheck // closing anyway
				return
			}
		}

		select {
		case <-ctx.Done():
			return
		case <-c.ready:
		}
	}
}

// pingSocket sends pings, because clients disconnect from a silent server.
func (s *Sockets) pingSocket(ctx context.Context, c *socket) {
	t := time.NewTicker(s.Opt.PingInterval)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			pctx, stop := context.WithTimeout(ctx, s.Opt.PingInterval)
			c.conn.Ping(pctx) //nolint:errcheck // a dead peer shows in the reader
			stop()
		}
	}
}

func (s *Sockets) readSocket(ctx context.Context, c *socket) {
	for {
		_, data, err := c.conn.Read(ctx)
		if err != nil {
			return
		}
		var ack struct {
			EnvelopeID string          `json:"envelope_id"`
			Payload    json.RawMessage `json:"payload"`
		}
		if json.Unmarshal(data, &ack) == nil && ack.EnvelopeID != "" {
			s.handleAck(ack.EnvelopeID, ack.Payload)
		}
	}
}

// handleAck handles the acknowledgement of an envelope. body is the app's response; it may be empty.
func (s *Sockets) handleAck(envelope string, body json.RawMessage) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	d := s.events.pending[envelope]
	if d == nil || d.isCut() {
		return
	}
	s.events.removePending(d)
	if d.answer != nil {
		d.passAnswer(Answer{Body: emptyToNil(body)})
	}
	s.events.recordAcknowledged(d.id)
	s.Note(Change{Kind: "ack", ID: d.id})
}

// emptyToNil returns nil for a body without content.
func emptyToNil(body json.RawMessage) json.RawMessage {
	switch strings.TrimSpace(string(body)) {
	case "", "{}", "null", `""`:
		return nil
	}
	return body
}

// parkDelivery keeps a delivery until a connection is opened, or until the time for acknowledging it is over. The caller must
// hold the lock.
func (s *Sockets) parkDelivery(d *delivery) {
	s.parked = append(s.parked, d)
	s.sched.After(s.Opt.AckTimeout, func() {
		s.Mu.Lock()
		defer s.Mu.Unlock()
		if i := slices.Index(s.parked, d); i >= 0 {
			s.parked = slices.Delete(s.parked, i, i+1)
			s.events.handleFailure(d, "connection_failed")
		}
	})
}

// sendSocket sends a delivery over the next connection in turn. The caller must hold the lock.
func (s *Sockets) sendSocket(d *delivery) {
	if len(s.open) == 0 {
		s.parkDelivery(d)
		return
	}

	s.turn++
	c := s.open[s.turn%len(s.open)]
	d.conn, d.envelope = c, s.UUID()
	s.events.pending[d.envelope] = d
	env := map[string]any{
		"type": d.kind, "envelope_id": d.envelope, "payload": d.payload,
		"accepts_response_payload": d.kind != "events_api",
	}
	if d.kind == "events_api" {
		env["retry_attempt"], env["retry_reason"] = d.attempt, d.reason
	}

	c.push(frame{data: MustJSON(env), cut: d.isCut()})
	envelope := d.envelope
	s.sched.After(s.Opt.AckTimeout, func() {
		s.Mu.Lock()
		defer s.Mu.Unlock()

		if s.events.pending[envelope] != d {
			return // acknowledged, or sent in another envelope since
		}
		reason := "timeout"
		if d.answer != nil {
			reason = "operation_timeout"
		}

		s.events.handleFailure(d, reason)
	})
}
