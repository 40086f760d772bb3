package openai

import (
	"bytes"
	"context"
	"log/slog"
	"net/http/httptest"
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

// offline stands for the fallback.
func offline() analysis.Analyzer {
	return analyzerFunc(func(context.Context, analysis.Question) (analysis.Answer, error) {
		return analysis.Answer{Language: "en", Sentiment: analysis.Neutral, By: "offline"}, nil
	})
}

// world is an Analyzer that asks an emulator over TCP.
type world struct {
	*Analyzer
	t      *testing.T
	fake   *openaifake.Server
	url    string
	clock  *clock
	pauses []time.Duration
	log    *bytes.Buffer
}

// wise is what the model answers by itself.
func wise() analysis.Answer {
	return analysis.Answer{
		Language: "en", Sentiment: analysis.Frustrated, Urgency: analysis.Urgency{Urgent: true, Because: "need it today"},
		Intents: []string{"order_status"}, Tags: []string{"delivery"},
		References: []analysis.Reference{{Kind: "order", Value: "4711-22"}},
		Replies:    []analysis.Reply{{Text: "Your order is on its way: https://shop.example/track", Sources: []string{"tpl-1"}}},
		Actions:    []analysis.Action{{Name: analysis.Assign, Value: "kim"}},
	}
}

func question() analysis.Question {
	return analysis.Question{
		Burst: []analysis.Message{{Subject: "Where is it?", Text: "I ask the third time where my order 4711-22 is. I need it today!",
			Files: []string{"invoice.pdf"}}},
		Before: []analysis.Message{{Text: "Hello?"}, {FromAgent: true, Text: "We look into it."}},
		Desk: analysis.Desk{
			Language: "en", Tags: []analysis.Tag{{Name: "delivery", Words: []string{"parcel"}}, {Name: "vip"}},
			References: []analysis.Pattern{{Kind: "order", Regexp: `\b(\d{4}-\d{2})\b`, Link: "https://shop.example/orders/{number}"}},
			Sources:    []analysis.Source{{ID: "tpl-1", Title: "Tracking", Text: "Track orders at https://shop.example/track"}},
			Examples:   []analysis.Example{{Text: "where is my parcel", Intent: "order_status", Tags: []string{"delivery"}, Solver: "kim"}},
			Actions:    []analysis.ActionName{analysis.Assign, analysis.Priority},
		},
	}
}

// newWorld starts an emulator and an Analyzer for it; change may alter both.
func newWorld(t *testing.T, can openaifake.Abilities, change ...func(*Options)) *world {
	t.Helper()
	w := &world{t: t, clock: newClock(), log: &bytes.Buffer{}}
	w.fake = openaifake.New(openaifake.Options{Key: testKey, Models: []string{"gpt-test"}, Abilities: can,
		Answers: analyzerFunc(func(context.Context, analysis.Question) (analysis.Answer, error) { return wise(), nil })})
	server := httptest.NewServer(w.fake)
	w.url = server.URL
	o := Options{
		Key: NewKey(testKey), BaseURL: server.URL, Model: "gpt-test", Timeout: time.Minute, Fallback: offline(), Now: w.clock.now,
		Logger: slog.New(slog.NewTextHandler(w.log, nil)),
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

func (w *world) ask() analysis.Answer {
	w.t.Helper()
	a, err := w.Analyze(w.t.Context(), question())
	if err != nil {
		w.t.Fatalf("Analyze: %v", err)
	}
	return a
}

// asksModel asserts that the model's own answer comes back.
func (w *world) asksModel() {
	w.t.Helper()
	if a := w.ask(); a.Degraded || a.By != "gpt-test" || len(a.Replies) != 1 {
		w.t.Fatalf("no answer by the model: %+v; stats %+v", a, w.Stats())
	}
}

// degrades asserts that the fallback answers for a reason.
func (w *world) degrades(why Kind) {
	w.t.Helper()
	before := w.Stats().Failures[why]
	if a := w.ask(); !a.Degraded || a.By != "offline" {
		w.t.Fatalf("not degraded: %+v", a)
	}
	if w.Stats().Failures[why] != before+1 {
		w.t.Fatalf("not degraded because of %s: %v", why, w.Stats().Failures)
	}
}
