package slack

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	slackapi "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"parley/channels/wire"
)

// This file runs one Socket Mode connection: a WebSocket that we open to Slack, and over which Slack sends events, clicks and
// commands. Each arrives in an envelope, which is acknowledged only after its content is stored. Slack resends events that
// aren't acknowledged. The client library reconnects by itself; when it gives up, keepConnected starts a new client.

const (
	maxEnvelopeBytes = 4 << 20
	maxBatch         = 64 // events stored in one transaction

	reconnectWait = time.Second
	repairWait    = 30 * time.Second // after an error that lasts until a person fixes the token
)

// keepConnected keeps the connection with the given number open until ctx ends.
func (c *connections) keepConnected(ctx context.Context, self *Self, number int) {
	for ctx.Err() == nil {
		err := c.runClient(ctx, self, number)

		if ctx.Err() != nil {
			return
		}

		hasSlackCode := CodeOf(err) != ""
		if hasSlackCode || c.countOpen() > 0 {
			c.reportNotOpened(err)
		} else {
			c.reportError(err)
		}
		wait := reconnectWait
		if NeedsRepair(err) {
			wait = repairWait
		}
		if !wire.For(ctx, wait) {
			return
		}
	}
}

// runClient runs a Socket Mode client until the client gives up or ctx ends.
func (c *connections) runClient(ctx context.Context, self *Self, number int) error {
	clientCtx, stop := context.WithCancel(ctx)
	defer stop()
	client := socketmode.New(c.api, socketmode.OptionReadLimit(maxEnvelopeBytes))
	ended := make(chan error, 1)
	go func() { ended <- client.RunContext(clientCtx) }()
	conn := &connection{parent: c, self: self, number: number, client: client}
	defer func() { conn.recordLost(ctx.Err() != nil) }()

	for {
		select {
		case evt := <-client.Events:
			conn.handleEvents(clientCtx, evt)
		case err := <-ended:
			conn.drain(clientCtx)
			if err == nil {
				err = errors.New("slack: socket: ended")
			}
			return err
		}
	}
}

// connection is one Socket Mode connection. Only the goroutine of runClient modifies it. Goroutines started by the method
// answer read only fields that don't change.
type connection struct {
	parent *connections
	self   *Self
	number int // from 0; kept when a new client replaces an old one
	client *socketmode.Client
	isOpen bool // Slack has sent hello, and the connection hasn't been lost since
}

// recordLost records that the connection was lost, if it was open. closedByUs means that the process is shutting down.
func (c *connection) recordLost(closedByUs bool) {
	if c.isOpen {
		c.isOpen = false
		c.parent.recordLost(c.number, closedByUs)
	}
}

// drain stores the events that arrived before the connection ended. Slack resends those that can't be acknowledged anymore.
func (c *connection) drain(ctx context.Context) {
	for {
		evt, ok := c.nextBuffered()
		if !ok {
			return
		}
		c.handleEvents(context.WithoutCancel(ctx), evt)
	}
}

// nextBuffered returns the next event that has already arrived. ok is false if there is none.
func (c *connection) nextBuffered() (evt socketmode.Event, ok bool) {
	select {
	case evt, ok = <-c.client.Events:
		return evt, ok
	default:
		return socketmode.Event{}, false
	}
}

// handleEvents handles an event and those already buffered after it, in order. Consecutive Events API callbacks are stored in
// one transaction.
func (c *connection) handleEvents(ctx context.Context, evt socketmode.Event) {
	var batch []callback
	for {
		evt = recoverRequest(evt)
		if cb, ok := callbackOf(evt); ok {
			batch = append(batch, cb)
		} else {
			c.storeBatch(ctx, batch)
			batch = nil
			c.handleUnbatched(ctx, evt)
		}

		if len(batch) >= maxBatch {
			break
		}

		next, ok := c.nextBuffered()
		if !ok {
			break
		}

		evt = next
	}

	c.storeBatch(ctx, batch)
}

// recoverRequest recovers a click, shortcut or command that slack-go couldn't decode, such as one from a message with
// elements that slack-go doesn't know. It returns the event with the raw payload, which intake decodes itself. Any other
// event is returned unchanged.
func recoverRequest(evt socketmode.Event) socketmode.Event {
	bad, isBad := evt.Data.(*socketmode.ErrorBadMessage)
	var request socketmode.Request
	if !isBad || json.Unmarshal(bad.Message, &request) != nil {
		return evt
	}
	switch request.Type {
	case socketmode.RequestTypeInteractive:
		return socketmode.Event{Type: socketmode.EventTypeInteractive, Request: &request}
	case socketmode.RequestTypeSlashCommands:
		return socketmode.Event{Type: socketmode.EventTypeSlashCommand, Request: &request}
	}
	return evt
}

// callback is an Events API callback that has to be stored and acknowledged.
type callback struct {
	envelope string // the envelope's id, for the acknowledgement
	body     json.RawMessage
	retry    int // number of previous attempts by Slack
}

// callbackOf returns the callback in an event, or false if there is none. A message that slack-go couldn't decode counts as a
// callback, too, so that it isn't lost: intake stores unreadable messages in quarantine.
func callbackOf(evt socketmode.Event) (callback, bool) {
	switch evt.Type {
	case socketmode.EventTypeEventsAPI:
		if evt.Request != nil {
			return callback{envelope: evt.Request.EnvelopeID, body: evt.Request.Payload, retry: evt.Request.RetryAttempt}, true
		}
	case socketmode.EventTypeErrorBadMessage:
		if bad, ok := evt.Data.(*socketmode.ErrorBadMessage); ok {
			return openEnvelope(bad.Message), true
		}
	}
	return callback{}, false
}

