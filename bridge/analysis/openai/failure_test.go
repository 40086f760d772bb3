package openai

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/bridge/analysis"
	"parley/bridge/analysis/openai/openaifake"
)

// TestFailures: what a server can do wrong, what becomes of it, and what people are told.
func TestFailures(t *testing.T) {
	t.Parallel()
	status := openaifake.Status
	for _, c := range []struct {
		manner   openaifake.Manner
		kind     Kind   // "" means the model's answer comes all the same
		requests int64  // how many were made
		says     string // by Condition's text, "" means Working
	}{
		{status(429, "rate_limit_exceeded", "Slow down", "Retry-After", "1"), Throttled, 2, "asks to wait"},
		{status(429, "rate_limit_exceeded", "Slow down", "Retry-After", "60"), Throttled, 1, "asks to wait"},
		{status(429, "rate_limit_exceeded", "Slow down", "Retry-After", "Sun, 22 Nov 2026 12:05:00 GMT"), Throttled, 1, "asks to wait"},
		{status(429, "rate_limit_exceeded", "Slow down", "retry-after-ms", "1500"), Throttled, 2, "asks to wait"},
		{status(429, "rate_limit_exceeded", "Slow down", "retry-after-ms", "90000", "Retry-After", "1"), Throttled, 1, "asks to wait"},
		{status(429, "", "Slow down"), Throttled, 2, "asks to wait"},
		{status(429, "insufficient_quota", "You exceeded your current quota"), NoQuota, 1, "quota is used up"},
		{status(402, "", "Insufficient Balance"), NoQuota, 1, "quota is used up"},
		{status(401, "invalid_api_key", "Incorrect API key provided: "+testKey), Unauthorized, 1, "API key (401)"},
		{status(403, "", "Country, region, or territory not supported"), Forbidden, 1, "(403)"},
		{status(404, "model_not_found", "The model `gpt-test` does not exist"), NoModel, 1, `no model "gpt-test"`},
		{openaifake.Raw(404, "text/plain", "404 page not found"), NotFound, 1, "base URL"},
		{status(405, "", "Method Not Allowed"), NotFound, 1, "base URL"},
		{status(400, "", "What?"), BadRequest, 2, ""},
		{status(400, "content_filter", "The response was filtered"), Refused, 1, ""},
		{status(400, "context_length_exceeded", "This model's maximum context length is 2048 tokens"), BadRequest, 1, ""},
		{status(413, "", "Too large"), BadRequest, 1, ""},
		{status(500, "", "The server had an error"), Server, 2, ""},
		{status(503, "", "Overloaded", "Retry-After", "30"), Server, 1, ""},
		{openaifake.HTML(502), Server, 2, ""},
		{openaifake.HTML(200), Unreadable, 1, ""},
		{openaifake.Raw(200, "application/json", `{"choices": 7}`), Unreadable, 1, ""},
		{openaifake.Raw(200, "application/json", `[]`), Unreadable, 1, ""},
		{openaifake.Raw(200, "application/json", ``), Empty, 1, ""},
		{openaifake.Raw(200, "application/json", `{"error":{"message":"no"}}`), Empty, 1, ""},
		{openaifake.Raw(200, "application/json", "\x1f\x8b\x08garbage"), Unreadable, 1, ""},
		{openaifake.Hang(), TimedOut, 1, ""},
		{openaifake.Drip(), TimedOut, 1, ""},
		{openaifake.Reset(), Unreachable, 2, ""},
		{openaifake.Cut(), Cut, 2, ""},
		{openaifake.Huge(), TooLarge, 1, ""},
		{openaifake.GzipBomb(), TooLarge, 1, ""},
		{openaifake.NoChoices(), Empty, 1, ""},
		{openaifake.NullContent(), Empty, 1, ""},
		{openaifake.Say("", "stop"), Empty, 1, ""},
		{openaifake.Refuse(), Refused, 1, ""},
		{openaifake.Say("", "content_filter"), Refused, 1, ""},
		{openaifake.Say(openaifake.Write(wise()), "length"), Truncated, 1, ""},
		{openaifake.Say(openaifake.Write(wise())[:60], "length"), Truncated, 1, ""},
		{openaifake.ToolCalls(), Tools, 1, ""},
		{openaifake.Stream(false), Cut, 2, ""},
		{openaifake.Raw(200, "text/event-stream", "data: {broken\n\n"), Unreadable, 1, ""},
		{openaifake.Redirect(307, "http://127.0.0.1:1/v1/chat/completions"), Redirected, 1, "another address"},
		{openaifake.Redirect(308, "https://evil.example/v1"), Redirected, 1, "another address"},
		{openaifake.Redirect(302, "/v1/models"), Redirected, 1, "another address"},
		{openaifake.Raw(304, "text/plain", ""), Redirected, 1, "another address"},
		{openaifake.WrongType(), "", 1, ""},
		{openaifake.Stream(true), "", 1, ""},
	} {
		t.Run(c.manner.Name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, openaifake.Modern())
			w.fake.Always(&c.manner)
			if c.kind == TimedOut {
				w.options.Timeout = 150 * time.Millisecond
			}
			if c.kind == "" {
				w.asksModel()
			} else {
				w.degrades(c.kind)
			}
			if n := w.Stats().Requests; n != c.requests {
				t.Errorf("%d requests, want %d", n, c.requests)
			}
			got := w.Condition()
			if c.says == "" && got.Status != analysis.Working || !strings.Contains(got.Text, c.says) || c.says != "" && got.Hint == "" {
				t.Errorf("condition %+v, want text with %q", got, c.says)
			}
			if strings.Contains(w.log.String(), "sk-") || strings.Contains(w.log.String(), "4711") {
				t.Errorf("the log tells too much: %s", w.log)
			}
		})
	}
}

