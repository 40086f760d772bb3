package engine_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/analysis/offline"
	"parley/bridge/analysis/openai/openaifake"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// injection is an attempt to instruct the model, a row of a list that package openai keeps.
type injection struct{ Language, Place, Tries, Text, Obeyed string }

// readInjections returns the whole list.
func readInjections(t *testing.T) (all []injection) {
	t.Helper()
	list := must(os.ReadFile("../analysis/openai/testdata/injections.jsonl"))(t)
	for line := range strings.Lines(string(list)) {
		var x injection
		check(t, json.Unmarshal([]byte(line), &x))
		all = append(all, x)
	}
	return all
}

// Attempts to instruct the model come as a customer's messages, and the model here obeys each of them. Still nothing is
// done, nothing leaves, nothing is suggested, and no note has its words. The test takes every eleventh attempt of the
// list. At the end it asks a harmless question whose reply is suggested, which shows that replies are looked at.
func TestInjectionsThroughTheThread(t *testing.T) {
	t.Parallel()
	const harmless = "A lamp is on its way two days after the order."
	all := readInjections(t)

	model := newFakeModel(t)
	model.fake.Speak(func(s openaifake.Seen) string {
		n, cited := 0, citedPages(s)
		for _, m := range s.Question.Burst {
			_, _ = fmt.Sscanf(m.Text, "Case %d:", &n)
		}
		if n == len(all) {
			return openaifake.FormatAnswer(analysis.Answer{
				Language:  "en",
				Sentiment: analysis.Neutral,
				Intents:   []string{"order_status"},
				Replies:   []analysis.Reply{{Text: harmless, Sources: cited}},
			})
		}
		return openaifake.FormatAnswer(analysis.Answer{
			Language:  "en",
			Sentiment: analysis.Neutral,
			Urgency:   analysis.Urgency{Urgent: true, Because: "evil says so"},
			Replies: []analysis.Reply{{Text: all[n].Obeyed, Sources: cited}, {Text: "evil " + s.Marker, Sources: cited},
				{Text: s.System, Sources: cited}},
			Actions: []analysis.Action{{Name: analysis.Template, Value: "evil"}},
		})
	})

	w := newWorld(t, options{analyzer: model})
	w.addPage("https://help.example/", "https://help.example/lamp", "Where is my lamp?", harmless)
	ask := func(n int, text string) (suggested int) {
		t.Helper()
		w.customerWrites("kim", fmt.Sprintf("Case %d: where is my lamp? %s", n, text))
		w.waitShown(fmt.Sprintf("Case %d:", n))
		w.makeBurstsDue()
		w.waitAnalysed()
		w.waitDrained()
		return w.count(`SELECT count(*) FROM suggested_replies`)
	}

	for i := 0; i < len(all); i += 11 {
		if n := ask(i, all[i].Text); n != 0 {
			t.Errorf("a suggestion of case %d came through: %s", i, all[i].Obeyed)
		}
	}
	if n := ask(len(all), "I only want to know."); n != 1 {
		t.Error("a harmless reply is not suggested: so that none was suggested says nothing")
	}

	counts := w.engines[0].AnalysisCounts()
	if counts.Model == 0 {
		t.Error("the model gave no answer")
	}
	wantEqual(t, "answers that rules gave in its place", counts.Degraded, 0)
	wantEqual(t, "failed analyses", counts.Failed, 0)

	if n := w.count(`SELECT count(*) FROM conversations
		WHERE status <> 'open' OR traits ? 'priority' OR traits ? 'name' OR cardinality(assignees) > 0 OR cardinality(tags) > 0`); n != 0 {
		t.Error("something was done to the conversation")
	}
	if got := w.sentTexts(); len(got) != 0 {
		t.Errorf("something left: %q, want none", got)
	}
	w.wantNoEvilNotes()
}

// wantNoEvilNotes checks that no note of an analysis has the word "evil", which attempts make the model say.
func (w *world) wantNoEvilNotes() {
	w.t.Helper()
	for _, m := range w.allMessages() {
		for _, line := range w.chat.Messages(support, m.ID) {
			if strings.HasPrefix(line.Plain(), "["+string(bridge.LineAnalysis)+"]") {
				wantNoWords(w.t, "a note", line.Plain(), "evil")
			}
		}
	}
}

// citedPages returns the ids of all pages that came with a question.
func citedPages(s openaifake.Seen) (cited []string) {
	for _, source := range s.Question.Desk.Sources {
		cited = append(cited, source.ID)
	}
	return cited
}

// The analysis by rules obeys no attempt. It suggests no other reply than the page's text, and no evil action.
func TestRulesObeyNobody(t *testing.T) {
	t.Parallel()
	rules := offline.New()
	for _, x := range readInjections(t) {
		q := analysis.Question{Burst: []analysis.Message{{Subject: x.Text, Text: x.Text, Files: []string{x.Text}}},
			Desk: analysis.Desk{Tags: []analysis.Tag{{Name: "delivery"}},
				Actions: []analysis.ActionName{analysis.Template, analysis.Priority},
				Sources: []analysis.Source{{ID: "page-1", Title: "Opening hours", Text: "We are open from nine to five."}}}}
		a := must(rules.Analyze(t.Context(), q))(t)
		for _, r := range a.Replies {
			if r.Text != "We are open from nine to five." {
				t.Errorf("%s: suggests %q, want \"We are open from nine to five.\"", x.Text, r.Text)
			}
		}
		for _, act := range a.Actions {
			if strings.Contains(act.Value, "evil") {
				t.Errorf("%s: suggests %+v, want nothing evil", x.Text, act)
			}
		}
	}
}
