package offline

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"parley/bridge/analysis"
)

// sound checks what every answer promises: words of the customer, and names of the desk.
func sound(t testing.TB, q analysis.Question, a analysis.Answer) {
	t.Helper()
	because := a.Urgency.Because
	if a.Urgency.Urgent != (because != "") || utf8.RuneCountInString(because) > longestBecause {
		t.Errorf("because: %q", because)
	}
	if !slices.ContainsFunc(q.Burst, func(m analysis.Message) bool {
		return strings.Contains(m.Text, because) || strings.Contains(m.Subject, because)
	}) {
		t.Errorf("because is no part of the text: %q", because)
	}
	intents := q.Desk.Intents
	if len(intents) == 0 {
		intents = analysis.DefaultIntents()
	}
	for _, name := range a.Intents {
		if !slices.ContainsFunc(intents, func(i analysis.Intent) bool { return i.Name == name }) {
			t.Errorf("intent %q is not the desk's", name)
		}
	}
	for _, name := range a.Tags {
		if !slices.ContainsFunc(q.Desk.Tags, func(tag analysis.Tag) bool { return tag.Name == name }) {
			t.Errorf("tag %q is not the desk's", name)
		}
	}
	for _, r := range a.Replies {
		if len(r.Sources) != 1 || !slices.ContainsFunc(q.Desk.Sources, func(s analysis.Source) bool { return s.ID == r.Sources[0] }) {
			t.Errorf("sources %q are not the desk's", r.Sources)
		}
	}
	for _, act := range a.Actions {
		if !slices.Contains(q.Desk.Actions, act.Name) {
			t.Errorf("action %q is not the desk's", act.Name)
		}
	}
	for _, r := range a.References {
		if !slices.ContainsFunc(q.Burst, func(m analysis.Message) bool {
			return strings.Contains(m.Text, r.Value) || strings.Contains(m.Subject, r.Value)
		}) {
			t.Errorf("reference is no part of the text: %q", r.Value)
		}
	}
	if len(a.Intents) > 2 || len(a.Tags) > 3 || len(a.Replies) > 3 || len(a.Actions) > 2 {
		t.Errorf("too much: %+v", a)
	}
}

func FuzzAnalyze(f *testing.F) {
	for _, l := range readCustomers(f) {
		f.Add("", l.Texts[0], `\b[A-Z]-\d+`, "order")
	}
	f.Add("Re: >", "\xff„quoted“\r\n> urgent!!! today\u2028wedding 😡", "(", "x_y")
	a := New()
	f.Fuzz(func(t *testing.T, subject, text, pattern, name string) {
		q := typical()
		q.Burst = []analysis.Message{{Subject: subject, Text: text}}
		q.Desk.References = []analysis.Pattern{{Kind: "order", Regexp: pattern, Link: "https://example.org/{number}"}, {Kind: "invoice"}}
		q.Desk.Intents = append(analysis.DefaultIntents(), analysis.Intent{Name: name, Words: []string{name, text}})
		answer, err := a.Analyze(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		sound(t, q, answer)
	})
}