// openEnvelope returns the callback in an envelope. The body of any other message is the whole message.
func openEnvelope(message json.RawMessage) callback {
	var envelope struct {
		ID      string          `json:"envelope_id"`
		Type    string          `json:"type"`
		Payload json.RawMessage `json:"payload"`
		Retry   int             `json:"retry_attempt"`
	}
	err := json.Unmarshal(message, &envelope)
	isEvent := err == nil && envelope.Type == "events_api"
	if !isEvent || len(envelope.Payload) == 0 {
		return callback{envelope: envelope.ID, body: message}
	}
	return callback{envelope: envelope.ID, body: envelope.Payload, retry: envelope.Retry}
}

// storeBatch stores a batch and then acknowledges it. If storing fails, nothing is acknowledged: Slack resends the events, and
// the sweeper reads those that Slack gives up on from the channels' history.
func (c *connection) storeBatch(ctx context.Context, batch []callback) {
	if len(batch) == 0 {
		return
	}

	ctx, cancel := context.WithTimeout(ctx, c.parent.acceptTimeout)
	defer cancel()
	bodies := make([]json.RawMessage, 0, len(batch))
	for _, cb := range batch {
		bodies = append(bodies, cb.body)
	}

	hasRetry := slices.ContainsFunc(batch, func(cb callback) bool { return cb.retry > 0 })
	if hasRetry {
		c.parent.expectMissing()
	}

	if err := c.parent.takeEvents(ctx, c.self, bodies...); err != nil {
		c.parent.log.Error("slack events not stored", "count", len(batch), "error", err)
		// These events may say that a reply must not be sent. Catching up holds replies back until the events are read.
		c.parent.sweeper.CatchUpSoon(c.parent.now().Add(-c.parent.acceptTimeout))
		return
	}

	for _, cb := range batch {
		c.acknowledge(ctx, cb.envelope, nil)
	}
}

// acknowledge acknowledges an envelope, with an answer unless payload is nil. It does nothing if envelope is "".
func (c *connection) acknowledge(ctx context.Context, envelope string, payload any) {
	if envelope == "" {
		return
	}
	if payload != nil && !c.canSend(payload) {
		payload = nil
	}
	err := c.client.AckCtx(ctx, envelope, payload)
	if err != nil && ctx.Err() == nil {
		c.parent.log.Warn("slack answer not sent", "error", err)
	}
}

// canSend reports whether an answer can be encoded and is short enough, and logs the reason if not.
func (c *connection) canSend(payload any) bool {
	raw, err := json.Marshal(payload)
	if err != nil {
		c.parent.log.Error("slack answer not made", "error", err)
		return false
	}
	if len(raw) > maxAnswerBytes {
		c.parent.log.Error("slack answer too long", "bytes", len(raw))
		return false
	}
	return true
}

// handleUnbatched handles an event that isn't stored in a batch: a change of the connection's state, a click or a command.
func (c *connection) handleUnbatched(ctx context.Context, evt socketmode.Event) {
	switch evt.Type {
	case socketmode.EventTypeConnecting:
		c.recordLost(ctx.Err() != nil)
	case socketmode.EventTypeHello:
		c.recordHello(ctx, evt.Request)
	case socketmode.EventTypeInteractive:
		c.answer(ctx, evt.Request, c.parent.takeInteraction)
	case socketmode.EventTypeSlashCommand:
		c.answer(ctx, evt.Request, c.parent.takeCommand)
	case socketmode.EventTypeConnectionError:
		if failed, ok := evt.Data.(*slackapi.ConnectionErrorEvent); ok {
			c.parent.reportNotOpened(failed.ErrorObj)
		}
	case socketmode.EventTypeIncomingError, socketmode.EventTypeErrorWriteFailed:
		c.parent.log.Warn("slack connection trouble", "kind", string(evt.Type), "link", c.number)
	}
}

// recordHello records that Slack has opened the connection. hello may be nil.
func (c *connection) recordHello(ctx context.Context, hello *socketmode.Request) {
	if !c.isOpen {
		c.isOpen = true
		c.parent.recordOpened()
		isStarted := c.parent.work.Go(func() { c.parent.reportOpened(ctx) })
		if !isStarted { // too busy to check the token; the connection shows that it works, unless the app was removed
			const noRemovals = 0
			c.parent.standing.ReportWorks(noRemovals)
		}
	}
	// Slack distributes events over all connections of the app. We miss those sent to unknown connections.
	if hello != nil && hello.NumConnections > c.parent.wanted {
		c.parent.log.Warn("slack has more connections than this process: other replicas, or stale ones that still get events",
			"connections", hello.NumConnections, "own", c.parent.wanted)
	}
	c.parent.sweeper.Wake() // to read the events from the time without a connection
}

// takeRequest handles a click or command and returns the answer to Slack. After an error, nothing is answered.
type takeRequest func(ctx context.Context, self *Self, body []byte) (answer, error)

// answer handles a click or command in the background, so that it doesn't have to wait for events. A nil request is ignored.
func (c *connection) answer(ctx context.Context, request *socketmode.Request, take takeRequest) {
	if request == nil {
		return
	}

	envelope, body := request.EnvelopeID, request.Payload
	started := c.parent.work.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, c.parent.acceptTimeout)
		defer cancel()
		a, err := take(ctx, c.self, body)
		if err != nil {
			c.parent.log.Error("slack interaction not stored", "error", err)
			return // not acknowledged: the person sees that it failed
		}

		c.acknowledge(ctx, envelope, a.payload)
		c.parent.runAfter(ctx, a)
	})
	if !started {
		c.parent.log.Warn("slack interaction refused: too many at once")
	}
}
