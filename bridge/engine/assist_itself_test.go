package engine_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/store"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// exchange lets kim and ann write this many messages in turns, beginning with kim. Each is written when the one before is
// shown or has left.
func (w *world) exchange(thread string, messages int) {
	w.t.Helper()
	for i := range messages {
		w.serial++
		text := fmt.Sprintf("text %d;", w.serial)
		isKims := i%2 == 0
		if isKims {
			w.customerWrites("kim", text)
			w.waitShown(text)
			continue
		}
		w.waitFate(w.reply(thread, "!reply "+text), store.FateOut)
	}
	w.waitDrained()
}

// enoughToSumUp is how many messages make a conversation long enough for a summary.
const enoughToSumUp = 8

// countSummaries counts the texts that a model has written into a thread. They are summaries if nobody asked for another
// text.
func (w *world) countSummaries(thread string) int { return w.countLines(thread, bridge.LineWritten) }

// A conversation of one message gets no summary when it is assigned.
func TestShortConversationIsNotSummedUp(t *testing.T) {
	t.Parallel()
	s := newScribeOf("- A lamp is late.")
	w := newWorld(t, options{analyzer: s})
	thread := w.openThread()
	w.assign(thread, "ben")
	w.waitWritten()
	wantEqual(t, "summaries that were asked for", len(s.requests()), 0)
}

// A long conversation is summed up when somebody else gets it, and the summary mentions nobody. While nothing is said
// since, neither another owner nor the end makes another summary.
func TestLongConversationIsSummedUpForItsNextOwner(t *testing.T) {
	t.Parallel()
	s := newScribeOf("- A lamp is late.")
	w := newWorld(t, options{analyzer: s})
	thread := w.openThread()
	w.exchange(thread, enoughToSumUp)
	w.reply(thread, "!assign cat")
	summary := w.waitLine(thread, bridge.LineWritten).Plain()
	wantWords(t, "the summary for the next owner", summary, "hand_over")
	wantNoWords(t, "the summary for the next owner", summary, "<@")

	w.reply(thread, "!assign ben")
	w.reply(thread, "!resolve done")
	w.waitCard(thread, "resolved")
	w.waitWritten()
	wantEqual(t, "summaries of the same messages", w.countSummaries(thread), 1)
}

// A conversation was summed up when it was resolved, and goes on. When it is resolved again, the next summary is made of
// all its messages.
func TestReopenedConversationIsSummedUpAgain(t *testing.T) {
	t.Parallel()
	s := newScribeOf("- A lamp is late.")
	w := newWorld(t, options{analyzer: s, settings: map[string]string{"reply_after_resolve": "reopen"}})
	thread := w.openThread()
	w.exchange(thread, enoughToSumUp)
	w.reply(thread, "!resolve done")
	w.waitCard(thread, "resolved")
	w.waitWritten()
	wantEqual(t, "summaries at the first end", w.countSummaries(thread), 1)

	const exchangedLater = 4
	w.customerWrites("kim", "One more thing")
	w.waitShown("One more thing")
	w.exchange(thread, exchangedLater)
	w.reply(thread, "!resolve done again")
	w.eventually("it is summed up again", func() bool { return w.countSummaries(thread) == 2 })
	const all = 1 + enoughToSumUp + 1 + exchangedLater // with "Hello" and "One more thing"
	wantEqual(t, "messages of which the last summary is made", len(s.requests()[1].Messages), all)
}

// newVeryLongConversation makes a world with a conversation of 210 messages, more than a summary can take, and returns
// its thread.
func newVeryLongConversation(t *testing.T) (w *world, thread string) {
	t.Helper()
	w = newWorld(t, options{analyzer: newScribeOf("- A lamp is late.")})
	thread = w.openThread()
	w.exec(`INSERT INTO messages (id, conversation_id, direction, fate, text, event_id, said_at, created_at)
		SELECT -n, 1, 'in', 'in', 'text ' || n, -n, now(), now() FROM generate_series(1, 209) AS n`)
	return w, thread
}

