package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/bridgetest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// wordReader is an Analyzer that understands single words of a burst: #4711 names an order, and angry, urgent, billing
// and complaint mean what they say.
func wordReader() *reader {
	return &reader{find: func(q analysis.Question) (analysis.Answer, error) {
		a := analysis.Answer{Sentiment: analysis.Neutral}
		for _, m := range q.Burst {
			for _, word := range strings.Fields(m.Text) {
				switch {
				case strings.HasPrefix(word, "#"):
					a.References = append(a.References, analysis.Reference{Kind: "order", Value: word[1:]})
				case word == "angry":
					a.Sentiment = analysis.Negative
				case word == "urgent":
					a.Urgency = analysis.Urgency{Urgent: true, Because: "urgent"}
				case word == "billing":
					a.Intents = []string{"billing"}
				case word == "complaint":
					a.Tags = []string{"Complaint"}
				}
			}
		}
		return a, nil
	}}
}

// notes returns the notes that analyses have made in a thread.
func (w *world) notes(thread string) (list []bridgetest.Message) {
	for _, m := range w.chat.Messages(support, thread) {
		if strings.Contains(m.Text, "["+string(bridge.LineAnalysis)+"]") {
			list = append(list, m)
		}
	}
	return list
}

// writeAndAnalyse lets kim write, and waits until that is analysed and the result is shown.
func (w *world) writeAndAnalyse(texts ...string) {
	w.t.Helper()
	for _, text := range texts {
		w.customerWrites("kim", text)
		w.waitShown(text)
	}
	w.makeBurstsDue()
	w.waitAnalysed()
	w.waitDrained()
}

// wantNote checks that a thread has n notes and that the last one contains words, in any case. It returns that note.
func (w *world) wantNote(thread string, n int, words ...string) bridgetest.Message {
	w.t.Helper()
	list := w.notes(thread)
	if len(list) != n {
		w.t.Fatalf("there are %d notes, want %d: %v", len(list), n, list)
	}
	last := list[n-1]
	wantWords(w.t, "the last note", strings.ToLower(last.Plain()), words...)
	return last
}

// After an agent wrote or clicked, what is new gets a note of its own, which doesn't repeat the earlier one. Later
// findings are added to the new note.
func TestNewNoteOnceAnAgentHasActed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: wordReader()})
	thread := w.openThread()
	w.writeAndAnalyse("I am angry about #4711")
	w.wantNote(thread, 1, "negative", "order 4711")
	w.reply(thread, "note: let me see")
	w.waitDrained()

	w.writeAndAnalyse("all good now about #4713")
	second := w.wantNote(thread, 2, "negative", "order 4713") // the mood changed from negative
	wantNoWords(t, "the second note", second.Plain(), "4711")
	wantEqual(t, "the mood before", w.text(`SELECT traits->>'was' FROM conversations`), "negative")

	w.writeAndAnalyse("and billing")
	w.wantNote(thread, 2, "billing", "order 4713")
}

// Something urgent gets a new note that mentions the owners, since a change of an old note would notify nobody. Later
// findings are added to it and mention nobody again.
func TestUrgencyIsToldOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: wordReader()})
	thread := w.openThread()
	w.reply(thread, "!take")
	w.waitCard(thread, "Ann")
	w.writeAndAnalyse("Where is #4711")
	w.wantNote(thread, 1)
	w.writeAndAnalyse("It is urgent now")
	wantList(t, "whom the urgent note mentions", w.wantNote(thread, 2, "urgent").Mentions(), []string{"ann"})
	w.writeAndAnalyse("Still urgent and I am angry")
	wantList(t, "whom the changed note mentions", w.wantNote(thread, 2, "urgent", "negative", "ann").Mentions(), nil)
}

// Owners who were told that something is urgent aren't told again: not by a note after they acted, and not if the
// customer said meanwhile that it isn't urgent.
func TestUrgencyIsNotToldAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: wordReader()})
	thread := w.openThread()
	w.reply(thread, "!take")
	w.waitCard(thread, "Ann")
	w.writeAndAnalyse("It is urgent now")
	told := w.wantNote(thread, 1, "urgent")
	wantList(t, "whom the first note mentions", told.Mentions(), []string{"ann"})
	w.writeAndAnalyse("Still urgent and I am angry")
	w.reply(thread, "!note I look")
	w.waitDrained()

	w.writeAndAnalyse("never mind")
	w.writeAndAnalyse("no, it is urgent")
	for _, m := range w.notes(thread) {
		wantList(t, "whom the note mentions that says "+m.Plain(), m.Mentions(), nil)
	}
}

// waitTags waits until the first conversation has exactly these tags.
func (w *world) waitTags(want ...string) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("the tags are %q", want), func() bool {
		return w.count(`SELECT count(*) FROM conversations WHERE id = 1 AND tags = $1`, append([]string{}, want...)) == 1
	})
}

// suggestion is what a note suggested, and whether it was "used", "ignored", or not decided about yet ("").
type suggestion struct{ Kind, Value, Fate string }

// suggestions returns all that was suggested, by its kind and value.
func (w *world) suggestions() []suggestion {
	w.t.Helper()
	return readRows(w, pgx.RowToStructByPos[suggestion], `SELECT kind, value, fate FROM suggestions ORDER BY kind, value`)
}

// addComplaintTag makes the tag "Complaint", which wordReader finds.
func (w *world) addComplaintTag() {
	w.t.Helper()
	w.exec(`INSERT INTO tags (name, color) VALUES ('Complaint', '') ON CONFLICT DO NOTHING`)
	w.reloadEngines()
}

// With "ai_tags: apply" the conversation gets the tags that are found. The log names Parley for that, and the suggestion
// counts as used.
// Requirement R-182: Tags by themselves.
func TestFoundTagsAreApplied(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: wordReader(), settings: map[string]string{"ai_tags": "apply"}})
	w.addComplaintTag()
	w.openThread()
	w.writeAndAnalyse("a complaint about #4711")
	w.waitTags("Complaint")
	byParley := w.count(`SELECT count(*) FROM log_entries WHERE what = 'tagged' AND actor = 'parley'`)
	wantEqual(t, "entries of the log that Parley tagged it", byParley, 1)
	wantList(t, "suggestions", w.suggestions(), []suggestion{{Kind: "tag", Value: "Complaint", Fate: "used"}})
}

// A suggestion is counted once, however often it is found. It counts as used if an agent pressed its button, and as
// ignored once the conversation has ended.
// Requirement R-181: Suggested tags.
// Requirement R-184: Suggested deeds.
func TestSuggestionsAreCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: wordReader()})
	w.addComplaintTag()
	thread := w.openThread()
	w.writeAndAnalyse("an urgent complaint about #4711")
	w.writeAndAnalyse("an urgent complaint about #4712")
	wantList(t, "suggestions before anybody decided", w.suggestions(),
		[]suggestion{{Kind: "priority", Value: "urgent"}, {Kind: "tag", Value: "Complaint"}})

	w.chat.Press(t, "ann", w.wantNote(thread, 1), bridge.VerbTag)
	w.waitTags("Complaint")
	w.reply(thread, "!resolve")
	w.eventually("the tag counts as used, and the priority as ignored", func() bool {
		return slices.Equal(w.suggestions(),
			[]suggestion{{Kind: "priority", Value: "urgent", Fate: "ignored"}, {Kind: "tag", Value: "Complaint", Fate: "used"}})
	})
}
