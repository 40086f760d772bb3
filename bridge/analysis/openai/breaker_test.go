package openai

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/bridge/analysis"
	"parley/bridge/analysis/openai/openaifake"
)

// TestBreakerOpens: after failures in a row nobody asks for a while, which doubles; then one call may try.
func TestBreakerOpens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openaifake.Modern())
	bad := openaifake.HTML(200)
	w.fake.Always(&bad)
	for range failuresToOpen - 1 {
		w.degrades(Unreadable)
	}
	w.fake.Always(nil)
	w.asksModel() // the row is broken
	w.fake.Always(&bad)
	for range failuresToOpen {
		w.degrades(Unreadable)
	}
	for span := firstOpen; span < 4*longestOpen; span *= 2 {
		open := min(span, longestOpen)
		requests := w.Stats().Requests
		w.degrades(Open)
		if c := w.Condition(); c.Status != analysis.Waiting || c.Text == "" || !strings.Contains(c.Hint, "UTC") {
			t.Errorf("%+v", c)
		}
		w.clock.add(open - time.Millisecond)
		w.degrades(Open)
		if n := w.Stats().Requests; n != requests {
			t.Fatalf("asked while open for %v", open)
		}
		w.clock.add(time.Millisecond)
		w.degrades(Unreadable) // the probe
	}
	w.clock.add(longestOpen)
	w.fake.Always(nil)
	w.asksModel()
	w.asksModel()
	if c := w.Condition(); c.Status != analysis.Working {
		t.Errorf("%+v", c)
	}
}

// TestBreakerProbe: one at a time tries; what began before the breaker opened changes nothing any more.
func TestBreakerProbe(t *testing.T) {
	t.Parallel()
	c := newClock()
	b := newBreaker(c.now)
	old, _ := b.enter()
	for range failuresToOpen {
		turn, fault := b.enter()
		if fault != nil {
			t.Fatal(fault)
		}
		b.leave(turn, &Error{Kind: Server})
	}
	b.leave(old, nil)
	if _, fault := b.enter(); fault == nil || fault.Kind != Open {
		t.Fatalf("an answer to an old call closed the breaker: %v", fault)
	}
	c.add(firstOpen)
	probe, fault := b.enter()
	if fault != nil {
		t.Fatal(fault)
	}
	if _, fault := b.enter(); fault == nil {
		t.Fatal("two probes at once")
	}
	b.leave(probe, &Error{Kind: Cancelled}) // tells nothing
	if probe, fault = b.enter(); fault != nil {
		t.Fatalf("the next probe: %v, want none", fault)
	}
	b.leave(probe, &Error{Kind: Refused}) // the server works
	if _, fault := b.enter(); fault != nil {
		t.Errorf("closed, but %v, want none", fault)
	}
}

// TestHold: while a server asks to wait nobody asks, and the failures don't count as such.
func TestHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openaifake.Modern())
	slow := openaifake.Status(http.StatusTooManyRequests, "", "", "Retry-After", "90")
	for range failuresToOpen + 2 {
		w.fake.Misbehave(slow)
		w.degrades(Throttled)
		n := w.Stats().Requests
		w.clock.add(90*time.Second - time.Millisecond)
		w.degrades(Throttled)
		if w.Stats().Requests != n {
			t.Fatal("asked before the time")
		}
		w.clock.add(time.Millisecond)
	}
	w.asksModel()
	b := newBreaker(w.clock.now)
	for _, want := range []time.Duration{2, 4, 8, 16, 32, 60, 60} {
		turn, fault := b.enter()
		if fault != nil {
			t.Fatal(fault)
		}
		b.leave(turn, &Error{Kind: Throttled})
		if _, fault := b.enter(); fault == nil || fault.Wait != want*time.Second {
			t.Errorf("held for %+v, want %d s", fault, want)
		}
		w.clock.add(want * time.Second)
	}
}

// TestNeedsPerson: such a failure opens the breaker at once; the condition stays until the server answers.
func TestNeedsPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openaifake.Modern(), func(o *Options) { o.Key = NewKey("sk-wrong") })
	w.degrades(Unauthorized)
	w.degrades(Open)
	if c := w.Condition(); c.Status != analysis.Broken || !strings.Contains(c.Hint, "Check the key") {
		t.Errorf("%+v", c)
	}
	w.clock.add(firstOpen)
	w.options.Key = NewKey(testKey)
	w.asksModel()
	if c := w.Condition(); c.Status != analysis.Working {
		t.Errorf("%+v", c)
	}
	if log := w.log.String(); !strings.Contains(log, "can't be used") || !strings.Contains(log, "answers again") ||
		strings.Contains(log, "sk-") {
		t.Errorf("log: %s", log)
	}
	w = newWorld(t, openaifake.Modern(), func(o *Options) { o.Model = "gpt-none" })
	w.degrades(NoModel)
	if c := w.Condition(); c.Status != analysis.Broken || !strings.Contains(c.Text, "gpt-none") {
		t.Errorf("%+v", c)
	}
}

// TestUnfit: a model that never gives a valid answer is told of, and is asked all the same: a customer may be the cause.
func TestUnfit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openaifake.Modern())
	w.fake.Speak(func(openaifake.Seen) string { return "Hi!" })
	for range manyInvalid {
		if c := w.Condition(); c.Status != analysis.Working {
			t.Fatalf("%+v", c)
		}
		w.degrades(Invalid)
	}
	if c := w.Condition(); c.Status != analysis.Broken || !strings.Contains(c.Text, "no valid answer") {
		t.Errorf("%+v", c)
	}
	w.fake.Speak(nil)
	w.asksModel()
	if c := w.Condition(); c.Status != analysis.Working {
		t.Errorf("%+v", c)
	}
}

