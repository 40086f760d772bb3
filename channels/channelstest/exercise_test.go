package channelstest_test

import (
	"bytes"
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
	"parley/channels/emulator"
)

const secret = "secret"

// faults are those that the provider can cause, by the names that the suite has for them.
func faults() map[string]channelstest.Fault {
	return map[string]channelstest.Fault{
		"refused":      {Kind: channelstest.FaultRefuse},
		"throttled":    {Kind: channelstest.FaultThrottle, Wait: 50 * time.Millisecond},
		"window":       {Kind: channelstest.FaultReject, Class: channels.WindowClosed},
		"recipient":    {Kind: channelstest.FaultReject, Class: channels.BadRecipient},
		"error before": {Kind: channelstest.FaultErrorBefore},
		"error after":  {Kind: channelstest.FaultErrorAfter},
		"drop before":  {Kind: channelstest.FaultDropBefore},
		"drop after":   {Kind: channelstest.FaultDropAfter},
	}
}

// TestChannel checks that the test channel passes the suite, like a mail and like a chat.
func TestChannel(t *testing.T) {
	t.Parallel()
	with := func(caps channels.Capabilities) opener {
		return func(p *channelstest.Provider, env channels.Env) (channels.Channel, error) {
			return channelstest.New(p, secret, caps, env), nil
		}
	}
	spec := func(p *channelstest.Provider, env channels.Env) (channels.Channel, error) {
		return channelstest.Spec().New(channels.Account{Config: channels.Config{"url": p.URL(), "secret": secret}}, env)
	}
	for name, open := range map[string]opener{
		"mail":       with(channelstest.MailLike()),
		"chat":       with(channelstest.ChatLike()),
		"configured": spec,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			channelstest.ExerciseChannel(t, channelstest.Harness{
				New: func(t *testing.T) channelstest.Stage { return stage(t, open) },
				Failures: []channelstest.Failure{
					{Name: "refused", Class: channels.Retry},
					{Name: "throttled", Class: channels.Throttled},
					{Name: "window", Class: channels.WindowClosed},
					{Name: "recipient", Class: channels.BadRecipient},
					{Name: "error before", Class: channels.Ambiguous, Outcome: channels.Absent},
					{Name: "error after", Class: channels.Ambiguous, Effect: true, Outcome: channels.Landed},
					{Name: "drop before", Class: channels.Ambiguous, Outcome: channels.Absent},
					{Name: "drop after", Class: channels.Ambiguous, Effect: true, Outcome: channels.Landed},
				},
				Refused: map[string]func(*channels.Outbound){
					"nobody":   func(o *channels.Outbound) { o.To = nil },
					"nothing":  func(o *channels.Outbound) { o.Text = "" },
					"too many": func(o *channels.Outbound) { o.Files = make([]channels.File, 21) },
				},
			})
		})
	}
}

// opener makes a channel on a provider.
type opener func(*channelstest.Provider, channels.Env) (channels.Channel, error)

