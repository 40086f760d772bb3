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

// TestSocketModeContract is what slack-go's Socket Mode needs from the other side.
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
	hello := a.next(socketmode.EventTypeHello)
	if hello.Request.NumConnections != 1 || hello.Request.ConnectionInfo.AppID != w.srv.AppID() {
		t.Errorf("hello = %+v", hello.Request)
	}
	w.say(w.ann, "", "hi")
	first := a.next(socketmode.EventTypeEventsAPI)
	c.advance(3 * time.Second)
	again := a.next(socketmode.EventTypeEventsAPI)
	if first.Request.RetryAttempt != 0 || again.Request.RetryAttempt != 1 || again.Request.RetryReason == "" {
		t.Errorf("attempts %d then %d (%s)", first.Request.RetryAttempt, again.Request.RetryAttempt, again.Request.RetryReason)
	}
	if first.Request.EnvelopeID == again.Request.EnvelopeID || eventID(t, first) != eventID(t, again) {
		t.Error("a redelivery has a new envelope and the same event id")
	}
	w.until("the ack", func() bool { return w.srv.Events.Pending() == 0 })
	if lost := w.srv.Events.Lost(); len(lost) != 0 {
		t.Errorf("lost %v", lost)
	}
}

func eventID(t *testing.T, ev socketmode.Event) string {
	t.Helper()
	var p struct {
		EventID string `json:"event_id"`
	}
	if err := json.Unmarshal(ev.Request.Payload, &p); err != nil {
		t.Fatal(err)
	}
	return p.EventID
}

// TestTwoSockets: each payload goes to one of them, and both get some.
func TestTwoSockets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a, b := w.listen(nil), w.listen(nil)
	if h := b.next(socketmode.EventTypeHello); h.Request.NumConnections != 2 {
		t.Errorf("second hello counts %d", h.Request.NumConnections)
	}
	for range 20 {
		w.say(w.ann, "", "x")
	}
	ids := map[string]bool{}
	counts := map[*app]int{}
	for len(ids) < 20 {
		var from *app
		var ev socketmode.Event
		select {
		case ev = <-a.got:
			from = a
		case ev = <-b.got:
			from = b
		case <-w.ctx.Done():
			t.Fatalf("only %d of 20 arrived", len(ids))
		}
		if ev.Type != socketmode.EventTypeEventsAPI {
			continue
		}
		if id := eventID(t, ev); ids[id] {
			t.Error("delivered twice")
		} else {
			ids[id] = true
		}
		counts[from]++
	}
	if counts[a] == 0 || counts[b] == 0 {
		t.Errorf("split %d/%d", counts[a], counts[b])
	}
}

// TestSocketLost: what a dying connection carried goes to another one.
func TestSocketLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{AckTimeout: time.Hour})
	_, address, err := w.api.StartSocketModeContext(w.ctx)
	if err != nil {
		t.Fatal(err)
	}
	ghost, _, err := websocket.Dial(w.ctx, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.until("the ghost", func() bool { return w.srv.Sockets.Count() == 1 })
	w.say(w.ann, "", "swallowed")
	if _, _, err := ghost.Read(w.ctx); err != nil { // hello
		t.Fatal(err)
	}
	if _, _, err := ghost.Read(w.ctx); err != nil { // the event, unacked
		t.Fatal(err)
	}
	a := w.listen(nil)
	ghost.CloseNow() //nolint:errcheck // that is the point
	_, raw := a.inner("message")
	if raw["text"] != "swallowed" {
		t.Errorf("redelivered %v", raw)
	}
}

func TestReconnects(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	a.next(socketmode.EventTypeHello)
	for _, cut := range []func(){
		func() { w.srv.Sockets.Disconnect(delivery.DisconnectRefresh) },
		func() { w.srv.Sockets.Disconnect(delivery.DisconnectWarning) },
		w.srv.Sockets.Drop,
	} {
		cut()
		a.next(socketmode.EventTypeHello)
		w.until("one socket", func() bool { return w.srv.Sockets.Count() == 1 })
		w.say(w.ann, "", "still there?")
		if _, raw := a.inner("message"); raw["text"] != "still there?" {
			t.Errorf("got %v", raw)
		}
	}
}

func TestTicketsAreSingleUse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	_, address, err := w.api.StartSocketModeContext(w.ctx)
	if err != nil {
		t.Fatal(err)
	}
	head := http.Header{"Origin": {"https://api.slack.com"}}
	c, _, err := websocket.Dial(w.ctx, address, &websocket.DialOptions{HTTPHeader: head, CompressionMode: websocket.CompressionContextTakeover})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow() //nolint:errcheck // test ends
	if _, _, err := websocket.Dial(w.ctx, address, nil); err == nil {
		t.Error("a ticket worked twice")
	}
}

// TestTooManySockets opens eleven.
func TestTooManySockets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	for i := range 11 {
		_, address, err := w.api.StartSocketModeContext(w.ctx)
		if err != nil {
			t.Fatal(err)
		}
		c, _, err := websocket.Dial(w.ctx, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer c.CloseNow()                          //nolint:errcheck // test ends
		if _, _, err := c.Read(w.ctx); err != nil { // hello
			t.Fatal(err)
		}
		if i < 10 {
			continue
		}
		_, data, err := c.Read(w.ctx)
		if err != nil || !strings.Contains(string(data), delivery.DisconnectTooMany) {
			t.Errorf("eleventh got %s, %v", data, err)
		}
	}
}