// TestBadRequests: a server that refuses all requests is told of once it is clear.
func TestBadRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openaifake.Modern())
	bad := openaifake.Status(400, "context_length_exceeded", "maximum context length is 512 tokens")
	w.fake.Always(&bad)
	for range failuresToOpen {
		w.degrades(BadRequest)
	}
	if c := w.Condition(); c.Status != analysis.Broken || !strings.Contains(c.Hint, "8,000") {
		t.Errorf("%+v", c)
	}
}

// TestAdvice: each problem has words of its own.
func TestAdvice(t *testing.T) {
	t.Parallel()
	seen := map[string]Kind{}
	for _, k := range []Kind{Unauthorized, Forbidden, NoModel, NotFound, NoQuota, Redirected, Invalid, BadRequest} {
		text, hint := adviceOn(k, "m")
		if other, double := seen[text]; double || text == "" || hint == "" {
			t.Errorf("%s says what %s says", k, other)
		}
		seen[text] = k
	}
	for _, k := range []Kind{Throttled, TimedOut, Unreachable, Server, Empty} {
		if other, double := seen[whyWaiting(k)]; double {
			t.Errorf("%s says what %s says", k, other)
		}
		seen[whyWaiting(k)] = k
	}
}

// purse is a Budget of so many tokens; 0 means none.
type purse struct {
	mu          sync.Mutex
	limit, used int
	broken      bool
}

func (p *purse) Reserve(_ context.Context, tokens int) (settle func(context.Context, int), ok bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken {
		return nil, false, errors.New("no database")
	}
	if p.limit > 0 && p.used+tokens > p.limit {
		return nil, false, nil
	}
	p.used += tokens
	return func(_ context.Context, used int) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.used += used - tokens
	}, true, nil
}

// askAt asks at the cost of a purse.
func (w *world) askAt(p *purse) analysis.Answer {
	w.t.Helper()
	q := question()
	q.Terms.Budget = p
	a, err := w.Analyze(w.t.Context(), q)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// TestBudget: tokens are reserved before they are used, and settled after. Without any left the fallback answers.
func TestBudget(t *testing.T) {
	t.Parallel()
	p := &purse{limit: 6000}
	w := newWorld(t, openaifake.Modern())
	if a := w.askAt(p); a.Degraded {
		t.Fatalf("%+v", a)
	}
	s := w.Stats()
	if p.used != int(s.TokensIn+s.TokensOut) || p.used == 0 || p.used > 3000 {
		t.Errorf("counted %d, used %d + %d", p.used, s.TokensIn, s.TokensOut)
	}
	for range 10 {
		w.askAt(p)
	}
	n, used := w.Stats().Requests, p.used
	if a := w.askAt(p); !a.Degraded || used > 6000 || p.used != used || w.Stats().Requests != n || w.Stats().Failures[Budget] == 0 {
		t.Errorf("%+v: %d tokens, then %d; %+v", a, used, p.used, w.Stats())
	}
	if c := w.Condition(); c.Status != analysis.Working {
		t.Errorf("one account's budget is no fault of the model: %+v", c)
	}
	n = w.Stats().Requests
	if a := w.askAt(&purse{broken: true}); !a.Degraded || w.Stats().Failures[Uncounted] != 1 || w.Stats().Requests != n {
		t.Error("asked without counting")
	}
}

// TestFailuresCost: what was refused costs nothing. What was lost on its way back costs as much as it may have cost, since the
// provider may have counted a whole answer.
func TestFailuresCost(t *testing.T) {
	t.Parallel()
	const most = mostOut
	for _, c := range []struct {
		manner openaifake.Manner
		out    int // tokens that are counted of each answer beside those that metrics show
		costs  bool
	}{
		{openaifake.Status(503, "", "", "Retry-After", "30"), 0, false}, {openaifake.Reset(), 0, false}, {openaifake.HTML(502), 0, false},
		{openaifake.Refuse(), 0, true}, {openaifake.Say("", "length"), 0, true},
		{openaifake.HTML(200), most, true}, {openaifake.Cut(), most, true}, {openaifake.Hang(), most, true}, {openaifake.Drip(), most, true}, {openaifake.Huge(), most, true},
	} {
		t.Run(c.manner.Name, func(t *testing.T) {
			t.Parallel()
			p := &purse{}
			w := newWorld(t, openaifake.Modern(), func(o *Options) { o.Timeout = 2 * time.Second })
			w.fake.Always(&c.manner)
			w.askAt(p)
			s := w.Stats()
			if (p.used > 0) != c.costs || p.used-int(s.TokensIn+s.TokensOut) != c.out*int(s.Requests) {
				t.Errorf("%d requests cost %d, %d + %d were counted", s.Requests, p.used, s.TokensIn, s.TokensOut)
			}
		})
	}
}

// TestUnreachableCosts: while no connection can be made, the day's tokens are not used up by answers that nobody wrote.
func TestUnreachableCosts(t *testing.T) {
	t.Parallel()
	p := &purse{}
	away := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}}
	w := newWorld(t, openaifake.Modern(), func(o *Options) { o.Timeout, o.Client = 150*time.Millisecond, away })
	w.askAt(p)
	if s := w.Stats(); p.used >= mostOut || s.Failures[TimedOut] != 1 {
		t.Errorf("it cost %d: %+v", p.used, s)
	}
}
