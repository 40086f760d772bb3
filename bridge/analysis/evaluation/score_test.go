package evaluation

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/bridge/analysis"
	"parley/channels/golden"
)

// These tests judge one small set, testdata/few.jsonl. Its five messages, by the first word of their text:
//
//	Where  answered rightly
//	Toll   answered with the wrong sentiment, an invented urgency, one wrong intent and a reference of the wrong kind
//	Gone.  not answered: the analyzer fails
//	Hej    answered rightly, in a language that the set doesn't label
//	Slow   not answered: the analyzer takes longer than the deadline

// scriptedAnalyzer answers a question by the first word of its text. At "Slow" it waits until the deadline, and without
// an answer for the word it fails.
type scriptedAnalyzer struct {
	answers map[string]analysis.Answer // by the first word
	calls   atomic.Int64
}

func (s *scriptedAnalyzer) Analyze(ctx context.Context, q analysis.Question) (analysis.Answer, error) {
	s.calls.Add(1)
	word, _, _ := strings.Cut(q.Burst[0].Text, " ")
	if answer, ok := s.answers[word]; ok {
		return answer, nil
	}
	if word == "Slow" {
		<-ctx.Done()
		return analysis.Answer{}, ctx.Err()
	}
	return analysis.Answer{}, errors.New("the model is away")
}

// Usage implements Metered: each call costs 1000 tokens of question and 100 of answer.
func (s *scriptedAnalyzer) Usage() (calls, promptTokens, answerTokens int) {
	n := int(s.calls.Load())
	return n, 1000 * n, 100 * n
}

// newFewAnalyzer returns an analyzer that answers readFew as described at the top of this file.
func newFewAnalyzer() *scriptedAnalyzer {
	return &scriptedAnalyzer{answers: map[string]analysis.Answer{
		"Where": {
			Language:   "en",
			Sentiment:  analysis.Pressing,
			Urgency:    analysis.Urgency{Urgent: true, Because: "open at nine."},
			Intents:    []string{"order_status"},
			References: []analysis.Reference{{Kind: "order", Value: "7", Link: "https://x.example/7"}},
			By:         "m-1",
		},
		"Toll": {
			Language:   "de",
			Sentiment:  analysis.Positive,
			Urgency:    analysis.Urgency{Urgent: true, Because: "it sounds so"}, // no words of the message
			Intents:    []string{"feedback", "billing"},
			References: []analysis.Reference{{Kind: "order", Value: "R-1"}}, // R-1 is an invoice
			By:         "offline",
			Degraded:   true,
		},
		"Hej": {Language: "sv", Sentiment: analysis.Positive, Intents: []string{"thanks"}, By: "m-1"},
	}}
}

