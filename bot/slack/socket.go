package slack

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	slackapi "github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"parley/bot/slack/fact"
	"parley/bot/slack/refusal"
	"parley/channels/pause"
)

// This file runs one Socket Mode connection: a WebSocket that we open to Slack, by which Slack sends events, clicks
// and commands. Each comes in an envelope, which we acknowledge by its id once its content is stored. An event that
// isn't acknowledged comes again. The client library reconnects by itself; keepConnected makes a new client.

// Limits of one connection.
const (
	maxEnvelopeBytes = 4 << 20
	maxBatch         = 64 // events that are stored together

	reconnectWait = time.Second
	repairWait    = 30 * time.Second // after an error that stays until a person has repaired the token
)

// keepConnected keeps the connection with this number open. It blocks until ctx ends.
func (c *connections) keepConnected(ctx context.Context, self *fact.Self, number int) {
	for ctx.Err() == nil {
		err := c.runClient(ctx, self, number)

		if ctx.Err() != nil {
			return
		}

		saysWhy := refusal.CodeOf(err) != ""
		if saysWhy || c.countOpen() > 0 {
			c.reportNotOpened(err)
		} else {
			c.reportError(err)
		}
		wait := reconnectWait
		if refusal.NeedsRepair(err) {
			wait = repairWait
		}
		if !pause.For(ctx, wait) {
			return
		}
	}
}