// TestErrorsTellNothing: without a fallback the failure itself comes back, without key, address and words.
func TestErrorsTellNothing(t *testing.T) {
	t.Parallel()
	for _, m := range []openaifake.Manner{
		openaifake.Status(401, "x", "Incorrect API key provided: "+testKey+" 4711-22"), openaifake.Status(500, "x", testKey+" 4711-22"),
		openaifake.Reset(), openaifake.Cut(), openaifake.HTML(200), openaifake.Raw(200, "text/plain", testKey),
		openaifake.Say("4711-22 "+testKey, "stop"),
		openaifake.Raw(200, "text/plain", `{"choices":"`+testKey+`"}`), openaifake.Redirect(307, "http://evil.example/"+testKey),
		openaifake.Say(strings.Replace(openaifake.Write(wise()), "frustrated", testKey, 1), "stop"),
		openaifake.Say(strings.Replace(openaifake.Write(wise()), `"urgent":true`, `"urgent":"`+testKey+`"`, 1), "stop"),
	} {
		w := newWorld(t, openaifake.Modern(), func(o *Options) { o.Fallback = nil })
		w.fake.Always(&m)
		_, err := w.Analyze(t.Context(), question())
		var fault *Error
		if !errors.As(err, &fault) {
			t.Fatalf("%s: %v", m.Name, err)
		}
		for _, secret := range []string{testKey, "4711", w.url, "evil"} {
			if strings.Contains(err.Error(), secret) || strings.Contains(w.log.String(), secret) {
				t.Errorf("%s: %v: tells %q", m.Name, err, secret)
			}
		}
	}
}

// TestUnreachable: nobody listens.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openaifake.Modern(), func(o *Options) { o.BaseURL = "127.0.0.1:1" }) // never given to another test
	for range failuresToOpen {
		w.degrades(Unreachable)
	}
	w.degrades(Open)
	if c := w.Condition(); c.Status != analysis.Waiting || !strings.Contains(c.Text, "can't be reached") {
		t.Errorf("%+v", c)
	}
}

// TestRedirectSameHost: within one host a request may be sent on, with its body.
func TestRedirectSameHost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openaifake.Modern())
	w.fake.Misbehave(openaifake.Redirect(307, "/v1/chat/completions"))
	w.asksModel()
	loop := openaifake.Redirect(307, "/v1/chat/completions")
	w.fake.Always(&loop)
	w.degrades(Redirected)
}

// TestForeignHostGetsNothing: a redirect leads nowhere, not even without the key.
func TestForeignHostGetsNothing(t *testing.T) {
	t.Parallel()
	called := false
	evil := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true }))
	defer evil.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		w := newWorld(t, openaifake.Modern(), func(o *Options) { o.Client = evil.Client() })
		w.fake.Misbehave(openaifake.Redirect(status, evil.URL+"/v1/chat/completions"))
		w.degrades(Redirected)
	}
	if called {
		t.Error("the other host was called")
	}
	if _, err := (oneHost{http.DefaultTransport, &url.URL{Scheme: "http", Host: "h.example"}}).RoundTrip(httptest.NewRequest(http.MethodGet,
		evil.URL, nil)); !errors.Is(err, errForeignHost) || called {
		t.Errorf("another host: %v", err)
	}
}

