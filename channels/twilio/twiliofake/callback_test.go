package twiliofake

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// startFailingHook starts a webhook that answers its first calls with an error. It returns its address, and a counter of
// the calls.
func startFailingHook(t *testing.T, failures int32) (address string, calls *atomic.Int32) {
	t.Helper()
	calls = &atomic.Int32{}
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) <= failures {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(hook.Close)
	return hook.URL + "/h", calls
}

// A callback that fails is repeated as the fragment of its address asks: rc is the number of repetitions, rp is the kind
// of failure.
func TestRepeatedCallbacks(t *testing.T) {
	t.Parallel()
	const failures = 3
	tests := []struct {
		name      string
		fragment  string
		wantCalls int32
		wantTaken bool
	}{
		{name: "nothing asked: a 503 isn't repeated", fragment: "", wantCalls: 1},
		{name: "five times after all failures", fragment: "#rc=5&rp=all", wantCalls: failures + 1, wantTaken: true},
		{name: "once after errors of the server", fragment: "#rc=1&rp=5xx", wantCalls: 2},
		{name: "five times after refusals, which a 503 isn't", fragment: "#rc=5&rp=4xx", wantCalls: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			address, calls := startFailingHook(t, failures)
			s := start(t, func(o *Options) { o.Numbers[0].Webhook = address + tt.fragment })
			_, err := s.Phone(ann, ours, "").Send(Message{Text: "x"})
			wantEqual(t, "number of calls", calls.Load(), tt.wantCalls)
			wantEqual(t, "the callback was taken", err == nil, tt.wantTaken)
		})
	}
}

// Callbacks are repeated no longer than the total time.
func TestTotalTime(t *testing.T) {
	t.Parallel()
	const maxTime = time.Minute // far more than the total time, even on a busy machine
	s := start(t, func(o *Options) {
		o.Numbers[0].Webhook = "http://127.0.0.1:1/#rc=5&rp=all" // where nobody listens
		o.TotalTime = 100 * time.Millisecond
	})
	began := time.Now()
	if _, err := s.Phone(ann, ours, "").Send(Message{Text: "x"}); err == nil {
		t.Error("a callback to nobody succeeded, want an error")
	}
	if took := time.Since(began); took > maxTime {
		t.Errorf("the repetitions took %s, want about %s", took, s.opt.TotalTime)
	}
}

// The answer to a callback goes to the customer if it is a text or has TwiML messages. Other answers don't.
func TestAnswersBecomeMessages(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		contentType string
		body        string
		want        string
	}{
		{name: "text", contentType: "text/plain", body: "ok", want: "ok"},
		{name: "TwiML", contentType: "text/xml", body: "<Response><Message>hi</Message></Response>", want: "hi"},
		{name: "TwiML with a body", contentType: "text/xml", body: "<Response><Message><Body>hi</Body></Message></Response>", want: "hi"},
		{name: "TwiML without a message", contentType: "text/xml", body: "<Response/>", want: ""},
		{name: "no text", contentType: "text/plain", body: "", want: ""},
		{name: "JSON", contentType: "application/json", body: "{}", want: ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", tt.contentType)
				_, _ = io.WriteString(w, tt.body)
			}))
			t.Cleanup(hook.Close)

			s := start(t, func(o *Options) { o.Numbers[0].Webhook = hook.URL })
			p := s.Phone(ann, ours, "")
			if _, err := p.Send(Message{Text: "x"}); err != nil {
				t.Fatal(err)
			}

			wantEqual(t, "answers", strings.Join(s.Answers(), ""), tt.want)
			wantEqual(t, "one is on the phone", len(p.Inbox()) == 1, tt.want != "")
		})
	}
}