// readFew reads testdata/few.jsonl.
func readFew(t *testing.T) []Message {
	t.Helper()
	raw, err := os.ReadFile("testdata/few.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	messages, err := Read("few", bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return messages
}

// newSteppingClock returns a clock that advances by a millisecond each time it is read, so that measured times are always
// the same.
func newSteppingClock() func() time.Time {
	var reads atomic.Int64
	return func() time.Time { return time.UnixMilli(reads.Add(1)) }
}

// scoreFew runs the analyzer of newFewAnalyzer on the messages of readFew and scores the outcome without a price. All five
// questions are asked at once.
func scoreFew(t *testing.T) Report {
	t.Helper()
	messages := readFew(t)
	out, err := Run(t.Context(), newFewAnalyzer(), messages, Options{
		Now:      newSteppingClock(),
		Deadline: time.Millisecond,
		Parallel: len(messages),
	})
	if err != nil {
		t.Fatal(err)
	}
	return Score(out, Price{})
}

// A report shows all figures, beside those of always answering with the most frequent label, and then the wrong answers.
func TestReportIsWritten(t *testing.T) {
	t.Parallel()
	messages := readFew(t)
	out, err := Run(t.Context(), newFewAnalyzer(), messages, Options{
		Now:      newSteppingClock(),
		CPU:      func() time.Duration { return 0 },
		Deadline: time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	majority, err := Run(t.Context(), Majority(messages), messages, Options{Now: newSteppingClock()})
	if err != nil {
		t.Fatal(err)
	}
	majorityFigures := Score(majority, Price{}).Figures()

	report := Score(out, Price{Prompt: 2, Answer: 10})
	report.Analyzer = "scripted"
	report.Set = "few"
	report.Majority = &majorityFigures
	golden.JSON(t, "testdata/report.json", report)

	const mostWrong = 3 // as many as there are
	var text strings.Builder
	if err := report.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if err := WriteWrong(&text, out.Results, mostWrong); err != nil {
		t.Fatal(err)
	}
	golden.Text(t, "testdata/report.txt", text.String())
}

// Each figure counts right answers among all. A message without an answer counts as wrong.
func TestScoreOfFields(t *testing.T) {
	t.Parallel()
	r := scoreFew(t)
	tests := []struct {
		name string
		got  Ratio
		want float64
	}{
		{name: "language: right are en, de, and sv where the set has no label", got: r.Language.Exact, want: 3.0 / 5},
		{name: "sentiment: right are Where and Hej", got: r.Sentiment.Exact, want: 2.0 / 5},
		{
			// F1 = 2·found / (2·found + missed + invented). Gone. isn't urgent, but has no answer: that is the second invented one.
			name: "urgency: one found, one missed, two invented",
			got:  r.Urgency.Micro,
			want: 2.0 / 5,
		},
		{name: "intents: the whole set is right of Where and Hej", got: r.Intents.Exact, want: 2.0 / 5},
		{name: "intents: three found, one invented, two missed", got: r.Intents.Micro, want: 6.0 / 9},
		{name: "main intent: right are Where and Hej, of the four messages with an intent", got: r.MainIntent, want: 2.0 / 4},
		{name: "references: one found; one of the wrong kind is an invented and a missed one", got: r.References.Micro, want: 1.0 / 2},
		{name: "reasons: one of two is a part of the text", got: r.Reasons.Literal, want: 1.0 / 2},
		{name: "reasons: the only labelled one was met", got: r.Reasons.Overlapping, want: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if !near(tt.got, tt.want) {
				t.Errorf("got %v, want %v", float64(tt.got), tt.want)
			}
		})
	}
}

// A report counts missing and degraded answers, who gave the answers, and the calls of the model.
func TestScoreCountsAnswers(t *testing.T) {
	t.Parallel()
	r := scoreFew(t)
	if r.Failed != 2 {
		t.Errorf("messages without an answer: got %d, want 2", r.Failed)
	}
	if r.Degraded != 1 {
		t.Errorf("degraded answers: got %d, want 1", r.Degraded)
	}
	if want := map[string]int{"m-1": 2, "offline": 1}; !maps.Equal(r.By, want) {
		t.Errorf("answers by their author: got %v, want %v", r.By, want)
	}
	if r.Usage == nil {
		t.Fatal("usage: got none, want that of a Metered analyzer")
	}
	if r.Usage.Calls != 5 {
		t.Errorf("calls: got %d, want 5", r.Usage.Calls)
	}
}

// A report without a price has no cost.
func TestScoreWithoutPriceHasNoCost(t *testing.T) {
	t.Parallel()
	if r := scoreFew(t); r.Cost != nil {
		t.Errorf("cost: got %v, want none", *r.Cost)
	}
}

// An interrupted run ends with the error of its context, so that its half of the results isn't taken for a report.
func TestInterruptedRunFails(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Run(ctx, newFewAnalyzer(), readFew(t), Options{Now: newSteppingClock()})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got the error %v, want %v", err, context.Canceled)
	}
}

// Always answering with the most frequent label scores low on the set that analyzers are measured by, so the set isn't
// too easy. Most messages aren't urgent and have no reference, so these answers find none.
func TestMajorityReachesLittle(t *testing.T) {
	t.Parallel()
	messages := readSet(t, All)
	out, err := Run(t.Context(), Majority(messages), messages, Options{Now: newSteppingClock()})
	if err != nil {
		t.Fatal(err)
	}
	f := Score(out, Price{}).Figures()
	tests := []struct {
		name string
		got  Ratio
		most Ratio
	}{
		{name: "language", got: f.Language, most: 0.2},
		{name: "sentiment", got: f.Sentiment, most: 0.15},
		{name: "urgency", got: f.Urgency, most: 0},
		{name: "intents", got: f.Intents, most: 0.1},
		{name: "references", got: f.References, most: 0},
	}
	for _, tt := range tests {
		if tt.got.IsNaN() || tt.got > tt.most {
			t.Errorf("%s: got %v, want at most %v", tt.name, float64(tt.got), float64(tt.most))
		}
	}
}
