package slackfake_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"

	"parley/bot/slack/slackfake"
	"parley/bot/slack/slackfake/delivery"
)

// In Socket Mode the app gets events by WebSockets and acknowledges each. These tests check connections, lost
// ones too, and which events are sent. world (helper_test.go) is an emulated workspace with Ann, Ben and the
// channel #support, and clients of the app.

// slack-go's Socket Mode needs a hello that tells of the app. An event that isn't acknowledged has to come again in
// another envelope.
func TestSocketModeContract(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := newWorld(t, slackfake.Options{Clock: c.now})
	var mu sync.Mutex
	seen := map[string]int{}
	a := w.listen(func(ev socketmode.Event) (any, bool) {
		if ev.Type != socketmode.EventTypeEventsAPI {
			return nil, true
		}
		mu.Lock()
		defer mu.Unlock()
		seen[ev.Request.EnvelopeID]++
		return nil, ev.Request.RetryAttempt > 0 // silent at first
	})

	hello := a.waitEvent(socketmode.EventTypeHello).Request
	wantEqual(t, "connections in the hello", hello.NumConnections, 1)
	wantEqual(t, "app in the hello", hello.ConnectionInfo.AppID, w.srv.AppID())

	w.postAs(w.ann, "", "hi")
	first := a.waitEvent(socketmode.EventTypeEventsAPI)
	c.advance(3 * time.Second)
	again := a.waitEvent(socketmode.EventTypeEventsAPI)
	wantEqual(t, "attempt at first", first.Request.RetryAttempt, 0)
	wantEqual(t, "attempt the second time", again.Request.RetryAttempt, 1)
	wantEqual(t, "the second attempt has a reason", again.Request.RetryReason != "", true)
	wantEqual(t, "the second attempt has the same envelope", again.Request.EnvelopeID == first.Request.EnvelopeID, false)
	wantEqual(t, "event of the second attempt", eventID(t, again), eventID(t, first))
	w.waitFor("the ack", func() bool { return w.srv.Events.Pending() == 0 })
	wantEqual(t, "lost events", len(w.srv.Events.Lost()), 0)
}

func eventID(t *testing.T, ev socketmode.Event) string {
	t.Helper()
	var p struct {
		EventID string `json:"event_id"`
	}
	noError(t, json.Unmarshal(ev.Request.Payload, &p))
	return p.EventID
}

// If an app has two sockets, each event goes to one of them, and both get some.
func TestTwoSockets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a, b := w.listen(nil), w.listen(nil)
	wantEqual(t, "connections in the second hello", b.waitEvent(socketmode.EventTypeHello).Request.NumConnections, 2)
	const events = 20
	for range events {
		w.postAs(w.ann, "", "x")
	}

	ids := map[string]bool{}
	counts := map[*app]int{}
	for len(ids) < events {
		var from *app
		var ev socketmode.Event
		select {
		case ev = <-a.got:
			from = a
		case ev = <-b.got:
			from = b
		case <-w.ctx.Done():
			t.Fatalf("%d of %d events arrived", len(ids), events)
		}
		if ev.Type != socketmode.EventTypeEventsAPI {
			continue
		}
		id := eventID(t, ev)
		wantEqual(t, id+" came before", ids[id], false)
		ids[id] = true
		counts[from]++
	}

	if counts[a] == 0 || counts[b] == 0 {
		t.Errorf("one socket got %d events and the other %d, want some at each", counts[a], counts[b])
	}
}

// An event that a dying connection carried goes to another one.
func TestSocketLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{AckTimeout: time.Hour})
	silent := w.dialSocket()
	w.waitFor("the socket", func() bool { return w.srv.Sockets.Count() == 1 })
	w.postAs(w.ann, "", "swallowed")
	readSocket(w, silent) // hello
	readSocket(w, silent) // the event, which isn't acknowledged
	a := w.listen(nil)
	silent.CloseNow() //nolint:errcheck // that is the point
	wantFields(t, "the event at the other socket", a.waitRaw("message"), dict{"text": "swallowed"})
}

