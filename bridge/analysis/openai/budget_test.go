package openai

import (
	"context"
	"sync"
	"testing"
	"time"

	"parley/bridge/analysis"
	"parley/bridge/analysis/openai/openaifake"
)

// budget is an analysis.Budget of some tokens. With a limit of 0 it has no limit.
type budget struct {
	mu    sync.Mutex
	limit int
	used  int // reserved, or settled
	err   error
}

// Reserve implements analysis.Budget.
func (b *budget) Reserve(_ context.Context, tokens int) (settle func(context.Context, int), ok bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return nil, false, b.err
	}
	if b.limit > 0 && b.used+tokens > b.limit {
		return nil, false, nil
	}
	b.used += tokens
	return func(_ context.Context, used int) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.used += used - tokens
	}, true, nil
}

// askWith asks question, which is charged to a budget.
func (w *world) askWith(b *budget) analysis.Answer {
	w.t.Helper()
	q := question()
	q.Terms.Budget = b
	a, err := w.Analyze(w.t.Context(), q)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// A budget is charged with the tokens that the server counted.
func TestBudgetIsSettled(t *testing.T) {
	t.Parallel()
	const limit = 6000
	b := &budget{limit: limit}
	w := newWorld(t, openaifake.Modern())
	if a := w.askWith(b); a.Degraded {
		t.Fatalf("got the answer %+v, want the model's", a)
	}
	s := w.Stats()
	if want := int(s.TokensIn + s.TokensOut); b.used != want {
		t.Errorf("the budget was charged %d tokens, want %d", b.used, want)
	}
	if b.used == 0 || b.used > limit/2 {
		t.Errorf("the budget was charged %d tokens, want some, and at most %d", b.used, limit/2)
	}
}

// When no tokens are left, the fallback answers, and the server isn't asked. That isn't a fault of the model.
func TestBudgetIsUsedUp(t *testing.T) {
	t.Parallel()
	const limit = 6000
	b := &budget{limit: limit}
	w := newWorld(t, openaifake.Modern())
	const enough = 11 // answers to use up the budget
	for range enough {
		w.askWith(b)
	}
	requests, used := w.Stats().Requests, b.used
	if used > limit {
		t.Errorf("the budget was charged %d tokens, want at most %d", used, limit)
	}

	if a := w.askWith(b); !a.Degraded {
		t.Errorf("got the answer %+v, want the fallback's", a)
	}
	if b.used != used {
		t.Errorf("the budget was charged %d more tokens, want none", b.used-used)
	}
	w.wantRequests("without a budget", requests)
	if n := w.Stats().Failures[Budget]; n == 0 {
		t.Errorf("got the failures %v, want some of %s", w.Stats().Failures, Budget)
	}
	w.wantWorking()
}

// A refused request costs nothing. An answer costs the tokens that the server counted. If an answer is lost on its way
// back, it costs as much as an answer may cost, because the provider may have counted a whole one.
func TestFailuresCost(t *testing.T) {
	t.Parallel()
	tests := []struct {
		manner    openaifake.Fault
		isCharged bool
		wantLost  int // tokens for each request beside those that the server counted
	}{
		{manner: openaifake.Status(503, "", "", "Retry-After", "30"), isCharged: false},
		{manner: openaifake.HTML(502), isCharged: false},

		{manner: openaifake.Refuse(), isCharged: true},
		{manner: openaifake.Say("", "length"), isCharged: true},

		{manner: openaifake.Status(400, "", "The output limit was reached"), isCharged: true, wantLost: maxAnswerTokens},
		{manner: openaifake.HTML(200), isCharged: true, wantLost: maxAnswerTokens},
		{manner: openaifake.Cut(), isCharged: true, wantLost: maxAnswerTokens},
		{manner: openaifake.Reset(), isCharged: true, wantLost: maxAnswerTokens},
		{manner: openaifake.Hang(), isCharged: true, wantLost: maxAnswerTokens},
		{manner: openaifake.Drip(), isCharged: true, wantLost: maxAnswerTokens},
		{manner: openaifake.Huge(), isCharged: true, wantLost: maxAnswerTokens},
	}
	for _, tt := range tests {
		t.Run(tt.manner.Name, func(t *testing.T) {
			t.Parallel()
			b := &budget{}
			w := newWorld(t, openaifake.Modern(), func(o *Options) { o.Timeout = 2 * time.Second })
			w.fake.Always(&tt.manner)
			w.askWith(b)
			s := w.Stats()
			if got := b.used > 0; got != tt.isCharged {
				t.Errorf("the budget was charged %d tokens, want some: %v", b.used, tt.isCharged)
			}
			lost := b.used - int(s.TokensIn+s.TokensOut)
			if want := tt.wantLost * int(s.Requests); lost != want {
				t.Errorf("%d requests were charged %d tokens beside those counted, want %d", s.Requests, lost, want)
			}
		})
	}
}