// stage connects a channel to a provider of its own.
func stage(t *testing.T, open opener) channelstest.Stage {
	var mu sync.Mutex
	var accepted []channels.Fact
	p := channelstest.NewProvider(t)
	c, err := open(p, channels.Env{Accept: func(_ context.Context, facts ...channels.Fact) error {
		mu.Lock()
		defer mu.Unlock()
		accepted = append(accepted, facts...)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}

	hook := httptest.NewServer(c.(http.Handler))
	t.Cleanup(hook.Close)
	serial := 0
	last := ""

	postEvent := func(t *testing.T, e channelstest.Event) []channels.Fact {
		t.Helper()
		body, err := json.Marshal([]channelstest.Event{e})
		if err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		accepted = nil
		mu.Unlock()
		if status := postHook(t, hook.URL, body, channelstest.Sign(secret, body)); status != http.StatusOK {
			t.Fatalf("the webhook answered %d", status)
		}
		mu.Lock()
		defer mu.Unlock()
		return accepted
	}

	post := func(t *testing.T, text string) []channels.Fact {
		t.Helper()
		return postEvent(t, channelstest.Event{Type: "message", ID: fmt.Sprint("in-", serial), From: "kim", Text: text})
	}

	return channelstest.Stage{
		Channel: c,
		Write: func(t *testing.T, texts ...string) (facts []channels.Fact) {
			for _, text := range texts {
				serial, last = serial+1, text
				facts = append(facts, post(t, text)...)
			}
			return facts
		},
		Redeliver: func(t *testing.T) []channels.Fact { return post(t, last) },
		Outbound: func(id int64, text string) channels.Outbound {
			return channels.Outbound{
				DeliveryID:     id,
				ConversationID: 1,
				MessageID:      id,
				Attempt:        channels.Attempt{Number: 1},
				To:             []channels.Party{{Key: "kim"}},
				Text:           text,
			}
		},
		Got:  func(*testing.T) []string { return p.Texts() },
		Hang: func(t *testing.T) { p.AddFault(channelstest.Fault{Until: make(chan struct{})}) },
		Fail: func(_ *testing.T, name string) { p.AddFault(faults()[name]) },
		WriteFile: func(t *testing.T, content []byte) []channels.Fact {
			p.PutFile("photo", channelstest.File{Type: "image/png", Content: content})
			return postEvent(t, channelstest.Event{Type: "message", ID: "file", From: "kim",
				Refs: []channelstest.Ref{{Name: "photo.png", Type: "image/png", Ref: "photo"}}})
		},
		ForgetFiles: func(*testing.T) { p.ForgetFiles() },
		Attended:    func(*testing.T) []string { return p.Attended() },
	}
}

// postHook posts a webhook and gives the status of the answer.
func postHook(t *testing.T, url string, body []byte, signature string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Signature", signature)
	resp, err := emulator.NewClient().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// The webhook's answer says whether a provider should try again. A wrong signature is refused. A body that can't be read
// becomes a fact in quarantine.
func TestWebhook(t *testing.T) {
	t.Parallel()
	answers := map[string]error{"ok": nil, "busy": channels.ErrOverloaded, "broken": context.DeadlineExceeded}
	var got []channels.Fact
	var answer error
	c := channelstest.New(channelstest.NewProvider(t), secret, channelstest.ChatLike(),
		channels.Env{Accept: func(_ context.Context, facts ...channels.Fact) error {
			got = facts
			return answer
		}})
	hook := httptest.NewServer(c)
	defer hook.Close()

	body := []byte(`[{"type":"message","id":"1","from":"kim"},{"type":"status","id":"1","state":"read"}]`)
	for name, want := range map[string]int{"ok": 200, "busy": 503, "broken": 500} {
		answer = answers[name]
		if status := postHook(t, hook.URL, body, channelstest.Sign(secret, body)); status != want {
			t.Errorf("%s: got status %d, want %d", name, status, want)
		}
		if len(got) != 2 {
			t.Errorf("%s: got %d facts, want 2", name, len(got))
		}
	}

	answer = nil
	for _, signature := range []string{"", "x", channelstest.Sign("other", body)} {
		got = nil
		if status := postHook(t, hook.URL, body, signature); status != http.StatusForbidden || got != nil {
			t.Errorf("signature %q: got status %d and the facts %v, want 403 and none", signature, status, got)
		}
	}

	for _, riddle := range []string{"riddle", `[]`, `[1]`, `[{"type":"message"}]`} {
		status := postHook(t, hook.URL, []byte(riddle), channelstest.Sign(secret, []byte(riddle)))
		if status != http.StatusOK || len(got) != 1 || got[0].Quarantine == "" {
			t.Errorf("%s: got status %d and the facts %+v, want 200 and one in quarantine", riddle, status, got)
		}
	}

	if _, err := c.Decode([]byte(`{"type":"riddle","id":"1"}`)); err == nil || !strings.Contains(err.Error(), "riddle") {
		t.Errorf("decoding an unknown event: got %v, want an error that names its type", err)
	}
}