// assignAndWantSummaries assigns a conversation to another agent, and checks how many summaries its thread has then.
func (w *world) assignAndWantSummaries(thread, agent string, want int) {
	w.t.Helper()
	w.assign(thread, agent)
	w.eventually("it is summed up", func() bool { return w.countSummaries(thread) >= want })
	w.waitWritten()
	wantEqual(w.t, "summaries once "+agent+" has it", w.countSummaries(thread), want)
}

// A conversation with more messages than a summary can take gets another summary for its next owner if there are new
// messages, and otherwise none.
func TestVeryLongConversationIsSummedUpAgain(t *testing.T) {
	t.Parallel()
	w, thread := newVeryLongConversation(t)
	w.assignAndWantSummaries(thread, "ben", 1)
	w.exchange(thread, 10)
	w.assignAndWantSummaries(thread, "cat", 2)
	w.assignAndWantSummaries(thread, "ben", 2) // nothing new was said
}

// A conversation that an earlier version of Parley summed up is summed up once more: the note of that version doesn't
// tell which messages came since.
func TestConversationThatAnEarlierVersionSummedUp(t *testing.T) {
	t.Parallel()
	w, thread := newVeryLongConversation(t)
	w.assignAndWantSummaries(thread, "ben", 1)
	w.exec(`UPDATE conversations SET traits = traits || '{"summed_up": "205"}'`) // as an earlier version noted it
	w.assignAndWantSummaries(thread, "cat", 2)
	w.assignAndWantSummaries(thread, "ben", 2)
}

// An agent answers and resolves at once. The summary waits until that answer has left, and contains it. If the answer
// stays on its way for long, the summary is made without it.
func TestSummaryKnowsTheLastAnswer(t *testing.T) {
	t.Parallel()
	const before = 1 + enoughToSumUp // with "Hello"
	tests := []struct {
		name         string
		hold         time.Duration // of the answer
		wait         time.Duration // after which the summary is made
		wantMessages int           // of which it is made
	}{
		{name: "the answer leaves after its hold", hold: 30 * time.Second, wait: 30 * time.Second, wantMessages: before + 1},
		{name: "the answer stays on its way", hold: time.Hour, wait: 3 * time.Minute, wantMessages: before},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newScribeOf("- A lamp is late.")
			w := newWorld(t, options{analyzer: s})
			thread := w.openThread()
			w.exchange(thread, enoughToSumUp)
			w.opt.hold = tt.hold
			w.saveAccount(chat, nil)

			w.waitDeliveryState(w.reply(thread, "!reply It comes tomorrow."), "queued")
			w.reply(thread, "!resolve done")
			w.waitCard(thread, "resolved")
			w.eventually("the summary waits for the answer", func() bool {
				return w.count(`SELECT count(*) FROM text_requests WHERE done_at IS NULL AND due_at > asked_at AND attempt = 0`) == 1
			})
			w.advance(tt.wait)
			w.waitLine(thread, bridge.LineWritten)
			list := s.requests()
			if len(list) != 1 {
				t.Fatalf("got %d requests, want one: %+v", len(list), list)
			}
			wantEqual(t, "messages of which the summary is made", len(list[0].Messages), tt.wantMessages)
		})
	}
}

