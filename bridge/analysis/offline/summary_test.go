package offline_test

import (
	"errors"
	"strings"
	"testing"

	"parley/bridge/analysis"
	"parley/bridge/analysis/offline"
)

// Without a model a conversation is summed up by what was said in it; all else says that it needs one.
func TestSummary(t *testing.T) {
	t.Parallel()
	r := analysis.Request{Task: analysis.Summarise, Language: "en", Messages: []analysis.Message{
		{Subject: "Broken lamp", Text: "My order 4711 arrived broken. @channel <!here> [look](https://evil.example)"},
		{FromAgent: true, Text: "We are sorry. Do you want a new one?"},
		{Text: "Yes. When will it come? I have been waiting for three weeks and nobody answers, this is unacceptable!"},
	}}
	writer := offline.New()
	got, err := writer.Write(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"- **Asked first:** “Broken lamp: My order 4711 arrived broken.", "- **Written last:** “Yes. When will it come?", "- **Answered last:** “We are sorry.",
		"- **Still open:** “When will it come?”", "- **Named:** order 4711", "- **Mood:** frustrated",
	} {
		if !strings.Contains(got.Text, want) {
			t.Errorf("without %q:\n%s", want, got.Text)
		}
	}
	if checked, err := analysis.CheckText(r, got); err != nil || checked != got {
		t.Errorf("what customers wrote spoils it: %+v, %v", checked, err)
	}
	if again, err := writer.Write(t.Context(), r); err != nil || again != got {
		t.Errorf("a second time it is %+v, %v", again, err)
	}
	for _, task := range []analysis.Task{analysis.Translate, analysis.Rephrase, analysis.Explain} {
		r.Task = task
		if _, err := writer.Write(t.Context(), r); !errors.Is(err, analysis.ErrNeedsModel) {
			t.Errorf("%s: %v", task, err)
		}
	}
}

// A conversation of which nothing can be said gives no empty line.
func TestSummaryOfLittle(t *testing.T) {
	t.Parallel()
	for _, messages := range [][]analysis.Message{
		nil, {{FromAgent: true, Text: "Hello?"}}, {{Files: []string{"a.pdf"}}}, {{Text: strings.Repeat("word ", 5000)}},
	} {
		got, err := offline.New().Write(t.Context(), analysis.Request{Task: analysis.Summarise, Messages: messages})
		if err != nil || strings.Contains(got.Text, "“”") || len(got.Text) > 3000 {
			t.Errorf("%d messages: %q, %v", len(messages), got.Text, err)
		}
	}
}
