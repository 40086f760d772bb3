package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/bridgetest"
	"parley/channels/channelstest"
	"parley/store"
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

// As long as no agent has acted, what a later burst says is added to the note that is there already.
func TestNoteIsChangedInPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: wordReader()})
	thread := w.openThread()
	w.writeAndAnalyse("Where is #4711")
	first := w.wantNote(thread, 1, "order 4711")
	posted := w.chat.Calls("post")
	w.writeAndAnalyse("I am angry about #4712")
	wantEqual(t, "posts since the first note: the customer's message", w.chat.Calls("post")-posted, 1)
	changed := w.wantNote(thread, 1, "negative", "order 4712", "order 4711")
	wantEqual(t, "the note that was changed", changed.ID, first.ID)
}

// A note that would say the same as before isn't changed.
func TestNoteIsNotChangedForNothingNew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: wordReader()})
	thread := w.openThread()
	w.writeAndAnalyse("I am angry about #4711")
	w.wantNote(thread, 1, "negative", "order 4711")
	changes := w.chat.Calls("update")
	w.writeAndAnalyse("I said I am angry")
	wantEqual(t, "changes of the note", w.chat.Calls("update")-changes, 0)
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

// An urgent conversation stays urgent until somebody answers, even if the customer adds a message that isn't. It is
// urgent again if the answer failed.
func TestUrgentUntilSomebodyAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: wordReader()})
	thread := w.openThread()
	pressing := func() int {
		return w.count(`SELECT count(*) FROM conversations WHERE traits->>'urgent' IN ('now', 'again')`)
	}
	w.writeAndAnalyse("It is urgent now")
	w.writeAndAnalyse("#5 third floor")
	w.wantNote(thread, 1, "urgent", "5")
	wantEqual(t, "urgent conversations after the customer added something", pressing(), 1)
	w.reply(thread, "We come")
	left := w.provider.WaitTexts(t, "We come")[0].ID
	w.waitCard(thread, "pending")
	wantEqual(t, "urgent conversations after the answer", pressing(), 0)
	w.reportStatus(channelstest.Event{ID: left + ".f", State: "failed", External: []string{left}})
	w.waitLine(thread, bridge.LineFailed)
	wantEqual(t, "urgent conversations after the answer failed", pressing(), 1)
}

// The note about something urgent mentions nobody if the conversation has no owner.
func TestUrgencyWithoutAnOwnerMentionsNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: wordReader()})
	thread := w.openThread()
	w.writeAndAnalyse("It is urgent now")
	wantList(t, "whom the note mentions", w.wantNote(thread, 1, "urgent").Mentions(), nil)
}

// An owner who answered before the analysis came isn't told that it is urgent, even if the answer hasn't left yet.
func TestUrgencyIsNotToldOnceAnswered(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		hold time.Duration
		fate store.Fate // of the answer when the analysis comes
	}{
		{name: "the answer has left", fate: store.FateOut},
		{name: "the answer is held", hold: time.Hour, fate: store.FateWaiting},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{analyzer: wordReader(), hold: tt.hold})
			thread := w.openThread()
			w.makeBurstsDue()
			w.reply(thread, "!take")
			w.waitCard(thread, "Ann")
			w.customerWrites("kim", "It is urgent now")
			w.waitShown("It is urgent now")
			w.waitFate(w.reply(thread, "!reply We are on it."), tt.fate)
			w.makeBurstsDue()
			wantList(t, "whom the note mentions", w.waitLine(thread, bridge.LineAnalysis).Mentions(), nil)
		})
	}
}

// A deleted note can't be changed. A new one is posted in its place, and later findings are added to that one.
func TestDeletedNoteIsPostedAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: wordReader()})
	thread := w.openThread()
	w.writeAndAnalyse("Where is #4711")
	w.chat.Delete(support, w.wantNote(thread, 1).ID)
	w.waitDrained()

	w.writeAndAnalyse("I am angry")
	w.eventually("it is posted anew", func() bool { return len(w.notes(thread)) == 1 })
	w.waitDrained()
	w.wantNote(thread, 1, "negative", "order 4711")

	w.writeAndAnalyse("also #4712")
	w.wantNote(thread, 1, "order 4712", "order 4711", "negative")
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

