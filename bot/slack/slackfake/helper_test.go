package slackfake_test

import (
	"cmp"
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"

	"parley/bot/slack/slackfake"
	"parley/channels/emulator"
)

// The tests of this package call the emulator by slack-go, the client library of real apps, so that its answers
// have to be like Slack's.

// world is a workspace with two people, a public channel #support with the bot, and clients.
type world struct {
	t   *testing.T
	srv *slackfake.Server
	api *slack.Client
	ch  string // #support
	ann *slackfake.Person
	ben *slackfake.Person
	ctx context.Context //nolint:containedctx // of one test
}

// allUsers is how many users a workspace has: Slackbot, the bot, Ann and Ben.
const allUsers = 4

func newWorld(t *testing.T, o slackfake.Options) *world {
	t.Helper()
	if o.Clock == nil { // so that a slow machine doesn't make answers late
		o.AckTimeout, o.TriggerLife = cmp.Or(o.AckTimeout, time.Minute), cmp.Or(o.TriggerLife, time.Minute)
	}
	o.Users = append(o.Users,
		slackfake.User{ID: "U0ANN00001", Name: "ann", RealName: "Ann Lee", Email: "ann@acme.test"},
		slackfake.User{ID: "U0BEN00001", Name: "ben", RealName: "Ben Ode", Email: "ben@acme.test"})
	o.Channels = append(o.Channels, slackfake.Channel{
		ID: "C0SUPPORT1", Name: "support", Members: []string{"U0FAKEBOT01", "U0ANN00001", "U0BEN00001"},
	})
	srv := slackfake.New(o)
	noError(t, srv.Start("127.0.0.1:0"))
	t.Cleanup(func() { noError(t, srv.Close()) })
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(stop)
	return &world{t: t, srv: srv, api: client(srv), ch: "C0SUPPORT1", ann: srv.As("U0ANN00001"), ben: srv.As("U0BEN00001"), ctx: ctx}
}

func client(srv *slackfake.Server) *slack.Client {
	return slack.New(srv.BotToken(), slack.OptionAppLevelToken(srv.AppToken()), slack.OptionAPIURL(srv.APIURL()),
		slack.OptionHTTPClient(emulator.NewClient()))
}

// clock stands until a test moves it.
type clock struct{ moved atomic.Int64 }

func newClock() *clock { return &clock{} }

func (c *clock) now() time.Time {
	return time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC).Add(time.Duration(c.moved.Load()))
}

func (c *clock) advance(d time.Duration) { c.moved.Add(int64(d)) }

// must returns a function so that must(f())(t) can take both results of a call.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		noError(t, err)
		return v
	}
}

// noError ends the test if something failed.
func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantEqual checks one value, which what names.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

// dict is a JSON object.
type dict = map[string]any

// wantFields checks fields of an object that what names. A nil means that there is no such field.
func wantFields(t *testing.T, what string, got, want dict) {
	t.Helper()
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s of %s: got %v, want %v", name, what, got[name], value)
		}
	}
}

// field gives an object within an object, nil if there is none.
func field(object dict, name string) dict {
	inner, _ := object[name].(dict)
	return inner
}

// postAsBot posts into #support by the bot.
func (w *world) postAsBot(text string, more ...slack.MsgOption) string {
	w.t.Helper()
	_, ts, err := w.api.PostMessageContext(w.ctx, w.ch, append(more, slack.MsgOptionText(text, false))...)
	noError(w.t, err)
	return ts
}

// postAs posts into #support by a person; thread "" is the top level.
func (w *world) postAs(p *slackfake.Person, thread, text string) string {
	w.t.Helper()
	ts, err := p.Post(slackfake.Post{Channel: w.ch, Thread: thread, Text: text})
	noError(w.t, err)
	return ts
}

// app collects what a Socket Mode app receives and acks it unless told otherwise.
type app struct {
	w      *world
	got    chan socketmode.Event
	answer func(socketmode.Event) (payload any, ack bool)
	stop   context.CancelFunc
	done   chan struct{}
}

// listen connects one slack-go Socket Mode client and waits for its hello. answer says how the client acknowledges an
// event. nil means at once, without a payload.
func (w *world) listen(answer func(socketmode.Event) (any, bool)) *app {
	w.t.Helper()
	before := w.srv.Sockets.Count()
	ctx, stop := context.WithCancel(w.ctx)
	a := &app{w: w, got: make(chan socketmode.Event, 1000), answer: answer, stop: stop, done: make(chan struct{})}
	sm := socketmode.New(w.api)
	var wg sync.WaitGroup
	wg.Go(func() { sm.RunContext(ctx) }) //nolint:errcheck // ends with ctx
	wg.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case ev := <-sm.Events:
				a.take(ctx, sm, ev)
			}
		}
	})
	go func() { wg.Wait(); close(a.done) }()
	w.t.Cleanup(func() { stop(); <-a.done })
	w.waitFor("a socket", func() bool { return w.srv.Sockets.Count() > before })
	return a
}

func (a *app) take(ctx context.Context, sm *socketmode.Client, ev socketmode.Event) {
	ack := ev.Request != nil && ev.Request.EnvelopeID != ""
	var payload any
	if a.answer != nil && ack {
		payload, ack = a.answer(ev)
	}
	if ack {
		var err error
		if payload == nil {
			err = sm.AckCtx(ctx, ev.Request.EnvelopeID, nil)
		} else {
			err = sm.AckCtx(ctx, ev.Request.EnvelopeID, payload)
		}
		if err != nil && ctx.Err() == nil {
			a.w.t.Error(err)
		}
	}
	a.got <- ev
}

// waitEvent waits for an event of this Socket Mode type.
func (a *app) waitEvent(kind socketmode.EventType) socketmode.Event {
	a.w.t.Helper()
	for {
		select {
		case ev := <-a.got:
			if ev.Type == kind {
				return ev
			}
		case <-a.w.ctx.Done():
			a.w.t.Fatalf("no %s event", kind)
		}
	}
}

// waitRaw waits for an Events API event whose inner type is name, and returns that as it came.
func (a *app) waitRaw(name string) dict {
	a.w.t.Helper()
	_, raw := a.waitInner(name)
	return raw
}

// waitInner is waitRaw that returns the event as slack-go reads it too.
func (a *app) waitInner(name string) (slackevents.EventsAPIEvent, dict) {
	a.w.t.Helper()
	for {
		ev := a.waitEvent(socketmode.EventTypeEventsAPI)
		e, ok := ev.Data.(slackevents.EventsAPIEvent)
		if ok && e.InnerEvent.Type == name {
			return e, innerOf(a.w.t, ev.Request.Payload)
		}
	}
}

func innerOf(t *testing.T, payload []byte) dict {
	t.Helper()
	var p struct {
		Event dict `json:"event"`
	}
	noError(t, json.Unmarshal(payload, &p))
	return p.Event
}

// waitFor waits for a condition on the server's state.
func (w *world) waitFor(what string, cond func() bool) {
	w.t.Helper()
	if err := w.srv.WaitFor(w.ctx, cond); err != nil {
		w.t.Fatalf("waiting for %s: %v", what, err)
	}
}

// waitMessage waits for a message event of this subtype.
func (a *app) waitMessage(subtype string) dict {
	a.w.t.Helper()
	for {
		raw := a.waitRaw("message")
		if s, _ := raw["subtype"].(string); s == subtype {
			return raw
		}
	}
}
