package engine_test

import (
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/bridgetest"
	"parley/store"
)

// wordReader is an Analyzer that finds what single words say.
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

// notes returns the notes of a thread.
func (w *world) notes(thread string) (list []bridgetest.Message) {
	for _, m := range w.chat.Messages(support, thread) {
		if strings.Contains(m.Text, "["+string(bridge.LineAnalysis)+"]") {
			list = append(list, m)
		}
	}
	return list
}

// writeAndAnalyse lets kim write, and waits until it is analysed and what is found is shown.
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

// wantNote checks how many notes there are, and what the last of them says.
func (w *world) wantNote(thread string, n int, words ...string) bridgetest.Message {
	w.t.Helper()
	list := w.notes(thread)
	if len(list) != n {
		w.t.Fatalf("there are %d notes, want %d: %v", len(list), n, list)
	}
	last := list[n-1]
	for _, want := range words {
		if !strings.Contains(strings.ToLower(last.Plain()), want) {
			w.t.Errorf("the note is without %q: %s", want, last.Plain())
		}
	}
	return last
}

// While nobody has acted since, what a later burst says is written into the note that stands there. Once an
// agent wrote or clicked, news is a note of its own.
func TestNoteIsChangedInPlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: wordReader()})
	thread := w.openThread()
	w.writeAndAnalyse("Where is #4711")
	first := w.wantNote(thread, 1, "order 4711")
	posted := w.chat.Calls("post")
	w.writeAndAnalyse("I am angry about #4712")
	if n := w.chat.Calls("post") - posted; n != 1 {
		t.Errorf("%d posts for one message of the customer, want 1", n)
	}
	wantEqual(t, "the note that was changed", w.wantNote(thread, 1, "negative", "order 4712", "order 4711").ID, first.ID)
	changes := w.chat.Calls("update")
	w.writeAndAnalyse("I said I am angry")
	if n := w.chat.Calls("update") - changes; n != 0 {
		t.Errorf("%d changes of a note that says the same, want none", n)
	}
	w.reply(thread, "note: let me see")
	w.waitDrained()
	w.writeAndAnalyse("all good now about #4713")
	if said := w.wantNote(thread, 2, "negative", "order 4713").Plain(); strings.Contains(said, "4711") {
		t.Errorf("a new note repeats what an earlier one says: %s", said)
	}
	if was := w.text(`SELECT traits->>'was' FROM conversations`); was != "negative" {
		t.Errorf("the mood before is %q, want \"negative\"", was)
	}
	w.writeAndAnalyse("and billing")
	w.wantNote(thread, 2, "billing", "order 4713")
}

// A note that tells the owners of something urgent is posted, since a change would tell nobody. What is found
// later is written into it, and mentions nobody again.
func TestUrgencyIsToldOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: wordReader()})
	thread := w.openThread()
	w.reply(thread, "!take")
	w.waitCard(thread, "Ann")
	w.writeAndAnalyse("Where is #4711")
	w.wantNote(thread, 1)
	w.writeAndAnalyse("It is urgent now")
	wantList(t, "who the urgent note mentions", w.wantNote(thread, 2, "urgent").Mentions(), []string{"ann"})
	w.writeAndAnalyse("Still urgent and I am angry")
	if told := w.wantNote(thread, 2, "urgent", "negative", "ann").Mentions(); len(told) != 0 {
		t.Errorf("the changed note mentions %q, want none", told)
	}
	w.reply(thread, "!note I look")
	w.waitDrained()
	w.writeAndAnalyse("never mind")
	w.writeAndAnalyse("no, it is urgent")
	for _, m := range w.notes(thread)[1:] {
		if told := m.Mentions(); len(told) != 0 {
			t.Errorf("a later note mentions %q: %s, want none", told, m.Plain())
		}
	}
}

// Nobody is mentioned who has answered before the analysis came, and nobody where nobody is the owner.
func TestUrgencyIsNotToldNeedlessly(t *testing.T) {
	t.Parallel()
	t.Run("nobody is the owner", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, options{analyzer: wordReader()})
		thread := w.openThread()
		w.writeAndAnalyse("It is urgent now")
		wantList(t, "who the note mentions", w.wantNote(thread, 1, "urgent").Mentions(), nil)
	})
	t.Run("the owner has answered", func(t *testing.T) { testUrgencyAnsweredBefore(t, 0) })
	t.Run("the owner's answer is held", func(t *testing.T) { testUrgencyAnsweredBefore(t, time.Hour) })
}

// testUrgencyAnsweredBefore lets the owner answer, with a reply that is held for so long.
func testUrgencyAnsweredBefore(t *testing.T, hold time.Duration) {
	t.Parallel()
	w := newWorld(t, options{analyzer: wordReader(), hold: hold})
	thread := w.openThread()
	w.makeBurstsDue()
	w.reply(thread, "!take")
	w.waitCard(thread, "Ann")
	w.customerWrites("kim", "It is urgent now")
	w.waitShown("It is urgent now")
	w.reply(thread, "!reply We are on it.")
	want := store.FateOut
	if hold > 0 {
		want = store.FateWaiting
	}
	w.eventually("it is answered", func() bool { return w.count(`SELECT count(*) FROM messages WHERE fate = $1`, want) == 1 })
	w.makeBurstsDue()
	wantList(t, "who the note mentions", w.waitLine(thread, bridge.LineAnalysis).Mentions(), nil)
}