// TestSecondAttempt: what passes is tried once more, after as long as the server says.
func TestSecondAttempt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		manner openaifake.Manner
		wait   time.Duration
	}{
		{openaifake.Status(429, "", "", "Retry-After", "2"), 2 * time.Second},
		{openaifake.Status(429, "", "", "Retry-After", "Sun, 22 Nov 2026 12:00:01 GMT"), time.Second},
		{openaifake.Status(429, "", "", "retry-after-ms", "600", "Retry-After", "9"), 600 * time.Millisecond},
		{openaifake.Status(429, "", ""), shortPause},
		{openaifake.Status(500, "", ""), shortPause},
		{openaifake.Reset(), shortPause},
		{openaifake.Cut(), shortPause},
	} {
		w := newWorld(t, openaifake.Modern())
		w.fake.Misbehave(c.manner)
		w.asksModel()
		if len(w.pauses) != 1 || w.pauses[0] != c.wait {
			t.Errorf("%s: waited %v, want %v", c.manner.Name, w.pauses, c.wait)
		}
		if s := w.Stats(); len(s.Failures) != 0 || s.Requests != 2 {
			t.Errorf("%s: %+v", c.manner.Name, s)
		}
	}
}

// TestDeadlines: the caller's deadline counts, and leaves time for the fallback; a caller who goes away gets nothing. The clock
// is the bubble's: however slow the machine, the fallback takes no time of it.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := hanging(t)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		answer, err := a.Analyze(ctx, question())
		if err != nil || !answer.Degraded || ctx.Err() != nil || a.Stats().Requests != 1 {
			t.Errorf("%+v, %v, %v, %+v", answer, err, ctx.Err(), a.Stats())
		}
		ctx, cancel = context.WithTimeout(t.Context(), leastTime-time.Millisecond)
		defer cancel()
		if answer, err := a.Analyze(ctx, question()); err != nil || !answer.Degraded || a.Stats().Failures[Late] != 1 {
			t.Errorf("late: %+v, %v, %+v", answer, err, a.Stats())
		}
		ctx, cancel = context.WithCancel(t.Context())
		cancel()
		if _, err := a.Analyze(ctx, question()); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
	})
}

// TestBusy: who finds all slots taken doesn't wait for ever, and Close ends what hangs.
func TestBusy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openaifake.Modern(), func(o *Options) { o.Concurrency, o.Timeout = 1, time.Minute })
	entered, release := make(chan struct{}), make(chan struct{})
	defer close(release)
	w.fake.Speak(func(openaifake.Seen) string {
		close(entered) // a second request would panic here
		<-release
		return ""
	})
	first := make(chan analysis.Answer, 1)
	go func() {
		a, err := w.Analyze(context.Background(), question())
		if err != nil {
			t.Error(err)
		}
		first <- a
	}()
	<-entered
	if a, err := w.Analyze(t.Context(), question()); err != nil || !a.Degraded || w.Stats().Failures[Busy] != 1 {
		t.Errorf("%+v, %v, %+v", a, err, w.Stats())
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if n := w.Stats().Degraded; n != 2 {
		t.Errorf("Close didn't wait: %d questions are answered by the rules", n)
	}
	if a := <-first; !a.Degraded {
		t.Errorf("%+v", a)
	}
}

// TestConcurrency: no more requests are made at a time than is allowed.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openaifake.Modern(), func(o *Options) { o.Concurrency = 3 })
	var mu sync.Mutex
	now, most := 0, 0
	full := make(chan struct{})
	w.fake.Speak(func(openaifake.Seen) string {
		mu.Lock()
		now++
		if most = max(most, now); now == 3 {
			select {
			case <-full:
			default:
				close(full)
			}
		}
		mu.Unlock()
		<-full
		mu.Lock()
		now--
		mu.Unlock()
		return openaifake.Write(wise())
	})
	var all sync.WaitGroup
	for range 12 {
		all.Go(func() {
			if a, err := w.Analyze(t.Context(), question()); err != nil || a.Degraded {
				t.Errorf("%+v, %v", a, err)
			}
		})
	}
	all.Wait()
	if most != 3 {
		t.Errorf("%d requests at a time, want 3", most)
	}
}

// TestFallbackFails: its error comes back.
func TestFallbackFails(t *testing.T) {
	t.Parallel()
	gone := errors.New("gone")
	w := newWorld(t, openaifake.Modern(), func(o *Options) {
		o.Fallback = analyzerFunc(func(context.Context, analysis.Question) (analysis.Answer, error) { return analysis.Answer{}, gone })
	})
	refuse := openaifake.Refuse()
	w.fake.Always(&refuse)
	if _, err := w.Analyze(t.Context(), question()); !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
}
