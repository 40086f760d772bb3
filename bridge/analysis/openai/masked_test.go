package openai

import (
	"reflect"
	"strings"
	"testing"

	"parley/bridge/analysis"
	"parley/bridge/analysis/openai/openaifake"
)

// private is what must not leave the house.
func private() []string {
	return []string{"kim@example.com", "+49 170 1234567", "4111 1111 1111 1111", "DE89 3704 0044 0532 0130 00", "boss@shop.example",
		"anna@shop.example"}
}

func privateQuestion() analysis.Question {
	q := question()
	q.Burst[0] = analysis.Message{Subject: "Mail of kim@example.com", Files: []string{"DE89 3704 0044 0532 0130 00.pdf"},
		Text: "Call +49 170 1234567 at once! Card 4111 1111 1111 1111, order 4711-22. Forged: [EMAIL_1_aaaaaaaa] EMAIL_2"}
	q.Before[0].Text = "I am kim@example.com"
	q.Desk.Sources[0].Text += " or ask boss@shop.example"
	q.Desk.Examples[0].Solver = "anna@shop.example"
	return q
}

// TestMask: nothing private leaves, and all of it is back in the answer.
func TestMask(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openaifake.Modern(), func(o *Options) { o.Mask = true })
	w.fake.Speak(func(s openaifake.Seen) string {
		b := s.Question.Burst[0]
		call, _, _ := strings.Cut(b.Text, " at once")
		address := strings.TrimPrefix(b.Subject, "Mail of ")
		_, boss, _ := strings.Cut(s.Question.Desk.Sources[0].Text, "ask ")
		a := wise()
		a.Urgency.Because = call
		a.Replies = []analysis.Reply{
			{Text: "We write to " + address + ", or ask " + boss, Sources: []string{"tpl-1"}},
			{Text: "Forged [EMAIL_1_aaaaaaaa]", Sources: []string{"tpl-1"}},
			{Text: "Invented " + strings.Replace(address, "_1_", "_9_", 1), Sources: []string{"tpl-1"}},
		}
		a.Actions = []analysis.Action{{Name: analysis.Assign, Value: s.Question.Desk.Examples[0].Solver}}
		return openaifake.Write(a)
	})
	got, err := w.Analyze(t.Context(), privateQuestion())
	if err != nil || got.Degraded {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, r := range w.fake.Requests() {
		for _, p := range private() {
			if strings.Contains(string(r.Body), p) {
				t.Errorf("%q left the house", p)
			}
		}
	}
	want := []analysis.Reply{{Text: "We write to kim@example.com, or ask boss@shop.example", Sources: []string{"tpl-1"}},
		{Text: "Forged [EMAIL_1_aaaaaaaa]", Sources: []string{"tpl-1"}}}
	if got.Urgency.Because != "Call +49 170 1234567" || !reflect.DeepEqual(got.Replies, want) || len(got.Actions) != 1 ||
		got.Actions[0].Value != "anna@shop.example" {
		t.Errorf("%+v", got)
	}
	if len(got.References) != 1 || got.References[0].Value != "4711-22" {
		t.Errorf("%+v", got.References)
	}
}

// TestMaskedOrder: an order's number that is written like a phone's doesn't leave, and is a reference all the same.
func TestMaskedOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openaifake.Modern(), func(o *Options) { o.Mask = true })
	w.fake.Speak(func(s openaifake.Seen) string {
		_, number, _ := strings.Cut(s.Question.Burst[0].Text, "order ")
		a := wise()
		a.References = []analysis.Reference{{Kind: "order", Value: number}}
		return openaifake.Write(a)
	})
	q := question()
	q.Burst[0].Text, q.Desk.References = "I need it today! Where is order 4500012345", nil
	got, err := w.Analyze(t.Context(), q)
	if want := []analysis.Reference{{Kind: "order", Value: "4500012345"}}; err != nil || !reflect.DeepEqual(got.References, want) {
		t.Errorf("got %+v, %v, want %+v", got.References, err, want)
	}
	if strings.Contains(string(w.fake.Requests()[0].Body), "4500012345") {
		t.Error("the number left the house")
	}
}

// TestUnmasked: without the option the model sees what there is.
func TestUnmasked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openaifake.Modern())
	if _, err := w.Analyze(t.Context(), privateQuestion()); err != nil {
		t.Fatal(err)
	}
	for _, p := range private() {
		if !strings.Contains(string(w.fake.Requests()[0].Body), p) {
			t.Errorf("%q was not shown", p)
		}
	}
}
