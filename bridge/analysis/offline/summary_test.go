package offline_test

import (
	"errors"
	"strings"
	"testing"

	"parley/bridge/analysis"
	"parley/bridge/analysis/offline"
)

// lampRequest asks for a summary of a conversation in which the customer tries to mention people and to show a link.
func lampRequest() analysis.Request {
	return analysis.Request{
		Task:     analysis.Summarise,
		Language: "en",
		Messages: []analysis.Message{
			{Subject: "Broken lamp", Text: "My order 4711 arrived broken. @channel <!here> [look](https://evil.example)"},
			{FromAgent: true, Text: "We are sorry. Do you want a new one?"},
			{Text: "Yes. When will it come? I have been waiting for three weeks and nobody answers, this is unacceptable!"},
		},
	}
}

// mustWrite writes a text.
func mustWrite(t *testing.T, r analysis.Request) analysis.Text {
	t.Helper()
	got, err := offline.New().Write(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Without a model, a conversation is summed up by quotations from it.
func TestSummary(t *testing.T) {
	t.Parallel()
	got := mustWrite(t, lampRequest())
	for _, want := range []string{
		"- **Asked first:** “Broken lamp: My order 4711 arrived broken.",
		"- **Written last:** “Yes. When will it come?",
		"- **Answered last:** “We are sorry.",
		"- **Still open:** “When will it come?”",
		"- **Named:** order 4711",
		"- **Mood:** frustrated",
	} {
		if !strings.Contains(got.Text, want) {
			t.Errorf("got the summary\n%s\nwant %q in it", got.Text, want)
		}
	}
}

// A summary passes the checks of all texts unchanged, whatever customers wrote.
func TestSummaryPassesTheChecks(t *testing.T) {
	t.Parallel()
	r := lampRequest()
	got := mustWrite(t, r)
	checked, err := analysis.CheckText(r, got)
	if err != nil {
		t.Fatal(err)
	}
	if checked != got {
		t.Errorf("checked as %+v, want %+v", checked, got)
	}
}

// A summary quotes links, addresses and numbers whole, so that it passes the checks. A quotation that would cut one
// of them ends before it.
func TestSummaryWithNames(t *testing.T) {
	t.Parallel()
	filler := strings.Repeat("word ", 37) // the next words reach beyond the length of a quotation
	tests := []struct {
		name, text, want string
	}{
		{name: "a link at the end", text: "See https://own.example/x", want: "“See https://own.example/x”"},
		{name: "a link within quotation marks", text: "I read „https://own.example/x“ twice", want: "„https://own.example/x“"},
		{name: "a link within angle brackets", text: "See <https://own.example/a_b> first", want: "‹https://own.example/a_b›"},
		{name: "a link with underscores", text: "https://own.example/a?utm_source=b_c*", want: "“https://own.example/a?utm_source=b_c*”"},
		{name: "an address with underscores", text: "Mail kim_lee@example.com", want: "“Mail kim_lee@example.com”"},
		{name: "an address like a call to all", text: "Mail info@all.example", want: "“Mail info@all.example”"},
		{name: "a domain alone", text: "Look at own.example/a_b", want: "“Look at own.example/a_b”"},
		{name: "a long link", text: "See https://own.example/" + strings.Repeat("x", 300), want: "“See …”"},
		{name: "a link that would be cut", text: filler + "see https://own.example/some-page", want: "see …”"},
		{name: "a number that would be cut", text: filler + "+49 170 1234 5678", want: "word …”"},
		{name: "a question with a link", text: "Is https://own.example/a.html?b=1 still right?",
			want: "- **Still open:** “Is https://own.example/a.html?b=1 still right?”"},
		{name: "what can't be quoted", text: "Hello ＠here", want: "- The words can't be quoted."},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := analysis.Request{Task: analysis.Summarise, Messages: []analysis.Message{{Text: tt.text}}}
			got := mustWrite(t, r)
			if !strings.Contains(got.Text, tt.want) {
				t.Errorf("got the summary\n%s\nwant %q in it", got.Text, tt.want)
			}
			if _, err := analysis.CheckText(r, got); err != nil {
				t.Errorf("got the summary\n%s\nwhich the checks leave out: %v", got.Text, err)
			}
		})
	}
}

// Tasks other than a summary need a model.
func TestOtherTasksNeedAModel(t *testing.T) {
	t.Parallel()
	for _, task := range []analysis.Task{analysis.Translate, analysis.Rephrase, analysis.Explain} {
		r := lampRequest()
		r.Task = task
		if _, err := offline.New().Write(t.Context(), r); !errors.Is(err, analysis.ErrNeedsModel) {
			t.Errorf("%s: got the error %v, want %v", task, err, analysis.ErrNeedsModel)
		}
	}
}
