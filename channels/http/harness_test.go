package http_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/channelstest"
	parleyhttp "parley/channels/http"
	"parley/channels/http/httpfake"
)

const secret = "0123456789abcdef secret"

// world is a channel and the shop that uses it.
type world struct {
	shop    *httpfake.Shop
	base    string // of the shop
	hook    string
	channel channels.Channel

	mu    sync.Mutex
	facts []channels.Fact
	err   error // of Accept
}

// config returns the settings of an account whose callback is a test server.
func config(base string) channels.Config {
	return channels.Config{"secret": secret, "callback_url": base + "/parley?tenant=1", "allow_private": "true"}
}

func newWorld(t *testing.T, change func(*channels.Env)) *world {
	t.Helper()
	w := &world{shop: httpfake.New(secret, time.Now)}
	srv := httptest.NewServer(w.shop)
	t.Cleanup(srv.Close)
	w.base = srv.URL
	env := channels.Env{Now: time.Now, Keys: [][]byte{[]byte("new key"), []byte("old key")}, Accept: w.accept}
	if change != nil {
		change(&env)
	}
	w.channel = newChannel(t, srv.URL, env)
	hook := httptest.NewServer(w.channel.(http.Handler))
	t.Cleanup(hook.Close)
	w.hook = hook.URL + "/hooks/shop"
	return w
}

// newChannel makes a channel whose callback is a test server.
func newChannel(t testing.TB, base string, env channels.Env) channels.Channel {
	t.Helper()
	c, err := parleyhttp.Spec().New(channels.Account{ID: 7, Name: "shop", Config: config(base)}, env)
	noError(t, err)
	return c
}

// newChannelTo makes a channel whose callback is a handler of the test's. It also returns the callback's address.
func newChannelTo(t *testing.T, callback http.Handler) (c channels.Channel, base string) {
	t.Helper()
	srv := httptest.NewServer(callback)
	t.Cleanup(srv.Close)
	return newChannel(t, srv.URL, channels.Env{}), srv.URL
}

// mustSend sends a message, and fails the test if that fails.
func (w *world) mustSend(t *testing.T, o channels.Outbound) {
	t.Helper()
	if _, err := w.channel.Send(t.Context(), o); err != nil {
		t.Fatal(err)
	}
}

// decodeOne decodes a payload, and fails the test if that doesn't give one inbound.
func decodeOne(t *testing.T, c channels.Channel, payload []byte) channels.Inbound {
	t.Helper()
	list, err := c.Decode(payload)
	if err != nil || len(list) != 1 {
		t.Fatalf("%s became %+v, %v, want one inbound", payload, list, err)
	}
	return list[0]
}

// noError ends the test if something failed.
func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantEqual checks a value. what names the value in the error.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

// wantText checks that a text contains words.
func wantText(t *testing.T, what, text, words string) {
	t.Helper()
	if !strings.Contains(text, words) {
		t.Errorf("%s: got %q, want %q in it", what, text, words)
	}
}

func (w *world) accept(_ context.Context, facts ...channels.Fact) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.facts = append(w.facts, facts...)
	return w.err
}

// takeFacts returns the facts that were accepted since the last call.
func (w *world) takeFacts() []channels.Fact {
	w.mu.Lock()
	defer w.mu.Unlock()
	facts := w.facts
	w.facts = nil
	return facts
}

// post lets the shop post events, and fails the test if they aren't taken. It returns the accepted facts.
func (w *world) post(t *testing.T, events ...any) []channels.Fact {
	t.Helper()
	status, body, err := w.shop.Post(t.Context(), w.hook, events...)
	if err != nil || status != http.StatusOK {
		t.Fatalf("the webhook answered %d %s, %v", status, body, err)
	}
	return w.takeFacts()
}

func message(id, text string) map[string]any {
	return map[string]any{
		"type": "message",
		"id":   id,
		"from": map[string]any{"id": "kim", "name": "Kim"},
		"at":   "2026-11-20T12:00:00Z",
		"text": text,
	}
}