// TestNobodyListens: events wait by the retry table, then are lost.
func TestNobodyListens(t *testing.T) {
	t.Parallel()
	c := newClock()
	w := newWorld(t, slackfake.Options{Clock: c.now})
	w.say(w.ann, "", "one")
	w.untilClock(c, "the first attempts to end", func() bool { return w.srv.Events.Pending() == 0 })
	a := w.listen(nil)
	w.untilClock(c, "the retry after a minute", func() bool { return len(a.got) > 1 })
	ev := a.next(socketmode.EventTypeEventsAPI)
	if raw := innerOf(t, ev.Request.Payload); raw["text"] != "one" || ev.Request.RetryAttempt == 0 {
		t.Fatalf("attempt %d of %v", ev.Request.RetryAttempt, raw)
	}
	a.stop()
	<-a.done
	w.until("no socket", func() bool { return w.srv.Sockets.Count() == 0 })
	w.say(w.ann, "", "three")
	w.untilClock(c, "the loss", func() bool { return len(w.srv.Events.Lost()) > 0 })
}

// untilClock moves the clock while it waits.
func (w *world) untilClock(c *clock, what string, cond func() bool) {
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

// TestWhatIsSent lists the events that are and are not sent.
func TestWhatIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{Channels: []slackfake.Channel{{ID: "C0NOBOT001", Name: "nobot", Members: []string{"U0ANN00001"}}}})
	a := w.listen(nil)
	if _, err := w.ann.Post(slackfake.Post{Channel: "C0NOBOT001", Text: "unseen"}); err != nil {
		t.Fatal(err)
	}
	root := w.say(w.ann, "", "<@U0FAKEBOT01> help")
	_, raw := a.inner("message")
	if raw["ts"] != root || raw["channel_type"] != "channel" || raw["client_msg_id"] == "" || raw["bot_id"] != nil {
		t.Errorf("message = %v", raw)
	}
	if _, raw = a.inner("app_mention"); raw["ts"] != root {
		t.Errorf("app_mention = %v", raw)
	}
	if err := w.ben.React(w.ch, root, "eyes"); err != nil {
		t.Fatal(err)
	}
	_, raw = a.inner("reaction_added")
	item, _ := raw["item"].(map[string]any)
	if item["ts"] != root || item["thread_ts"] != nil || raw["item_user"] != w.ann.ID() {
		t.Errorf("reaction = %v", raw)
	}
	if err := w.api.AddReactionContext(w.ctx, "white_check_mark", slack.NewRefToMessage(w.ch, root)); err != nil {
		t.Fatal(err)
	}
	if _, raw = a.inner("reaction_added"); raw["user"] != w.srv.BotUserID() {
		t.Errorf("own reaction must come too: %v", raw)
	}
	if err := w.ann.Edit(w.ch, root, "<@U0FAKEBOT01> help!"); err != nil {
		t.Fatal(err)
	}
	_, raw = a.inner("message")
	m, _ := raw["message"].(map[string]any)
	p, _ := raw["previous_message"].(map[string]any)
	if raw["subtype"] != "message_changed" || m["edited"] == nil || p["text"] != "<@U0FAKEBOT01> help" || raw["text"] != nil {
		t.Errorf("edit = %v", raw)
	}
	if err := w.srv.Admin.Unfurl(w.ch, root); err != nil {
		t.Fatal(err)
	}
	_, raw = a.inner("message")
	m, _ = raw["message"].(map[string]any)
	if raw["subtype"] != "message_changed" || m["attachments"] == nil || m["text"] != "<@U0FAKEBOT01> help!" {
		t.Errorf("unfurl = %v", raw)
	}
	if _, err := w.ann.Post(slackfake.Post{Channel: w.ch, Thread: root, Text: "to all", Broadcast: true}); err != nil {
		t.Fatal(err)
	}
	_, raw = a.inner("message")
	if r, _ := raw["root"].(map[string]any); raw["subtype"] != "thread_broadcast" || r["ts"] != root {
		t.Errorf("broadcast = %v", raw)
	}
	if _, err := w.ann.Post(slackfake.Post{Channel: w.ch, Text: "waves", Me: true}); err != nil {
		t.Fatal(err)
	}
	if _, raw = a.inner("message"); raw["subtype"] != "me_message" {
		t.Errorf("me = %v", raw)
	}
}

// TestOtherAuthors: what comes from machines says so.
func TestOtherAuthors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	a := w.listen(nil)
	for as, check := range map[string]func(map[string]any) bool{
		"slackbot": func(e map[string]any) bool { return e["user"] == "USLACKBOT" },
		"bot": func(e map[string]any) bool {
			return e["subtype"] == "bot_message" && e["bot_id"] != w.srv.BotID() && e["user"] == nil
		},
		"workflow": func(e map[string]any) bool { return e["bot_id"] != nil && e["user"] == nil },
	} {
		if _, err := w.ann.Post(slackfake.Post{Channel: w.ch, Text: "x", As: as}); err != nil {
			t.Fatal(err)
		}
		if _, raw := a.inner("message"); !check(raw) {
			t.Errorf("%s = %v", as, raw)
		}
	}
}

// TestSubscriptions: an event that is not subscribed, or lacks its scope, is not sent.
func TestSubscriptions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{Events: []string{"app_mention", "reaction_added"}, Scopes: []string{"app_mentions:read"}})
	a := w.listen(nil)
	root := w.say(w.ann, "", "plain")
	if err := w.ann.React(w.ch, root, "eyes"); err != nil {
		t.Fatal(err)
	}
	w.say(w.ann, "", "<@U0FAKEBOT01>")
	ev := a.next(socketmode.EventTypeEventsAPI)
	if raw := innerOf(t, ev.Request.Payload); raw["type"] != "app_mention" {
		t.Errorf("first event = %v", raw)
	}
	if got := strings.Join(w.srv.Admin.ScopesUsed(), " "); got != "app_mentions:read" {
		t.Errorf("scopes used = %s", got)
	}
}
