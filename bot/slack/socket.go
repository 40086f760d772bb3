package slack

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/slack-go/slack/socketmode"

	"parley/bot/slack/fact"
	"parley/channels"
	"parley/channels/pause"
)

// Limits of one connection.
const (
	readLimit    = 4 << 20
	batchMost    = 64               // events stored together
	acceptWithin = 10 * time.Second // Slack wants an answer within 3 s, but sends unanswered events again
	reopenAfter  = 30 * time.Second // after a fatal error, until a person has repaired the token
)

// keepLink keeps one connection until ctx ends.
func (c *connections) keepLink(ctx context.Context, me *fact.Self, n int) {
	for ctx.Err() == nil {
		err := c.link(ctx, me, n)
		if ctx.Err() != nil {
			return
		}
		c.reportError(err)
		wait := time.Second
		if fatal(err) {
			wait = reopenAfter
		}
		if !pause.For(ctx, wait) {
			return
		}
	}
}

// link runs one client, which reconnects by itself, until the client gives up.
func (c *connections) link(ctx context.Context, me *fact.Self, n int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	client := socketmode.New(c.api, socketmode.OptionReadLimit(readLimit))
	ended := make(chan error, 1)
	go func() { ended <- client.RunContext(ctx) }()
	l := &line{links: c, me: me, n: n, client: client}
	defer func() { l.down(ctx.Err() != nil) }()
	for {
		select {
		case evt := <-client.Events:
			l.take(ctx, evt)
		case err := <-ended:
			l.drain(ctx)
			if err == nil {
				err = errors.New("slack: socket: ended")
			}
			return err
		}
	}
}

// line is one connection's state; used by one goroutine.
type line struct {
	links  *connections
	me     *fact.Self
	n      int
	client *socketmode.Client
	up     bool
}

// down notes that the connection is lost, or closed by ourselves as the process ends.
func (l *line) down(ending bool) {
	if l.up {
		l.up = false
		l.links.closed(l.n, ending)
	}
}

// drain stores the events that arrived before the connection ended. They can perhaps not be acknowledged
// any more; then Slack sends them again.
func (l *line) drain(ctx context.Context) {
	for {
		select {
		case evt := <-l.client.Events:
			l.take(context.WithoutCancel(ctx), evt)
		default:
			return
		}
	}
}

// take handles one event and those that already wait behind it. Events API callbacks among them are
// stored by one commit, in their order.
func (l *line) take(ctx context.Context, evt socketmode.Event) {
	var batch []arrived
	for {
		if a, ok := l.readable(evt); ok {
			batch = append(batch, a)
		} else {
			l.store(ctx, batch)
			batch = nil
			l.other(ctx, evt)
		}
		if len(batch) >= batchMost {
			break
		}
		more := false
		select {
		case evt, more = <-l.client.Events:
		default:
		}
		if !more {
			break
		}
	}
	l.store(ctx, batch)
}

// arrived is an event that waits to be stored and acknowledged.
type arrived struct {
	envelope string
	body     json.RawMessage
}

// readable gives the callback in an event, also where slack-go can't read it; false if the event has none.
func (l *line) readable(evt socketmode.Event) (arrived, bool) {
	switch evt.Type {
	case socketmode.EventTypeEventsAPI:
		if evt.Request != nil {
			return arrived{envelope: evt.Request.EnvelopeID, body: evt.Request.Payload}, true
		}
	case socketmode.EventTypeErrorBadMessage:
		bad, ok := evt.Data.(*socketmode.ErrorBadMessage)
		if !ok {
			return arrived{}, false
		}
		var env struct {
			ID      string          `json:"envelope_id"`
			Type    string          `json:"type"`
			Payload json.RawMessage `json:"payload"`
		}
		if json.Unmarshal(bad.Message, &env) != nil || env.Type != "events_api" || len(env.Payload) == 0 {
			return arrived{envelope: env.ID, body: bad.Message}, true // kept under its hash
		}
		return arrived{envelope: env.ID, body: env.Payload}, true
	}
	return arrived{}, false
}

// store stores a batch and then acknowledges it. A batch that can't be stored now is not acknowledged:
// Slack sends its events again, and the sweeper finds those that Slack gives up.
func (l *line) store(ctx context.Context, batch []arrived) {
	if len(batch) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, acceptWithin)
	defer cancel()
	bodies := make([]json.RawMessage, 0, len(batch))
	for _, a := range batch {
		bodies = append(bodies, a.body)
	}
	if err := l.links.takeEvents(ctx, l.me, bodies...); err != nil {
		l.links.log.Error("slack events not stored", "count", len(batch), "error", err)
		l.links.sweeper.CatchUpSoon(l.links.now().Add(-acceptWithin)) // later texts must not overtake these
		return
	}
	for _, a := range batch {
		l.ack(ctx, a.envelope, nil)
	}
}

func (l *line) ack(ctx context.Context, envelope string, payload any) {
	if envelope == "" {
		return
	}
	if payload != nil {
		if raw, err := json.Marshal(payload); err != nil || len(raw) > answerBytes {
			l.links.log.Error("slack answer too long", "bytes", len(raw), "error", err)
			payload = nil
		}
	}
	if err := l.client.AckCtx(ctx, envelope, payload); err != nil && ctx.Err() == nil {
		l.links.log.Warn("slack answer not sent", "error", err)
	}
}

// other handles what isn't an Events API callback: states of the connection, clicks and commands.
func (l *line) other(ctx context.Context, evt socketmode.Event) {
	switch evt.Type {
	case socketmode.EventTypeConnecting:
		l.down(ctx.Err() != nil)
	case socketmode.EventTypeHello:
		if !l.up {
			l.up = true
			l.links.opened()
			l.links.reports.Report(channels.Condition{Status: channels.Active})
		}
		if evt.Request != nil && evt.Request.NumConnections > l.links.wanted {
			l.links.log.Warn("slack has more connections than this process: other replicas, or ghosts that swallow events",
				"connections", evt.Request.NumConnections, "own", l.links.wanted)
		}
		l.links.sweeper.Wake()
	case socketmode.EventTypeInteractive, socketmode.EventTypeSlashCommand:
		if evt.Request != nil {
			l.answer(ctx, evt.Type, evt.Request)
		}
	case socketmode.EventTypeIncomingError, socketmode.EventTypeConnectionError, socketmode.EventTypeErrorWriteFailed:
		l.links.log.Warn("slack connection trouble", "kind", string(evt.Type), "link", l.n)
	}
}

// answer handles a click or command in the background, so that the person doesn't wait for events.
func (l *line) answer(ctx context.Context, kind socketmode.EventType, r *socketmode.Request) {
	handle := l.links.takeInteraction
	if kind == socketmode.EventTypeSlashCommand {
		handle = l.links.takeCommand
	}
	envelope, body := r.EnvelopeID, r.Payload
	started := l.links.work.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, acceptWithin)
		defer cancel()
		a, err := handle(ctx, l.me, body)
		if err != nil {
			l.links.log.Error("slack interaction not stored", "error", err)
			return // not acknowledged: the person sees that it failed
		}
		l.ack(ctx, envelope, a.payload)
		l.links.afterwards(ctx, a)
	})
	if !started {
		l.links.log.Warn("slack interaction refused: too many at once")
	}
}
