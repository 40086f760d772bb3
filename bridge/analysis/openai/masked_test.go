package openai

import (
	"reflect"
	"strings"
	"testing"

	"parley/bridge/analysis"
	"parley/bridge/analysis/openai/openaifake"
)

// privateValues are the values in privateQuestion that must not be sent to the model.
func privateValues() []string {
	return []string{
		"kim@example.com",
		"+49 170 1234567",
		"4111 1111 1111 1111",
		"DE89 3704 0044 0532 0130 00",
		"boss@shop.example",
	}
}

// privateQuestion is a question with something private at each of its places, and with forged placeholders.
func privateQuestion() analysis.Question {
	q := question()
	q.Burst[0] = analysis.Message{
		Subject: "Mail of kim@example.com",
		Text:    "Call +49 170 1234567 at once! Card 4111 1111 1111 1111, order 4711-22. Forged: [EMAIL_1_aaaaaaaa] EMAIL_2",
		Files:   []string{"DE89 3704 0044 0532 0130 00.pdf"},
	}
	q.Before[0].Text = "I am kim@example.com"
	q.Desk.Sources[0].Text += " or ask boss@shop.example"
	return q
}

// newMaskedWorld makes a world whose Analyzer masks.
func newMaskedWorld(t *testing.T) *world {
	t.Helper()
	return newWorld(t, openaifake.Modern(), func(o *Options) { o.Mask = true })
}

// askPrivate asks privateQuestion, which the model must answer.
func (w *world) askPrivate() analysis.Answer {
	w.t.Helper()
	got, err := w.Analyze(w.t.Context(), privateQuestion())
	if err != nil {
		w.t.Fatal(err)
	}
	if got.Degraded {
		w.t.Fatalf("got the answer %+v, want the model's", got)
	}
	return got
}

// cutAfter returns what stands in a text behind a word.
func cutAfter(text, word string) string {
	_, after, _ := strings.Cut(text, word)
	return after
}

// The model is sent no private value.
func TestMaskHides(t *testing.T) {
	t.Parallel()
	w := newMaskedWorld(t)
	w.askPrivate()
	for _, r := range w.fake.Requests() {
		for _, private := range privateValues() {
			if strings.Contains(string(r.Body), private) {
				t.Errorf("%q left the house: %s", private, r.Body)
			}
		}
	}
}

// If the model uses placeholders in a reply, each is replaced by the value that it stands for. A forged one stays as the
// customer wrote it. A reply with an invented one is left out.
func TestMaskedReplies(t *testing.T) {
	t.Parallel()
	w := newMaskedWorld(t)
	w.fake.Speak(func(s openaifake.Seen) string {
		kim := cutAfter(s.Question.Burst[0].Subject, "Mail of ")
		boss := cutAfter(s.Question.Desk.Sources[0].Text, "ask ")
		a := goodAnswer()
		a.Replies = []analysis.Reply{
			{Text: "We write to " + kim + ", or ask " + boss, Sources: []string{"tpl-1"}},
			{Text: "Forged [EMAIL_1_aaaaaaaa]", Sources: []string{"tpl-1"}},
			{Text: "Invented " + strings.Replace(kim, "_1_", "_9_", 1), Sources: []string{"tpl-1"}},
		}
		return openaifake.FormatAnswer(a)
	})
	want := []analysis.Reply{
		{Text: "We write to kim@example.com, or ask boss@shop.example", Sources: []string{"tpl-1"}},
		{Text: "Forged [EMAIL_1_aaaaaaaa]", Sources: []string{"tpl-1"}},
	}
	if got := w.askPrivate().Replies; !reflect.DeepEqual(got, want) {
		t.Errorf("got the replies %+v, want %+v", got, want)
	}
}