// An agent removes a tag that was applied by a click on the note. It isn't applied again, and the suggestion counts as
// ignored.
// Requirement R-182: Tags by themselves.
func TestAppliedTagIsTakenAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: wordReader(), settings: map[string]string{"ai_tags": "apply"}})
	w.addComplaintTag()
	thread := w.openThread()
	w.writeAndAnalyse("a complaint about #4711")
	w.waitTags("Complaint")
	w.chat.Press(t, "ann", w.wantNote(thread, 1), bridge.VerbUntag)
	w.waitTags()
	w.waitDrained()

	w.writeAndAnalyse("still a complaint")
	w.waitTags()
	w.wantNote(thread, 1)
	wantList(t, "suggestions", w.suggestions(), []suggestion{{Kind: "tag", Value: "Complaint", Fate: "ignored"}})
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

// A tag that an agent removed before it was ever suggested isn't suggested, even if it got another name since.
func TestUntaggedIsNotSuggested(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Complaint", "Grumble"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{analyzer: wordReader()})
			thread := w.openThread()
			w.reply(thread, "!tag "+name)
			w.waitTags(name)
			w.reply(thread, "!untag "+strings.ToLower(name))
			w.waitTags()
			w.waitDrained()
			isOffered := func(name string) bool {
				tags := must(w.engines[0].Desk(w.surface).TagNames(t.Context()))(t)
				return slices.ContainsFunc(tags, func(tag bridge.Tag) bool { return tag.Name == name })
			}
			w.eventually("the tag is offered", func() bool { return isOffered(name) })
			w.exec(`DELETE FROM tags WHERE name = 'Grumble'`)
			w.exec(`UPDATE tags SET formerly = '{Grumble}' WHERE name = 'Complaint'`)
			w.exec(`UPDATE settings SET version = version + 1`)
			w.eventually("the tag has another name", func() bool { return !isOffered("Grumble") })

			w.writeAndAnalyse("a complaint about #4711")
			if m := w.wantNote(thread, 1, "4711"); len(m.Buttons) != 0 {
				t.Errorf("the note has buttons: %+v, want none", m.Buttons)
			}
		})
	}
}

// A note stays in its thread. If the root of that thread is deleted, later findings are noted in the thread that took its
// place.
func TestNoteInANewThread(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: wordReader()})
	thread := w.openThread()
	w.writeAndAnalyse("Where is #4711")
	before := w.wantNote(thread, 1)
	w.chat.Delete(support, thread)
	w.customerWrites("kim", "I am angry about #4712")
	w.eventually("there is a new thread", func() bool { return w.waitThread("about #4712") != thread })
	moved := w.waitThread("about #4712")
	w.makeBurstsDue()
	w.waitLine(moved, bridge.LineAnalysis)
	w.waitDrained()
	w.wantNote(moved, 1, "negative", "order 4712")
	if after := w.chat.Get(support, before.ID); after.Text != before.Text {
		t.Errorf("the note in the old thread became %s", after.Plain())
	}
}

// The analysis finds a day next week until which the conversation may rest: that is noted.
func TestNearDayIsNoted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: snoozeReader(func(now time.Time) time.Time { return now.AddDate(0, 0, 7) })})
	thread := w.openThread()
	w.writeAndAnalyse("Next week, please")
	wantEqual(t, "notes", w.countLines(thread, bridge.LineAnalysis), 1)
}

// A day almost a year ahead isn't noted. The customer probably meant the same day of this year, which has passed.
func TestFarDayIsNotNoted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: snoozeReader(func(now time.Time) time.Time { return now.AddDate(1, 0, -7) })})
	thread := w.openThread()
	w.writeAndAnalyse("It was last week")
	wantEqual(t, "notes", w.countLines(thread, bridge.LineAnalysis), 0)
}

// snoozeReader is an Analyzer that finds nothing but a day until which a conversation may rest.
func snoozeReader(dayOf func(now time.Time) time.Time) *reader {
	return &reader{find: func(q analysis.Question) (analysis.Answer, error) {
		snooze := analysis.Action{Name: analysis.Snooze, Value: dayOf(q.Now).Format(time.DateOnly)}
		return analysis.Answer{Sentiment: analysis.Neutral, Actions: []analysis.Action{snooze}}, nil
	}}
}