func outbound(id int64, text string) channels.Outbound {
	return channels.Outbound{
		DeliveryID:     id,
		ConversationID: 12,
		MessageID:      id + 100,
		Attempt:        channels.Attempt{Number: 1},
		To:             []channels.Party{{Key: "kim", Name: "Kim"}},
		Text:           text,
		Author:         "Ann",
	}
}

// stage makes a world as the suite of all channels needs it.
func stage(t *testing.T) channelstest.Stage {
	w := newWorld(t, nil)
	serial := 0
	last := message("m-0", "")
	faults := map[string]httpfake.Fault{
		"throttled":    {Status: 429, RetryAfter: "1"},
		"busy":         {Status: 503, RetryAfter: "7"},
		"no customer":  {Status: 410},
		"refused":      {Status: 422},
		"signature":    {Status: 401},
		"error before": {Status: 500},
		"error after":  {Status: 502, After: true},
		"drop before":  {},
		"drop after":   {After: true},
	}

	return channelstest.Stage{
		Channel: w.channel,
		Write: func(t *testing.T, texts ...string) (facts []channels.Fact) {
			for _, text := range texts {
				serial++
				last = message(fmt.Sprint("m-", serial), text)
				facts = append(facts, w.post(t, last)...)
			}
			return facts
		},
		Redeliver: func(t *testing.T) []channels.Fact { return w.post(t, last) },
		Outbound:  outbound,
		Got: func(*testing.T) []string {
			texts := []string{}
			for _, g := range w.shop.Got() {
				texts = append(texts, g.Text)
			}
			return texts
		},
		Hang: func(t *testing.T) {
			until := make(chan struct{})
			t.Cleanup(func() { close(until) })
			w.shop.Fail(httpfake.Fault{Until: until})
		},
		Fail: func(_ *testing.T, name string) { w.shop.Fail(faults[name]) },
		Answered: func(t *testing.T) (ids []string) {
			for _, g := range w.shop.Got() {
				var m struct {
					ReplyTo string `json:"reply_to"`
				}
				noError(t, json.Unmarshal(g.Body, &m))
				ids = append(ids, m.ReplyTo)
			}
			return ids
		},
		WriteFile: func(t *testing.T, content []byte) []channels.Fact {
			w.shop.PutFile("box.jpg", &httpfake.File{Type: "image/jpeg", Content: content})
			m := message("m-file", "")
			m["attachments"] = []any{map[string]any{"url": w.base + "/files/box.jpg"}}
			return w.post(t, m)
		},
		ForgetFiles: func(*testing.T) { w.shop.PutFile("box.jpg", nil) },
	}
}

// TestExercise: the channel does what it declares, by the suite of all channels.
func TestExercise(t *testing.T) {
	t.Parallel()
	channelstest.ExerciseChannel(t, channelstest.Harness{
		New: stage,
		Failures: []channelstest.Failure{
			{Name: "throttled", Class: channels.Throttled},
			{Name: "busy", Class: channels.Throttled},
			{Name: "no customer", Class: channels.BadRecipient},
			{Name: "refused", Class: channels.BadContent},
			{Name: "signature", Class: channels.AuthBroken},
			{Name: "error before", Class: channels.Ambiguous, Outcome: channels.Absent},
			{Name: "error after", Class: channels.Ambiguous, Effect: true, Outcome: channels.Landed},
			{Name: "drop before", Class: channels.Ambiguous, Outcome: channels.Absent},
			{Name: "drop after", Class: channels.Ambiguous, Effect: true, Outcome: channels.Landed},
		},
		Refused: map[string]func(*channels.Outbound){
			"nobody":     func(o *channels.Outbound) { o.To = nil },
			"several":    func(o *channels.Outbound) { o.Cc = o.To },
			"nothing":    func(o *channels.Outbound) { o.Text = " " },
			"too many":   func(o *channels.Outbound) { o.Files = make([]channels.File, 11) },
			"a template": func(o *channels.Outbound) { o.Template = &channels.TemplateUse{} },
		},
	})
}