// runClient runs one client of Socket Mode, which reconnects by itself, until the client gives up or ctx ends.
func (c *connections) runClient(ctx context.Context, self *fact.Self, number int) error {
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

// connection is one Socket Mode connection. Only the goroutine of runClient changes it. The goroutines that method
// answer starts read only fields that never change.
type connection struct {
	parent *connections
	self   *fact.Self
	number int // from 0; a new client in place of an old one keeps the number
	client *socketmode.Client
	isOpen bool // Slack has sent its hello, and the connection was not lost since
}

// recordLost records that the connection was lost, if it was open. closedByUs: because the process ends.
func (c *connection) recordLost(closedByUs bool) {
	if c.isOpen {
		c.isOpen = false
		c.parent.recordLost(c.number, closedByUs)
	}
}

// drain stores the events that arrived before the connection ended. Slack resends those that can't be acknowledged.
func (c *connection) drain(ctx context.Context) {
	for {
		evt, ok := c.waitingEvent()
		if !ok {
			return
		}
		c.handleEvents(context.WithoutCancel(ctx), evt)
	}
}

// waitingEvent returns the next event that has arrived already. ok is false if there is none.
func (c *connection) waitingEvent() (evt socketmode.Event, ok bool) {
	select {
	case evt, ok = <-c.client.Events:
		return evt, ok
	default:
		return socketmode.Event{}, false
	}
}

// handleEvents handles one event and those that already wait behind it, in their order. Events API callbacks that
// directly follow each other are stored together in one transaction.
func (c *connection) handleEvents(ctx context.Context, evt socketmode.Event) {
	var batch []arrived
	for {
		evt = readAgain(evt)
		if a, ok := eventsAPIPayload(evt); ok {
			batch = append(batch, a)
		} else {
			c.storeBatch(ctx, batch)
			batch = nil
			c.handleUnbatched(ctx, evt)
		}

		if len(batch) >= maxBatch {
			break
		}

		next, ok := c.waitingEvent()
		if !ok {
			break
		}

		evt = next
	}

	c.storeBatch(ctx, batch)
}

// readAgain repairs an event that slack-go refused to read because a message in it has controls that slack-go doesn't
// know. If it is a click, shortcut or command, it is returned with its payload, which intake reads itself.
func readAgain(evt socketmode.Event) socketmode.Event {
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

// arrived is an Events API callback that waits to be stored and acknowledged.
type arrived struct {
	envelope string // its id, by which the callback is acknowledged
	body     json.RawMessage
	retry    int // how often Slack has tried before to bring it
}

// eventsAPIPayload returns the callback in an event, or false if the event has none. A message that slack-go couldn't
// read counts as a callback, too: intake keeps what nobody can read as a quarantined fact, so that it isn't lost.
func eventsAPIPayload(evt socketmode.Event) (arrived, bool) {
	switch evt.Type {
	case socketmode.EventTypeEventsAPI:
		if evt.Request != nil {
			return arrived{envelope: evt.Request.EnvelopeID, body: evt.Request.Payload, retry: evt.Request.RetryAttempt}, true
		}
	case socketmode.EventTypeErrorBadMessage:
		if bad, ok := evt.Data.(*socketmode.ErrorBadMessage); ok {
			return openEnvelope(bad.Message), true
		}
	}
	return arrived{}, false
}

// openEnvelope returns the callback in an envelope. Other messages are returned whole.
func openEnvelope(message json.RawMessage) arrived {
	var envelope struct {
		ID      string          `json:"envelope_id"`
		Type    string          `json:"type"`
		Payload json.RawMessage `json:"payload"`
		Retry   int             `json:"retry_attempt"`
	}
	err := json.Unmarshal(message, &envelope)
	isEvent := err == nil && envelope.Type == "events_api"
	if !isEvent || len(envelope.Payload) == 0 {
		return arrived{envelope: envelope.ID, body: message}
	}
	return arrived{envelope: envelope.ID, body: envelope.Payload, retry: envelope.Retry}
}

// storeBatch stores a batch and then acknowledges it. If storing fails, it acknowledges nothing: Slack sends the
// events again, and the sweeper later reads those that Slack gives up on.
func (c *connection) storeBatch(ctx context.Context, batch []arrived) {
	if len(batch) == 0 {
		return
	}

	ctx, cancel := context.WithTimeout(ctx, c.parent.acceptTimeout)
	defer cancel()
	bodies := make([]json.RawMessage, 0, len(batch))
	isBroughtAgain := false
	for _, a := range batch {
		bodies = append(bodies, a.body)
		isBroughtAgain = isBroughtAgain || a.retry > 0
	}

	if isBroughtAgain {
		c.parent.expectMissing()
	}

	if err := c.parent.takeEvents(ctx, c.self, bodies...); err != nil {
		c.parent.log.Error("slack events not stored", "count", len(batch), "error", err)
		// Replies that are stored later must not leave before what these events say is known: a gap holds them back.
		c.parent.sweeper.CatchUpSoon(c.parent.now().Add(-c.parent.acceptTimeout))
		return
	}

	for _, a := range batch {
		c.acknowledge(ctx, a.envelope, nil)
	}
}

// acknowledge tells Slack that an envelope arrived, with an answer unless payload is nil. envelope may be "".
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

// canSend reports whether an answer can be encoded and is short enough. If not, it logs why.
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

// handleUnbatched handles an event that isn't stored in a batch: a state of the connection, a click or a command.
func (c *connection) handleUnbatched(ctx context.Context, evt socketmode.Event) {
	switch evt.Type {
	case socketmode.EventTypeConnecting:
		c.recordLost(ctx.Err() != nil)
	case socketmode.EventTypeHello:
		c.recordGreeting(ctx, evt.Request)
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

// recordGreeting records that Slack has opened the connection. hello may be nil.
func (c *connection) recordGreeting(ctx context.Context, hello *socketmode.Request) {
	if !c.isOpen {
		c.isOpen = true
		c.parent.recordOpened()
		isAsked := c.parent.work.Go(func() { c.parent.reportOpened(ctx) })
		if !isAsked { // too busy to ask Slack whether it takes our token: it does, unless the app was removed
			const noRemovals = 0
			c.parent.standing.ReportWorks(noRemovals)
		}
	}
	// Slack spreads events over all connections of the app. We miss those to unknown ones.
	if hello != nil && hello.NumConnections > c.parent.wanted {
		c.parent.log.Warn("slack has more connections than this process: other replicas, or stale ones that still get events",
			"connections", hello.NumConnections, "own", c.parent.wanted)
	}
	c.parent.sweeper.Wake() // to read what no connection was there for
}

// takeRequest handles a click or command, and returns what Slack gets back. After an error Slack gets nothing.
type takeRequest func(ctx context.Context, self *fact.Self, body []byte) (answer, error)

// answer handles a click or command in the background, so that the person doesn't wait for events. nil is ignored.
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
