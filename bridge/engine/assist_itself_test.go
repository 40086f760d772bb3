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

// exchange lets kim and ann write so many messages in turns, beginning with kim, each when the one before is shown or has left.
func (w *world) exchange(thread string, messages int) {
	w.t.Helper()
	for i := range messages {
		w.serial++
		text := fmt.Sprintf("text %d;", w.serial)
		if i%2 == 0 {
			w.customerWrites("kim", text)
			w.waitShown(text)
			continue
		}
		w.waitFate(w.reply(thread, "!reply "+text), store.FateOut)
	}
	w.waitDrained()
}

// A long conversation is summed up when somebody else gets it and when it is resolved, a short one isn't, and none
// twice for the same messages. Nobody is mentioned by it.
func TestLongConversationIsSummedUp(t *testing.T) {
	t.Parallel()
	s := newScribeOf("- A lamp is late.")
	w := newWorld(t, options{analyzer: s, settings: map[string]string{"reply_after_resolve": "reopen"}})

	// One message is not worth a summary.
	thread := w.openThread()
	w.assign(thread, "ben")
	w.waitWritten()
	wantEqual(t, "summaries of one message", len(s.requests()), 0)

	// The next owner gets one of a long conversation.
	const exchanged = 8
	w.exchange(thread, exchanged)
	w.reply(thread, "!assign cat")
	line := w.waitLine(thread, bridge.LineWritten).Plain()
	wantWords(t, "the summary for the next owner", line, "hand_over")
	wantNoWords(t, "the summary for the next owner", line, "<@")

	// Nothing was said since: neither another owner nor the end is worth another one.
	w.reply(thread, "!assign ben")
	w.reply(thread, "!resolve done")
	w.waitCard(thread, "resolved")
	w.waitWritten()
	wantEqual(t, "summaries of the same messages", w.countLines(thread, bridge.LineWritten), 1)

	// The conversation goes on, and is summed up as a whole at its next end.
	const exchangedLater = 4
	w.customerWrites("kim", "One more thing")
	w.waitShown("One more thing")
	w.exchange(thread, exchangedLater)
	w.reply(thread, "!resolve done again")
	w.eventually("it is summed up again", func() bool { return w.countLines(thread, bridge.LineWritten) == 2 })
	const all = 1 + exchanged + 1 + exchangedLater // with "Hello" and "One more thing"
	wantEqual(t, "messages of which the last summary is made", len(s.requests()[1].Messages), all)
}

// Of a conversation with more messages than a summary is made of, too, four new ones are worth another summary. One that an
// earlier version summed up is summed up once more, since nobody can count what came since.
func TestVeryLongConversationIsSummedUpAgain(t *testing.T) {
	t.Parallel()
	s := newScribeOf("- A lamp is late.")
	w := newWorld(t, options{analyzer: s})
	thread := w.openThread()
	w.exec(`INSERT INTO messages (id, conversation_id, direction, fate, text, event_id, said_at, created_at)
		SELECT -n, 1, 'in', 'in', 'text ' || n, -n, now(), now() FROM generate_series(1, 209) AS n`)
	assignAndCount := func(agent string, want int) {
		t.Helper()
		w.assign(thread, agent)
		w.eventually("it is summed up", func() bool { return w.countLines(thread, bridge.LineWritten) >= want })
		w.waitWritten()
		wantEqual(t, "summaries once "+agent+" has it", w.countLines(thread, bridge.LineWritten), want)
	}

	assignAndCount("ben", 1)
	w.exchange(thread, 10)
	assignAndCount("cat", 2)
	assignAndCount("ben", 2) // nothing new was said

	w.exec(`UPDATE conversations SET traits = traits || '{"summed_up": "205"}'`) // as an earlier version noted it
	assignAndCount("cat", 3)
	assignAndCount("ben", 3)
}

