package openai

import (
	"errors"
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

// mendServer lets the server work again.
func (w *world) mendServer() { w.fake.Always(nil) }

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

// An answer in between begins the count anew.
func TestBreakerCountsFailuresInARow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openaifake.Modern())
	w.breakServer()
	for range failuresToOpen - 1 {
		w.wantFallback(Unreadable)
	}
	w.mendServer()
	w.wantModel()
	w.openBreaker() // needs as many failures again
}

// Each time that the probe fails, the breaker stays open for twice as long, up to a longest time.
func TestBreakerStaysOpenLonger(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openaifake.Modern())
	w.openBreaker()
	for span := minOpen; span < 4*maxOpen; span *= 2 {
		open := min(span, maxOpen)
		requests := w.Stats().Requests
		w.wantFallback(Open)
		w.clock.add(open - time.Millisecond)
		w.wantFallback(Open)
		if n := w.Stats().Requests; n != requests {
			t.Fatalf("got %d requests while the breaker is open for %v, want none", n-requests, open)
		}
		w.clock.add(time.Millisecond)
		w.wantFallback(Unreadable) // the probe
	}
}

// A probe that succeeds closes the breaker.
func TestBreakerCloses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openaifake.Modern())
	w.openBreaker()
	w.clock.add(minOpen)
	w.mendServer()
	w.wantModel()
	w.wantModel()
	w.wantWorking()
}

// newOpenBreaker makes a breaker that was opened by failures. old is a call that began before, and didn't end yet.
func newOpenBreaker(t *testing.T) (b *breaker, c *clock, old turn) {
	t.Helper()
	c = newClock()
	b = newBreaker(c.now)
	old = mustTakeTurn(t, b)
	for range failuresToOpen {
		b.handBack(mustTakeTurn(t, b), &Error{Kind: Server})
	}
	return b, c, old
}

// mustTakeTurn begins a call, which the breaker must let through.
func mustTakeTurn(t *testing.T, b *breaker) turn {
	t.Helper()
	call, fault := b.takeTurn()
	if fault != nil {
		t.Fatalf("the breaker is open: %v, want it to let the call through", fault)
	}
	return call
}

// wantOpen checks that the breaker lets no call through.
func wantOpen(t *testing.T, b *breaker, when string) {
	t.Helper()
	_, fault := b.takeTurn()
	if fault == nil {
		t.Fatalf("%s: the breaker let a call through", when)
	}
	if fault.Kind != Open {
		t.Fatalf("%s: got the fault %v, want %s", when, fault, Open)
	}
}

// An answer to a call that began before the breaker opened doesn't close the breaker.
func TestBreakerIgnoresOldCalls(t *testing.T) {
	t.Parallel()
	b, _, old := newOpenBreaker(t)
	b.handBack(old, nil)
	wantOpen(t, b, "after an answer to an old call")
}

func TestBreakerLetsOneProbeThrough(t *testing.T) {
	t.Parallel()
	b, c, _ := newOpenBreaker(t)
	c.add(minOpen)
	mustTakeTurn(t, b)
	wantOpen(t, b, "during the probe")
}

// A probe whose caller went away tells nothing: the next call is the probe.
func TestBreakerProbeIsCancelled(t *testing.T) {
	t.Parallel()
	b, c, _ := newOpenBreaker(t)
	c.add(minOpen)
	b.handBack(mustTakeTurn(t, b), &Error{Kind: Cancelled})
	mustTakeTurn(t, b)
	wantOpen(t, b, "during the next probe")
}

