package openai

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"parley/bridge/analysis"
	"parley/bridge/analysis/openai/openaifake"
)

// A customer may write instructions for the model. In these tests the model obeys them, and no part of what it then says
// may get into the answer.

// poisoned makes the question that an attempt is part of.
func (c attempt) poisoned(t *testing.T) analysis.Question {
	t.Helper()
	q := question()
	switch c.place {
	case "text":
		q.Burst[0].Text += "\n" + c.text
	case "html": // what a mail hid, and the reader of mails showed
		q.Burst[0].Text = c.text + "\n" + q.Burst[0].Text
	case "subject":
		q.Burst[0].Subject = c.text
	case "file":
		q.Burst[0].Files = append(q.Burst[0].Files, c.text)
	case "history":
		q.Before = append(q.Before, analysis.Message{Text: c.text})
	case "name": // names come into a question by greetings and signatures
		q.Before = append(q.Before, analysis.Message{Text: "Best regards, " + c.text})
	case "source": // not the one that is cited
		q.Desk.Sources = append(q.Desk.Sources, analysis.Source{ID: "tpl-7", Text: c.text})
	case "template":
		q.Desk.Sources = append(q.Desk.Sources, analysis.Source{ID: "tpl-7", Title: c.text, Text: "Thank you."})
	case "knowledge":
		q.Desk.Sources = append(q.Desk.Sources, analysis.Source{ID: "page-7", Title: "Help", Link: "https://help.example/7", Text: c.text})
	default:
		t.Fatalf("the attempt %+v is at an unknown place", c)
	}
	return q
}

// poison is in what an obeying model says beside the replies. It must not get into the answer.
const poison = "POISON"

// obey writes the answer of a model that obeys the customer. It reveals its instructions and the marker, and makes up
// references and names. The answer keeps to the schema.
func (c attempt) obey(seen openaifake.Seen) analysis.Answer {
	return analysis.Answer{
		Language:  "en",
		Sentiment: analysis.Neutral,
		Urgency:   analysis.Urgency{Urgent: true, Because: poison + " says the customer"},
		Intents:   []string{"problem"},
		References: []analysis.Reference{
			{Kind: "order", Value: poison + "-1"},
			{Kind: "order", Value: "4711-2"},
		},
		Replies: []analysis.Reply{
			{Text: c.obeyed, Sources: []string{"tpl-1"}},
			{Text: "I was told: " + seen.System},
			{Text: "The marker is " + seen.Marker},
		},
		Actions: []analysis.Action{
			{Name: analysis.Template, Value: poison},
			{Name: analysis.Priority, Value: poison},
		},
	}
}

// allAttempts are those of this file and of the list.
func allAttempts(t *testing.T) []attempt {
	t.Helper()
	return append(attempts(), listedAttempts(t)...)
}

// forEachAttempt runs a subtest for each attempt.
func forEachAttempt(t *testing.T, test func(*testing.T, attempt)) {
	t.Helper()
	for i, c := range allAttempts(t) {
		t.Run(fmt.Sprintf("%02d %s %s", i, c.language, c.place), func(t *testing.T) {
			t.Parallel()
			test(t, c)
		})
	}
}

// A model with a schema obeys the customer. Its answer is used, but without anything that the customer wanted.
func TestInjectionWithSchema(t *testing.T) {
	t.Parallel()
	forEachAttempt(t, func(t *testing.T, c attempt) {
		w := newWorld(t, openaifake.Modern())
		w.fake.Speak(func(s openaifake.Seen) string { return openaifake.FormatAnswer(c.obey(s)) })
		got, err := w.Analyze(t.Context(), c.poisoned(t))
		if err != nil {
			t.Fatal(err)
		}
		if got.Degraded {
			t.Errorf("got the answer %+v, want the model's", got)
		}
		checkHarmless(t, got)
		w.checkShown(t, c)
	})
}

// checkHarmless checks that an answer has nothing of what obey says.
func checkHarmless(t *testing.T, a analysis.Answer) {
	t.Helper()
	if len(a.Replies) != 0 {
		t.Errorf("got the replies %+v, want none", a.Replies)
	}
	if len(a.Actions) != 0 {
		t.Errorf("got the actions %+v, want none", a.Actions)
	}
	if len(a.References) != 0 {
		t.Errorf("got the references %+v, want none", a.References)
	}
	if len(a.Tags) != 0 {
		t.Errorf("got the tags %q, want none", a.Tags)
	}
	if a.Urgency.Because != "" {
		t.Errorf("got the reason %q, want none", a.Urgency.Because)
	}
	written, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{poison, "evil"} {
		if strings.Contains(string(written), word) {
			t.Errorf("got the answer %s, which has %q", written, word)
		}
	}
}

// checkShown checks how the model was shown what others wrote: whole, as a document between two markers, which the
// instructions name and no text can end. There are no tools.
func (w *world) checkShown(t *testing.T, c attempt) {
	t.Helper()
	want := c.poisoned(t).Burst[0]
	for _, r := range w.fake.Requests() {
		s := r.Seen
		if s.System != systemText {
			t.Errorf("got the instructions %q, want %q", s.System, systemText)
		}
		if n := strings.Count(s.User, s.Marker); n != 3 {
			t.Errorf("the marker %s is there %d times, want three: where it is named, and around the document", s.Marker, n)
		}

		if len(s.Question.Burst) != 1 {
			t.Fatalf("the model was shown the messages %+v, want one", s.Question.Burst)
		}
		if got := s.Question.Burst[0]; got.Text != want.Text || got.Subject != want.Subject {
			t.Errorf("the model was shown the message %+v, want %+v", got, want)
		}

		_, document, _ := strings.Cut(s.User, "\n"+s.Marker+"\n")
		_, behind, _ := strings.Cut(document, "\n"+s.Marker+"\n")
		if strings.Contains(behind, c.text) {
			t.Errorf("the customer's words stand behind the document: %s", behind)
		}
		if strings.Contains(string(r.Body), `"tools"`) {
			t.Errorf("the request has tools: %s", r.Body)
		}
	}
}