// Who answers and resolves in one go has the conversation summed up with that answer, once it has left. Nobody waits long for an
// answer that stays on its way.
func TestSummaryKnowsTheLastAnswer(t *testing.T) {
	t.Parallel()
	const exchanged = 8
	for name, c := range map[string]struct {
		hold, later time.Duration
		messages    int // of which the summary is made, with "Hello"
	}{
		"the answer leaves after its hold": {hold: 30 * time.Second, later: 30 * time.Second, messages: 1 + exchanged + 1},
		"the answer stays on its way":      {hold: time.Hour, later: 3 * time.Minute, messages: 1 + exchanged},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScribeOf("- A lamp is late.")
			w := newWorld(t, options{analyzer: s})
			thread := w.openThread()
			w.exchange(thread, exchanged)
			w.opt.hold = c.hold
			w.saveAccount(chat, nil)
			w.waitDeliveryState(w.reply(thread, "!reply It comes tomorrow."), "queued")
			w.reply(thread, "!resolve done")
			w.waitCard(thread, "resolved")
			w.eventually("the summary waits for it", func() bool {
				return w.count(`SELECT count(*) FROM text_requests WHERE done_at IS NULL AND due_at > asked_at AND attempt = 0`) == 1
			})
			w.advance(c.later)
			w.waitLine(thread, bridge.LineWritten)
			list := s.requests()
			if len(list) != 1 {
				t.Fatalf("got %d requests, want one: %+v", len(list), list)
			}
			wantEqual(t, "messages of which the summary is made", len(list[0].Messages), c.messages)
		})
	}
}

// Where summaries are switched off, or fail, nobody notices anything.
func TestSummariesThatAreNotWanted(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]options{
		"switched off": {analyzer: newScribeOf("- A lamp is late."), settings: map[string]string{"ai_summaries": "off"}},
		"no analysis":  {analyzer: newScribeOf("- A lamp is late."), settings: map[string]string{"ai": "off"}},
		"failing": {analyzer: newScribe(func(analysis.Request) (string, error) {
			return "", analysis.ErrNeedsModel
		})},
		"misled": {analyzer: newScribeOf("- Log in at https://evil.example")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, o)
			thread := w.openThread()
			w.exchange(thread, 8)
			before := len(w.chat.Whispers("ann"))
			w.reply(thread, "!resolve done")
			w.waitCard(thread, "resolved")
			w.waitWritten()
			wantEqual(t, "summaries", w.countLines(thread, bridge.LineWritten), 0)
			if told := w.chat.Whispers("ann")[before:]; len(told) != 0 {
				t.Errorf("ann was told %v, want nothing", told)
			}
		})
	}
}

// What a customer writes in another language is translated below it, once: all messages of one burst together.
func TestForeignMessageIsTranslated(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings map[string]string
		language string   // that the analysis finds
		want     []string // what is translated, a translation each
	}{
		"another language": {
			settings: map[string]string{"ai_translate": "on"}, language: "de", want: []string{"Wo ist es?\n\nIch warte."},
		},
		"the team's":   {settings: map[string]string{"ai_translate": "on", "language": "de"}, language: "de"},
		"unknown":      {settings: map[string]string{"ai_translate": "on"}, language: ""},
		"switched off": {settings: nil, language: "de"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScribe(func(r analysis.Request) (string, error) { return "translated: " + r.Draft, nil })
			s.find = func(q analysis.Question) (analysis.Answer, error) {
				a := analysis.Answer{Language: c.language, Sentiment: analysis.Neutral}
				if q.Burst[0].Text == "Hello" {
					a.Language = ""
				}
				return a, nil
			}
			w := newWorld(t, options{analyzer: s, settings: c.settings})
			thread := w.openThread()
			w.makeBurstsDue()
			w.waitAnalysed()
			w.customerWrites("kim", "Wo ist es?")
			w.customerWrites("kim", "Ich warte.")
			w.waitShown("Ich warte.")
			w.makeBurstsDue()
			w.waitAnalysed()
			w.waitWritten()
			var drafts []string
			for _, r := range s.requests() {
				drafts = append(drafts, r.Draft)
			}
			wantList(t, "what is translated", drafts, c.want)
			wantEqual(t, "translations in the thread", w.countLines(thread, bridge.LineWritten), len(c.want))
			wantList(t, "what left for the customer", w.sentTexts(), nil)
		})
	}
}

// A translation that fails is left out without a word: nobody asked for it.
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
