package openai

import (
	"bytes"
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/bridge/analysis"
	"parley/bridge/analysis/openai/openaifake"
)

const testKey = "sk-test-0123456789abcdef-never-shown"

// clock is a clock that only tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// analyzerFunc is an Analyzer made of a function.
type analyzerFunc func(context.Context, analysis.Question) (analysis.Answer, error)

func (f analyzerFunc) Analyze(ctx context.Context, q analysis.Question) (analysis.Answer, error) {
	return f(ctx, q)
}

// The values of Answer.By in these tests, which say who answered.
const (
	byModel    = "gpt-test"
	byFallback = "offline"
)

// newFallback makes the Analyzer that answers if the model doesn't.
func newFallback() analysis.Analyzer {
	return analyzerFunc(func(context.Context, analysis.Question) (analysis.Answer, error) {
		return analysis.Answer{Language: "en", Sentiment: analysis.Neutral, By: byFallback}, nil
	})
}

// world is what most tests of this package run in: an Analyzer that asks an emulated server over TCP. The clock stands
// until a test, or a pause before a second attempt, moves it.
type world struct {
	*Analyzer
	t      *testing.T
	fake   *openaifake.Server
	url    string // of the emulator
	clock  *clock
	pauses []time.Duration // that were made before a second attempt
	log    *bytes.Buffer
}

// goodAnswer is what the emulated model answers to question, unless a test lets it answer something else.
func goodAnswer() analysis.Answer {
	return analysis.Answer{
		Language:   "en",
		Sentiment:  analysis.Frustrated,
		Urgency:    analysis.Urgency{Urgent: true, Because: "need it today"},
		Intents:    []string{"order_status"},
		Tags:       []string{"delivery"},
		References: []analysis.Reference{{Kind: "order", Value: "4711-22"}},
		Replies:    []analysis.Reply{{Text: "Your order is on its way: https://shop.example/track", Sources: []string{"tpl-1"}}},
		Actions:    []analysis.Action{{Name: analysis.Priority, Value: "high"}},
	}
}

// question is the question that tests ask. It contains all that goodAnswer names.
func question() analysis.Question {
	return analysis.Question{
		Burst: []analysis.Message{{
			Subject: "Where is it?",
			Text:    "I ask the third time where my order 4711-22 is. I need it today!",
			Files:   []string{"invoice.pdf"},
		}},
		Before: []analysis.Message{{Text: "Hello?"}, {FromAgent: true, Text: "We look into it."}},
		Desk: analysis.Desk{
			Language: "en",
			Tags:     []analysis.Tag{{Name: "delivery", Words: []string{"parcel"}}, {Name: "vip"}},
			References: []analysis.Pattern{
				{Kind: "order", Regexp: `\b(\d{4}-\d{2})\b`, Link: "https://shop.example/orders/{number}"},
			},
			Sources: []analysis.Source{{ID: "tpl-1", Title: "Tracking", Text: "Track orders at https://shop.example/track"}},
			Actions: []analysis.ActionName{analysis.Template, analysis.Priority},
		},
	}
}

// newWorld starts a server with these abilities, and an Analyzer for it, whose options change may alter.
func newWorld(t *testing.T, can openaifake.Abilities, change ...func(*Options)) *world {
	t.Helper()
	w := &world{t: t, clock: newClock(), log: &bytes.Buffer{}}
	w.fake = openaifake.New(openaifake.Options{
		Key:       testKey,
		Models:    []string{byModel},
		Abilities: can,
		Answers: analyzerFunc(func(context.Context, analysis.Question) (analysis.Answer, error) {
			return goodAnswer(), nil
		}),
	})

	server := httptest.NewServer(w.fake)
	w.url = server.URL

	o := Options{
		Key:      NewKey(testKey),
		BaseURL:  server.URL,
		Model:    byModel,
		Timeout:  time.Minute,
		Fallback: newFallback(),
		Now:      w.clock.now,
		Logger:   slog.New(slog.NewTextHandler(w.log, nil)),
		Pause: func(_ context.Context, d time.Duration) bool {
			w.pauses = append(w.pauses, d)
			w.clock.add(d)
			return true
		},
	}
	for _, f := range change {
		f(&o)
	}

	a, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	w.Analyzer = a
	t.Cleanup(func() {
		_ = a.Close()
		w.fake.Close()
		server.Close()
	})
	return w
}

// modelSays lets the model answer every question with content from now on.
func (w *world) modelSays(content string) {
	w.fake.Speak(func(openaifake.Seen) string { return content })
}

// ask asks question, which must be answered by somebody.
func (w *world) ask() analysis.Answer {
	w.t.Helper()
	a, err := w.Analyze(w.t.Context(), question())
	if err != nil {
		w.t.Fatalf("Analyze: %v", err)
	}
	return a
}

// wantModel asks, and checks that the model's own answer comes back.
func (w *world) wantModel() {
	w.t.Helper()
	a := w.ask()
	if a.Degraded || a.By != byModel {
		w.t.Fatalf("got the answer %+v, want the model's; the stats are %+v", a, w.Stats())
	}
	if len(a.Replies) != 1 {
		w.t.Fatalf("got the replies %+v, want one", a.Replies)
	}
}

// wantFallback asks, and checks that the fallback answers for this reason.
func (w *world) wantFallback(why Kind) {
	w.t.Helper()
	before := w.Stats().Failures[why]
	a := w.ask()
	if !a.Degraded || a.By != byFallback {
		w.t.Fatalf("got the answer %+v, want the fallback's because of %s", a, why)
	}
	if failures := w.Stats().Failures; failures[why] != before+1 {
		w.t.Fatalf("the fallback answered because of %v, want one more of %s", failures, why)
	}
}

// wantRequests checks how many requests the server got in all.
func (w *world) wantRequests(when string, want int64) {
	w.t.Helper()
	if got := w.Stats().Requests; got != want {
		w.t.Errorf("%s: got %d requests in all, want %d", when, got, want)
	}
}

// wantWorking checks that the condition is that of a model that works.
func (w *world) wantWorking() {
	w.t.Helper()
	if c := w.Condition(); c.Status != analysis.Working {
		w.t.Errorf("got the condition %+v, want %s", c, analysis.Working)
	}
}

// wantCondition checks the condition of a model that doesn't: its text and hint together contain words.
func (w *world) wantCondition(want analysis.Status, words string) {
	w.t.Helper()
	c := w.Condition()
	if c.Status != want {
		w.t.Errorf("got the condition %+v, want %s", c, want)
	}
	if c.Text == "" || c.Hint == "" {
		w.t.Errorf("the condition %+v needs a text and a hint", c)
	}
	if !strings.Contains(c.Text+" "+c.Hint, words) {
		w.t.Errorf("got the condition %+v, want %q in its text or hint", c, words)
	}
}
