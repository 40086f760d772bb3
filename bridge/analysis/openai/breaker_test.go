package openai

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/bridge/analysis"
	"parley/bridge/analysis/openai/openaifake"
)

// The breaker keeps a server from being asked while it fails: it is closed while the server works, open after failures in a
// row, and lets one call through, the probe, when its time is over.

// breakServer lets the server answer with a page of HTML from now on, which counts as a failure.
func (w *world) breakServer() {
	page := openaifake.HTML(http.StatusOK)
	w.fake.Always(&page)
}

// openBreaker lets the server fail until nobody asks it any more.
func (w *world) openBreaker() {
	w.t.Helper()
	w.breakServer()
	for range failuresToOpen {
		w.wantFallback(Unreadable)
	}
}

// Failures open the breaker if they come in a row. The condition says until when.
func TestBreakerOpens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openaifake.Modern())
	w.openBreaker()
	requests := w.Stats().Requests
	w.wantFallback(Open)
	w.wantRequests("while the breaker is open", requests)
	w.wantCondition(analysis.Waiting, "UTC")
}

// While a server asks to wait, nobody asks it. That isn't a failure, which would open the breaker.
func TestThrottledServerIsNotAsked(t *testing.T) {
	t.Parallel()
	const wait = 90 * time.Second
	w := newWorld(t, openaifake.Modern())
	slowDown := openaifake.Status(http.StatusTooManyRequests, "", "", "Retry-After", "90")
	for range failuresToOpen + 2 {
		w.fake.Misbehave(slowDown)
		w.wantFallback(Throttled)
		requests := w.Stats().Requests
		w.clock.add(wait - time.Millisecond)
		w.wantFallback(Throttled)
		if n := w.Stats().Requests; n != requests {
			t.Fatalf("got %d requests before the time, want none", n-requests)
		}
		w.clock.add(time.Millisecond)
	}
	w.wantModel()
}

// A failure that needs a person opens the breaker at once. The condition stays until the server answers.
func TestWrongKeyOpensAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openaifake.Modern(), func(o *Options) { o.Key = NewKey("sk-wrong") })
	w.wantFallback(Unauthorized)
	w.wantFallback(Open)
	w.wantCondition(analysis.Broken, "Check the key")

	w.clock.add(minOpen)
	w.options.Key = NewKey(testKey)
	w.wantModel()
	w.wantWorking()
}

// The log says that a model can't be used, and that it answers again. It doesn't show the key.
func TestLogOfAWrongKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openaifake.Modern(), func(o *Options) { o.Key = NewKey("sk-wrong") })
	w.wantFallback(Unauthorized)
	w.clock.add(minOpen)
	w.options.Key = NewKey(testKey)
	w.wantModel()
	for _, want := range []string{"can't be used", "answers again"} {
		if !strings.Contains(w.log.String(), want) {
			t.Errorf("got the log %s, want %q in it", w.log, want)
		}
	}
	if strings.Contains(w.log.String(), "sk-") {
		t.Errorf("the log shows a key: %s", w.log)
	}
}