// If summaries are switched off or fail, there is no summary, and nobody is told about that.
func TestSummariesThatAreNotWanted(t *testing.T) {
	t.Parallel()
	noModel := newScribe(func(analysis.Request) (string, error) { return "", analysis.ErrNeedsModel })
	tests := []struct {
		name     string
		writer   *scribe
		settings map[string]string
	}{
		{
			name:     "summaries are switched off",
			writer:   newScribeOf("- A lamp is late."),
			settings: map[string]string{"ai_summaries": "off"},
		},
		{
			name:     "the whole analysis is switched off",
			writer:   newScribeOf("- A lamp is late."),
			settings: map[string]string{"ai": "off"},
		},
		{name: "there is no model", writer: noModel},
		{name: "the summary has a link, as a misled model writes it", writer: newScribeOf("- Log in at https://evil.example")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{analyzer: tt.writer, settings: tt.settings})
			thread := w.openThread()
			w.exchange(thread, enoughToSumUp)
			before := len(w.chat.Whispers("ann"))
			w.reply(thread, "!resolve done")
			w.waitCard(thread, "resolved")
			w.waitWritten()
			wantEqual(t, "summaries", w.countSummaries(thread), 0)
			if told := w.chat.Whispers("ann")[before:]; len(told) != 0 {
				t.Errorf("ann was told %v, want nothing", told)
			}
		})
	}
}

// newTranslator is an Analyzer that translates, and finds a language in all that customers write except the first
// "Hello".
func newTranslator(language string) *scribe {
	s := newScribe(func(r analysis.Request) (string, error) { return "translated: " + r.Draft, nil })
	s.find = func(q analysis.Question) (analysis.Answer, error) {
		a := analysis.Answer{Language: language, Sentiment: analysis.Neutral}
		if q.Burst[0].Text == "Hello" {
			a.Language = ""
		}
		return a, nil
	}
	return s
}

// Messages in another language than the team's are translated below, once, and all of one burst together. They aren't if
// the language is the team's or unknown, or if translations are switched off. The customer gets nothing of it.
func TestForeignMessageIsTranslated(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name           string
		settings       map[string]string
		language       string   // that the analysis finds
		wantTranslated []string // a translation each
	}{
		{
			name:           "another language than the team's",
			settings:       map[string]string{"ai_translate": "on"},
			language:       "de",
			wantTranslated: []string{"Wo ist es?\n\nIch warte."},
		},
		{name: "the team's language", settings: map[string]string{"ai_translate": "on", "language": "de"}, language: "de"},
		{name: "an unknown language", settings: map[string]string{"ai_translate": "on"}, language: ""},
		{name: "switched off", settings: nil, language: "de"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newTranslator(tt.language)
			w := newWorld(t, options{analyzer: s, settings: tt.settings})
			thread := w.openThread()
			w.makeBurstsDue()
			w.waitAnalysed()
			w.writeAndAnalyse("Wo ist es?", "Ich warte.")
			w.waitWritten()

			var translated []string
			for _, r := range s.requests() {
				translated = append(translated, r.Draft)
			}
			wantList(t, "what is translated", translated, tt.wantTranslated)
			wantEqual(t, "translations in the thread", w.countLines(thread, bridge.LineWritten), len(tt.wantTranslated))
			wantList(t, "what left for the customer", w.sentTexts(), nil)
		})
	}
}

// A translation that fails is tried once more and then left out silently, since nobody asked for it.
func TestTranslationThatFails(t *testing.T) {
	t.Parallel()
	s := newScribe(func(analysis.Request) (string, error) { return "", errors.New("the model sleeps") })
	s.find = func(analysis.Question) (analysis.Answer, error) {
		return analysis.Answer{Language: "de", Sentiment: analysis.Neutral}, nil
	}
	w := newWorld(t, options{analyzer: s, settings: map[string]string{"ai_translate": "on"}})
	thread := w.openThread()
	w.makeBurstsDue()
	const attempts = 2
	w.repeatUntil("it is given up", w.makeTextsDue, func() bool {
		return w.count(`SELECT count(*) FROM text_requests`) == 0 && len(s.requests()) == attempts
	})
	w.waitWritten()
	wantEqual(t, "translations", w.countLines(thread, bridge.LineWritten), 0)
	wantEqual(t, "attempts", len(s.requests()), attempts)
	wantEqual(t, "whispers to ann", len(w.chat.Whispers("ann")), 0)
}