// A note that somebody deleted can't be changed: what was to be written into it is posted.
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

// waitTags waits until the conversation has these tags.
func (w *world) waitTags(want string) {
	w.t.Helper()
	w.eventually("the tags are "+want, func() bool {
		return w.text(`SELECT array_to_string(tags, ', ') FROM conversations ORDER BY id LIMIT 1`) == want
	})
}

// suggestionFates returns what became of what was suggested, as "kind value fate", in order.
func (w *world) suggestionFates() string {
	w.t.Helper()
	return w.text(`SELECT coalesce(string_agg(kind || ' ' || value || ' ' || fate, ', ' ORDER BY kind, value), '') FROM suggestions`)
}

// Where tags are applied, the note says which, and takes each back with a click. What somebody took away
// isn't put back, and counts as ignored.
//
func TestTagsAreApplied(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: wordReader(), settings: map[string]string{"ai_tags": "apply"}})
	w.exec(`INSERT INTO tags (name, color) VALUES ('Complaint', '') ON CONFLICT DO NOTHING`)
	w.reloadEngines()
	thread := w.openThread()
	w.writeAndAnalyse("a complaint about #4711")
	w.waitTags("Complaint")
	if n := w.count(`SELECT count(*) FROM log_entries WHERE what = 'tagged' AND actor = 'parley'`); n != 1 {
		t.Errorf("the log tells %d times that Parley tagged, want 1", n)
	}
	if got := w.suggestionFates(); got != "tag Complaint used" {
		t.Errorf("suggested: %s, want tag Complaint used", got)
	}
	w.chat.Press(t, "ann", w.wantNote(thread, 1), bridge.VerbUntag)
	w.waitTags("")
	w.waitDrained()
	w.writeAndAnalyse("still a complaint")
	w.waitTags("")
	w.wantNote(thread, 1)
	if got := w.suggestionFates(); got != "tag Complaint ignored" {
		t.Errorf("suggested: %s, want tag Complaint ignored", got)
	}
}

// Each suggestion is counted once, with what became of it: by the note's button, by hand, or not at all.
//
func TestSuggestionsAreCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: wordReader()})
	w.exec(`INSERT INTO tags (name, color) VALUES ('Complaint', '') ON CONFLICT DO NOTHING`)
	w.reloadEngines()
	thread := w.openThread()
	w.writeAndAnalyse("an urgent complaint about #4711")
	w.writeAndAnalyse("an urgent complaint about #4712")
	if got := w.suggestionFates(); got != "priority urgent , tag Complaint " {
		t.Errorf("suggested: %s, want priority urgent , tag Complaint ", got)
	}
	w.chat.Press(t, "ann", w.wantNote(thread, 1), bridge.VerbTag)
	w.waitTags("Complaint")
	w.reply(thread, "!resolve")
	w.eventually("what is left counts as ignored", func() bool { return w.suggestionFates() == "priority urgent ignored, tag Complaint used" })
}

// What somebody took away before it was ever suggested is not suggested.
func TestUntaggedIsNotSuggested(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: wordReader()})
	thread := w.openThread()
	w.reply(thread, "!tag Complaint")
	w.waitTags("Complaint")
	w.reply(thread, "!untag complaint")
	w.waitTags("")
	w.waitDrained()
	w.writeAndAnalyse("a complaint about #4711")
	if m := w.wantNote(thread, 1, "4711"); len(m.Buttons) != 0 {
		t.Errorf("the note has buttons: %+v, want none", m.Buttons)
	}
}

// A note stays in the thread in which it was posted. When that thread's root is gone, what is found later is
// noted in the thread that took its place.
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

// A day until which a conversation may rest is noted. One that lies far ahead is rather a day that has passed.
func TestFarDayIsNotNoted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{analyzer: &reader{find: func(q analysis.Question) (analysis.Answer, error) {
		a := analysis.Answer{Sentiment: analysis.Neutral}
		day := q.Now
		switch q.Burst[len(q.Burst)-1].Text {
		case "far":
			day = q.Now.AddDate(1, 0, -7)
		case "near":
			day = q.Now.AddDate(0, 0, 7)
		}
		a.Actions = []analysis.Action{{Name: analysis.Snooze, Value: day.Format(time.DateOnly)}}
		return a, nil
	}}})
	thread := w.openThread()
	w.writeAndAnalyse("far")
	wantEqual(t, "notes of a day that is far ahead", w.countLines(thread, bridge.LineAnalysis), 0)
	w.writeAndAnalyse("near")
	wantEqual(t, "notes of a day that is near", w.countLines(thread, bridge.LineAnalysis), 1)
}
