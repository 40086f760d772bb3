package evaluation

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/bridge/analysis"
	"parley/channels/golden"
)

// scripted answers by the first word of the text, fails where it has no answer, and counts tokens.
type scripted struct {
	answers map[string]analysis.Answer
	calls   atomic.Int64
}

func (s *scripted) Analyze(ctx context.Context, q analysis.Question) (analysis.Answer, error) {
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

// Usage implements Metered.
func (s *scripted) Usage() (calls, promptTokens, answerTokens int) {
	n := int(s.calls.Load())
	return n, 1000 * n, 100 * n
}

// steps is a clock that goes on by a millisecond each time somebody looks.
func steps() func() time.Time {
	var looked atomic.Int64
	return func() time.Time { return time.UnixMilli(looked.Add(1)) }
}

// few is a little set, with what is labelled of it.
func few(t *testing.T) []Message {
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

func answers() map[string]analysis.Answer {
	return map[string]analysis.Answer{
		"Where": {
			Language: "en", Sentiment: analysis.Pressing, Intents: []string{"order_status"}, By: "m-1",
			Urgency:    analysis.Urgency{Urgent: true, Because: "open at nine."},
			References: []analysis.Reference{{Kind: "order", Value: "7", Link: "https://x.example/7"}},
		},
		"Toll": {
			Language: "de", Sentiment: analysis.Positive, Intents: []string{"feedback", "billing"}, By: "offline", Degraded: true,
			Urgency:    analysis.Urgency{Urgent: true, Because: "it sounds so"},
			References: []analysis.Reference{{Kind: "order", Value: "R-1"}},
		},
		"Hej": {Language: "sv", Sentiment: analysis.Positive, Intents: []string{"thanks"}, By: "m-1"},
	}
}

// TestScore judges answers that are right, wrong, missing and late, and shows all that a reader sees.
func TestScore(t *testing.T) {
	t.Parallel()
	messages := few(t)
	out, err := Run(t.Context(), &scripted{answers: answers()}, messages, Options{
		Now: steps(), CPU: func() time.Duration { return 0 }, Deadline: time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	r := Score(out, Price{Prompt: 2, Answer: 10})
	r.Analyzer, r.Set = "scripted", "few"
	floor, err := Run(t.Context(), Majority(messages), messages, Options{Now: steps()})
	if err != nil {
		t.Fatal(err)
	}
	figures := Score(floor, Price{}).Figures()
	r.Majority = &figures
	var text strings.Builder
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if err := WriteWrong(&text, out.Results, 3); err != nil {
		t.Fatal(err)
	}
	golden.Text(t, "testdata/report.txt", text.String())
	golden.JSON(t, "testdata/report.json", r)
}

// TestScoreOfFields says what each of those answers counts as.
func TestScoreOfFields(t *testing.T) {
	t.Parallel()
	out, err := Run(t.Context(), &scripted{answers: answers()}, few(t), Options{Now: steps(), Deadline: time.Millisecond, Parallel: 5})
	if err != nil {
		t.Fatal(err)
	}
	r := Score(out, Price{})
	for _, c := range []struct {
		what string
		got  Ratio
		want float64
	}{
		{"a language that need not be known may be named", r.Language.Exact, 3.0 / 5},
		{"sentiments", r.Sentiment.Exact, 2.0 / 5},
		{"urgent: one found, one missed, one invented, and no answer counts as the wrong one", r.Urgency.Micro, 2.0 / 5},
		{"intents: all of a set", r.Intents.Exact, 2.0 / 5},
		{"intents: three found, one invented, two missed", r.Intents.Micro, 6.0 / 9},
		{"the main intent", r.MainIntent, 2.0 / 4},
		{"a reference of the wrong kind is wrong", r.References.Micro, 1.0 / 2},
		{"a reason is a part of the text", r.Reasons.Literal, 1.0 / 2},
		{"a reason meets the labelled one", r.Reasons.Meet, 1},
	} {
		if !near(c.got, c.want) {
			t.Errorf("%s: %v, wanted %v", c.what, float64(c.got), c.want)
		}
	}
	if r.Failed != 2 || r.Degraded != 1 || r.By["m-1"] != 2 || r.By["offline"] != 1 || r.Cost != nil || r.Usage.Calls != 5 {
		t.Errorf("%+v", r)
	}
}

// TestRunEnds: who interrupts gets no half report.
func TestRunEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, &scripted{}, few(t), Options{Now: steps()}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestMajority: it is right as often as its labels are there, and no more.
func TestMajority(t *testing.T) {
	t.Parallel()
	messages := half(t, All)
	out, err := Run(t.Context(), Majority(messages), messages, Options{Now: steps()})
	if err != nil {
		t.Fatal(err)
	}
	f := Score(out, Price{}).Figures()
	if f.Language > 0.2 || f.Sentiment > 0.15 || f.Urgency != 0 || f.Intents > 0.1 || f.References != 0 {
		t.Errorf("%+v", f)
	}
}