// A server that refuses a request works: its refusal closes the breaker.
func TestBreakerProbeIsRefused(t *testing.T) {
	t.Parallel()
	b, c, _ := newOpenBreaker(t)
	c.add(minOpen)
	b.handBack(mustTakeTurn(t, b), &Error{Kind: Refused})
	mustTakeTurn(t, b)
	mustTakeTurn(t, b)
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

// A server that doesn't say how long is left alone for twice as long each time, up to a minute.
func TestThrottledWithoutATime(t *testing.T) {
	t.Parallel()
	c := newClock()
	b := newBreaker(c.now)
	for _, seconds := range []time.Duration{2, 4, 8, 16, 32, 60, 60} {
		want := seconds * time.Second
		b.handBack(mustTakeTurn(t, b), &Error{Kind: Throttled})
		_, fault := b.takeTurn()
		if fault == nil {
			t.Fatalf("the breaker let a call through, want a wait of %s", want)
		}
		if fault.Wait != want {
			t.Errorf("got a wait of %s, want %s", fault.Wait, want)
		}
		c.add(want)
	}
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

func TestUnknownModelNeedsAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openaifake.Modern(), func(o *Options) { o.Model = "gpt-none" })
	w.wantFallback(NoModel)
	w.wantCondition(analysis.Broken, "gpt-none")
}

// If a model never gives a valid answer, people are told. The model is still asked, because a customer's text may be the
// cause.
func TestModelWithoutValidAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openaifake.Modern())
	w.modelSays("Hi!")
	for range uselessToBreak {
		w.wantWorking()
		w.wantFallback(Invalid)
	}
	w.wantCondition(analysis.Broken, "no valid answer")

	w.modelWorks()
	w.wantModel()
	w.wantWorking()
}

// If a model uses up the tokens of each answer by reasoning, people are told: each of these answers costs as much as one can
// cost, and is the rules' in the end. A long text that is cut off says nothing about the model.
func TestModelThatReasonsTooLong(t *testing.T) {
	t.Parallel()
	usedUp := "Could not finish the message because max_tokens or model output limit was reached. Please try again with higher max_tokens."
	for _, manner := range []openaifake.Fault{
		openaifake.Say("", "length"),
		openaifake.Status(http.StatusBadRequest, "", usedUp), // as OpenAI words it
	} {
		t.Run(manner.Name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, openaifake.Modern())
			w.fake.Always(&manner)
			for n := range uselessToBreak {
				w.wantWorking()
				w.wantFallback(Truncated)
				w.wantRequests("after the question", int64(2*n+1)) // each question and each text is one
				_, err := w.Write(t.Context(), writingRequest(analysis.Translate))
				if !errors.Is(err, analysis.ErrTooLong) {
					t.Errorf("the text failed with %v, want %v", err, analysis.ErrTooLong)
				}
			}
			w.wantCondition(analysis.Broken, "3000 tokens")
			if c := w.Probe(t.Context()); c.Status != analysis.Broken {
				t.Errorf("the probe says %+v, want %s", c, analysis.Broken)
			}

			w.mendServer()
			w.wantModel()
			w.wantWorking()
		})
	}
}

// If a server refuses all requests as too long, people are told, with the length that the server needs to take.
func TestServerThatRefusesAllRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openaifake.Modern())
	refuse := openaifake.Status(http.StatusBadRequest, "context_length_exceeded", "maximum context length is 512 tokens")
	w.fake.Always(&refuse)
	for range failuresToOpen {
		w.wantFallback(BadRequest)
	}
	w.wantCondition(analysis.Broken, "8,000")
}

// Each kind of problem has words of its own for people.
func TestAdviceDiffers(t *testing.T) {
	t.Parallel()
	said := map[string]Kind{}
	checkNew := func(kind Kind, text string) {
		t.Helper()
		if other, ok := said[text]; ok {
			t.Errorf("%s and %s say the same: %q", kind, other, text)
		}
		said[text] = kind
	}
	for _, kind := range []Kind{Unauthorized, Forbidden, NoModel, NotFound, NoQuota, Redirected, Invalid, Truncated, BadRequest} {
		text, hint := adviceFor(kind, "m")
		if text == "" || hint == "" {
			t.Errorf("%s: got the text %q and the hint %q, want both", kind, text, hint)
		}
		checkNew(kind, text)
	}
	for _, kind := range []Kind{Throttled, TimedOut, Unreachable, Server, Empty} {
		checkNew(kind, waitingReason(kind))
	}
}
