package delivery

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"parley/bot/slack/slackfake/workspace"

	"github.com/coder/websocket"
)

// In Socket Mode the app opens WebSockets to Slack, at an address from apps.connections.open, and gets its
// events by them. Each goes to one of the open sockets in turn, in an envelope whose id the app sends back as
// acknowledgement. While no socket is open, deliveries are parked.

// maxSockets is how many connections Slack allows an app.
const maxSockets = 10

// Reasons of a disconnect frame.
// Source: docs.slack.dev/apis/events-api/using-socket-mode, read 2026-11.
const (
	DisconnectWarning  = "warning"           // the socket lives on for a while
	DisconnectRefresh  = "refresh_requested" // the socket is closed
	DisconnectDisabled = "link_disabled"     // Socket Mode was switched off
	DisconnectTooMany  = "too_many_websockets"
)

// Sockets are the app's Socket Mode connections. The lock, workspace.Ground.Mu, guards them.
type Sockets struct {
	*workspace.Ground
	events  *Events
	sched   *workspace.Schedule
	open    []*socket
	turn    int             // counts deliveries; it decides which socket carries the next one
	tickets map[string]bool // in addresses that the app has not used yet
	parked  []*delivery     // deliveries that wait for a socket
}

// socket is one Socket Mode connection.
type socket struct {
	conn  *websocket.Conn
	out   []frame       // still to be written; guarded by the lock
	ready chan struct{} // signals that out has a frame
}

// frame is one message to write to a socket.
type frame struct {
	data []byte
	cut  bool // drop TCP after writing
	bye  bool // close properly after writing
}

// NewAddress returns a WebSocket address that the app can use once. The caller holds the lock.
func (s *Sockets) NewAddress() string {
	ticket := s.Secret(32)
	s.tickets[ticket] = true
	base := s.BaseURL()
	ws := "ws" + strings.TrimPrefix(base, "http")
	return ws + "/link/?ticket=" + ticket + "&app_id=" + s.Opt.AppID
}

// ServeSocket is one connection, from its ticket to its end.
func (s *Sockets) ServeSocket(w http.ResponseWriter, r *http.Request) {
	if !s.useTicket(r.URL.Query().Get("ticket")) {
		http.Error(w, "ticket unknown or used", http.StatusForbidden)
		return
	}

	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return // Accept has answered
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

// useTicket uses up a ticket, and reports whether there was one.
func (s *Sockets) useTicket(ticket string) bool {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	known := s.tickets[ticket]
	delete(s.tickets, ticket)
	return known
}

// register adds c and queues its hello frame before anything else.
func (s *Sockets) register(c *socket) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	s.open = append(s.open, c)
	host := "applink-" + s.Secret(6)
	c.push(frame{data: workspace.MustJSON(map[string]any{
		"type": "hello", "num_connections": len(s.open),
		"connection_info": map[string]any{"app_id": s.Opt.AppID},
		"debug_info":      map[string]any{"host": host, "build_number": 1, "approximate_connection_time": 18060},
	})})

	if len(s.open) > maxSockets {
		s.sendDisconnect(c, DisconnectTooMany)
	}

	s.sendParked()
	s.Note(workspace.Change{Kind: "socket"})
}

// sendParked sends what waited for a way to the app. Caller holds the lock.
func (s *Sockets) sendParked() {
	waiting := s.parked
	s.parked = nil
	for _, d := range waiting {
		s.events.send(d)
	}
}

// unregister takes c out; what it carried unacknowledged goes elsewhere.
func (s *Sockets) unregister(c *socket) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	s.open = slices.DeleteFunc(s.open, func(o *socket) bool { return o == c })
	var orphans []*delivery
	for _, d := range s.events.pending {
		if d.conn == c {
			orphans = append(orphans, d)
		}
	}

	slices.SortFunc(orphans, func(a, b *delivery) int { return strings.Compare(a.id, b.id) })

	for _, d := range orphans {
		s.events.handleFailure(d, "connection_failed")
	}

	s.Note(workspace.Change{Kind: "socket"})
}

// push queues a frame. Caller holds the lock.
func (c *socket) push(f frame) {
	c.out = append(c.out, f)
	select {
	case c.ready <- struct{}{}:
	default:
	}
}

// sendDisconnect queues a disconnect frame. All reasons but the warning close the connection. Caller holds the lock.
func (s *Sockets) sendDisconnect(c *socket, reason string) {
	c.push(frame{
		data: workspace.MustJSON(map[string]any{"type": "disconnect", "reason": reason, "debug_info": map[string]any{"host": "applink"}}),
		bye:  reason != DisconnectWarning,
	})
}

// Disconnect sends a disconnect frame to every connection; all reasons but the warning close it.
func (s *Sockets) Disconnect(reason string) {
	s.Mu.Lock()
	defer s.Mu.Unlock()
	for _, c := range s.open {
		s.sendDisconnect(c, reason)
	}
}

// Drop cuts every connection without a word, as a broken network does.
func (s *Sockets) Drop() {
	s.Mu.Lock()
	open := slices.Clone(s.open)
	s.Mu.Unlock()
	for _, c := range open {
		c.conn.CloseNow() //nolint:errcheck // being cut
	}
}

// Count counts the open Socket Mode connections.
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

// pingSocket pings at intervals, as clients drop a silent server.
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

// handleAck takes the app's acknowledgement of an envelope, with its answer if it has one.
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
	s.Note(workspace.Change{Kind: "ack", ID: d.id})
}

// emptyToNil returns nil for a body that says nothing.
func emptyToNil(body json.RawMessage) json.RawMessage {
	switch strings.TrimSpace(string(body)) {
	case "", "{}", "null", `""`:
		return nil
	}
	return body
}

// parkDelivery keeps d for the first connection that opens while an attempt may last. Caller holds the lock.
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

// sendSocket gives d to one connection, in turn. Caller holds the lock.
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

	c.push(frame{data: workspace.MustJSON(env), cut: d.isCut()})
	mine := d.envelope
	s.sched.After(s.Opt.AckTimeout, func() {
		s.Mu.Lock()
		defer s.Mu.Unlock()

		if s.events.pending[mine] != d {
			return
		}
		reason := "timeout"
		if d.answer != nil {
			reason = "operation_timeout"
		}

		s.events.handleFailure(d, reason)
	})
}