func TestReconnects(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	a.waitEvent(socketmode.EventTypeHello)
	for _, cut := range []func(){
		func() { w.srv.Sockets.Disconnect(delivery.DisconnectRefresh) },
		func() { w.srv.Sockets.Disconnect(delivery.DisconnectWarning) },
		w.srv.Sockets.Drop,
	} {
		cut()
		a.waitEvent(socketmode.EventTypeHello)
		w.waitFor("one socket", func() bool { return w.srv.Sockets.Count() == 1 })
		w.postAs(w.ann, "", "still there?")
		wantFields(t, "the event after the reconnect", a.waitRaw("message"), dict{"text": "still there?"})
	}
}

func TestTicketsAreSingleUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	_, address, err := w.api.StartSocketModeContext(w.ctx)
	noError(t, err)
	head := http.Header{"Origin": {"https://api.slack.com"}}
	c, _, err := websocket.Dial(w.ctx, address,
		&websocket.DialOptions{HTTPHeader: head, CompressionMode: websocket.CompressionContextTakeover})
	noError(t, err)
	defer c.CloseNow() //nolint:errcheck // test ends
	if _, _, err := websocket.Dial(w.ctx, address, nil); err == nil {
		t.Error("a ticket worked twice")
	}
}

// An app may have ten sockets. The eleventh is told that it is one too many.
func TestTooManySockets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	const most = 10
	var last *websocket.Conn
	for range most + 1 {
		last = w.dialSocket()
		readSocket(w, last) // hello
	}
	if data := readSocket(w, last); !strings.Contains(data, delivery.DisconnectTooMany) {
		t.Errorf("socket %d got %s, want %s", most+1, data, delivery.DisconnectTooMany)
	}
}

// dialSocket opens a socket without slack-go, which reads by itself.
func (w *world) dialSocket() *websocket.Conn {
	w.t.Helper()
	_, address, err := w.api.StartSocketModeContext(w.ctx)
	noError(w.t, err)
	c, _, err := websocket.Dial(w.ctx, address, nil)
	noError(w.t, err)
	w.t.Cleanup(func() { c.CloseNow() }) //nolint:errcheck // the test ends
	return c
}

func readSocket(w *world, c *websocket.Conn) string {
	w.t.Helper()
	_, data, err := c.Read(w.ctx)
	noError(w.t, err)
	return string(data)
}

// While no app listens, events wait as the retry table says, and are then lost.
func TestNobodyListens(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := newWorld(t, slackfake.Options{Clock: c.now})
	w.postAs(w.ann, "", "one")
	w.waitMovingClock(c, "the first attempts to end", func() bool { return w.srv.Events.Pending() == 0 })
	wantEqual(t, "events that wait for their next attempt", w.srv.Events.Waiting(), 1)

	a := w.listen(nil)
	w.waitMovingClock(c, "the retry after a minute", func() bool { return len(a.got) > 1 })
	ev := a.waitEvent(socketmode.EventTypeEventsAPI)
	wantFields(t, "the event that waited", innerOf(t, ev.Request.Payload), dict{"text": "one"})
	wantEqual(t, "it is marked as a retry", ev.Request.RetryAttempt > 0, true)

	a.stop()
	<-a.done
	w.waitFor("no socket", func() bool { return w.srv.Sockets.Count() == 0 })
	w.postAs(w.ann, "", "three")
	w.waitMovingClock(c, "the loss", func() bool { return len(w.srv.Events.Lost()) > 0 })
}

// waitMovingClock moves the clock minute by minute while it waits.
func (w *world) waitMovingClock(c *clock, what string, cond func() bool) {
	w.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-tick.C:
			c.advance(time.Minute)
		case <-w.ctx.Done():
			w.t.Fatalf("waiting for %s", what)
		}
	}
}

// The app hears of messages, mentions and reactions in its channels, its own reactions included. It hears nothing of
// other channels.
func TestMessagesAreSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{Channels: []slackfake.Channel{{ID: "C0NOBOT001", Name: "nobot", Members: []string{"U0ANN00001"}}}})
	a := w.listen(nil)
	must(w.ann.Post(slackfake.Post{Channel: "C0NOBOT001", Text: "unseen"}))(t)
	root := w.postAs(w.ann, "", "<@U0FAKEBOT01> help")
	raw := a.waitRaw("message")
	wantFields(t, "the message", raw, dict{"ts": root, "channel_type": "channel", "bot_id": nil})
	clientID, _ := raw["client_msg_id"].(string)
	wantEqual(t, "the message has its client's id", clientID != "", true)
	wantFields(t, "the mention", a.waitRaw("app_mention"), dict{"ts": root})

	noError(t, w.ben.React(w.ch, root, "eyes"))
	raw = a.waitRaw("reaction_added")
	wantFields(t, "the reaction", raw, dict{"item_user": w.ann.ID()})
	wantFields(t, "the reaction's message", field(raw, "item"), dict{"ts": root, "thread_ts": nil})

	noError(t, w.api.AddReactionContext(w.ctx, "white_check_mark", slack.NewRefToMessage(w.ch, root)))
	wantFields(t, "the bot's own reaction", a.waitRaw("reaction_added"), dict{"user": w.srv.BotUserID()})
}

// The app hears of changes of messages with both versions, and of replies that the whole channel sees.
func TestChangesAreSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	root := w.postAs(w.ann, "", "help")
	a.waitRaw("message")
	noError(t, w.ann.Edit(w.ch, root, "help!"))
	raw := a.waitRaw("message")
	wantFields(t, "the edit", raw, dict{"subtype": "message_changed", "text": nil})
	wantFields(t, "the version before", field(raw, "previous_message"), dict{"text": "help"})
	wantEqual(t, "the new version is marked as edited", field(raw, "message")["edited"] != nil, true)

	noError(t, w.srv.Admin.Unfurl(w.ch, root))
	raw = a.waitRaw("message")
	wantFields(t, "the unfurled link", raw, dict{"subtype": "message_changed"})
	wantFields(t, "the version with the link", field(raw, "message"), dict{"text": "help!"})
	wantEqual(t, "the version with the link has attachments", field(raw, "message")["attachments"] != nil, true)

	must(w.ann.Post(slackfake.Post{Channel: w.ch, Thread: root, Text: "to all", Broadcast: true}))(t)
	raw = a.waitRaw("message")
	wantFields(t, "the broadcast", raw, dict{"subtype": "thread_broadcast"})
	wantFields(t, "the broadcast's root", field(raw, "root"), dict{"ts": root})

	must(w.ann.Post(slackfake.Post{Channel: w.ch, Text: "waves", Me: true}))(t)
	wantFields(t, "what Ann does", a.waitRaw("message"), dict{"subtype": "me_message"})
}

// A message of a machine says that it comes from one.
func TestOtherAuthors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	for as, want := range map[string]struct {
		fields  dict
		isOfBot bool // of another bot than ours
	}{
		"slackbot": {fields: dict{"user": "USLACKBOT"}},
		"bot":      {fields: dict{"subtype": "bot_message", "user": nil}, isOfBot: true},
		"workflow": {fields: dict{"user": nil}, isOfBot: true},
	} {
		must(w.ann.Post(slackfake.Post{Channel: w.ch, Text: "x", As: as}))(t)
		raw := a.waitRaw("message")
		wantFields(t, "the message of a "+as, raw, want.fields)
		wantEqual(t, "the "+as+" names another bot", raw["bot_id"] != nil && raw["bot_id"] != w.srv.BotID(), want.isOfBot)
	}
}

// An event to which the app isn't subscribed, or for which it lacks the scope, isn't sent.
func TestSubscriptions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{Events: []string{"app_mention", "reaction_added"}, Scopes: []string{"app_mentions:read"}})
	a := w.listen(nil)
	root := w.postAs(w.ann, "", "plain")
	noError(t, w.ann.React(w.ch, root, "eyes"))
	w.postAs(w.ann, "", "<@U0FAKEBOT01>")
	ev := a.waitEvent(socketmode.EventTypeEventsAPI)
	wantFields(t, "the first event", innerOf(t, ev.Request.Payload), dict{"type": "app_mention"})
	wantEqual(t, "scopes used", strings.Join(w.srv.Admin.ScopesUsed(), " "), "app_mentions:read")
}
