package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/store"
)

// exchange lets kim and ann exchange so many messages, one by one, beginning with kim.
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
// twice for the same. Nobody is mentioned by it.
func TestLongConversationIsSummedUp(t *testing.T) {
	t.Parallel()
	s := newScribeOf("- A lamp is late.")
	w := newWorld(t, options{analyzer: s, settings: map[string]string{"reply_after_resolve": "reopen"}})
	thread := w.openThread()
	w.reply(thread, "!assign ben")
	w.waitCard(thread, "| Ben |")
	w.waitWritten()
	if n := len(s.requests()); n != 0 {
		t.Fatalf("one message was summed up %d times", n)
	}
	w.exchange(thread, 8)
	w.reply(thread, "!assign cat")
	line := w.waitLine(thread, bridge.LineWritten)
	if !strings.Contains(line.Plain(), "hand_over") || strings.Contains(line.Plain(), "<@") {
		t.Errorf("the line is %s", line.Plain())
	}
	w.reply(thread, "!assign ben")
	w.reply(thread, "!resolve done")
	w.waitCard(thread, "resolved")
	w.waitWritten()
	if n := w.countLines(thread, bridge.LineWritten); n != 1 {
		t.Errorf("%d summaries say the same", n)
	}
	w.customerWrites("kim", "One more thing")
	w.waitShown("One more thing")
	w.exchange(thread, 4)
	w.reply(thread, "!resolve done again")
	w.eventually("it is summed up again", func() bool { return w.countLines(thread, bridge.LineWritten) == 2 })
	if n := len(s.requests()[1].Messages); n != 14 {
		t.Errorf("the last summary was made of %d messages", n)
	}
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
	owners := []string{"ben", "cat"}
	handOver := func(want int) {
		t.Helper()
		w.reply(thread, "!assign "+owners[0])
		w.waitCard(thread, "| "+strings.ToUpper(owners[0][:1])+owners[0][1:]+" |")
		slices.Reverse(owners)
		w.eventually("it is summed up", func() bool { return w.countLines(thread, bridge.LineWritten) >= want })
		w.waitWritten()
		if n := w.countLines(thread, bridge.LineWritten); n != want {
			t.Errorf("%d summaries, want %d", n, want)
		}
	}
	handOver(1)
	w.exchange(thread, 10)
	handOver(2)
	handOver(2)
	w.exec(`UPDATE conversations SET traits = traits || '{"summed_up": "205"}'`)
	handOver(3)
	handOver(3)
}

// Who answers and resolves in one go has the conversation summed up with that answer, once it has left. Nobody waits long for an
// answer that stays on its way.
func TestSummaryKnowsTheLastAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		hold, later time.Duration
		messages    int
	}{
		"in its hold": {30 * time.Second, 30 * time.Second, 10},
		"for long":    {time.Hour, 3 * time.Minute, 9},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScribeOf("- A lamp is late.")
			w := newWorld(t, options{analyzer: s})
			thread := w.openThread()
			w.exchange(thread, 8)
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
			if len(list) != 1 || len(list[0].Messages) != c.messages {
				t.Errorf("asked was %+v", list)
			}
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
			if n := w.countLines(thread, bridge.LineWritten); n != 0 || len(w.chat.Whispers("ann")) != before {
				t.Errorf("%d summaries, and ann was told %v", n, w.chat.Whispers("ann"))
			}
		})
	}
}

// What a customer writes in another language is translated below it, once and all of one go together.
func TestForeignMessageIsTranslated(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings map[string]string
		language string
		want     []string
		lines    int
	}{
		"another language": {map[string]string{"ai_translate": "on"}, "de", []string{"Wo ist es?\n\nIch warte."}, 1},
		"the team's":       {map[string]string{"ai_translate": "on", "language": "de"}, "de", nil, 0},
		"unknown":          {map[string]string{"ai_translate": "on"}, "", nil, 0},
		"switched off":     {nil, "de", nil, 0},
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
			if n := w.countLines(thread, bridge.LineWritten); n != c.lines || !slices.Equal(drafts, c.want) {
				t.Errorf("%d translations of %q", n, drafts)
			}
			if len(w.sentTexts()) != 0 {
				t.Error("something left for the customer")
			}
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
	w.eventually("it is given up", func() bool {
		w.exec(`UPDATE text_requests SET due_at = parley_now() WHERE done_at IS NULL AND leased_until IS NULL`)
		return w.count(`SELECT count(*) FROM text_requests`) == 0 && len(s.requests()) == 2
	})
	w.waitWritten()
	if n := w.countLines(thread, bridge.LineWritten); n != 0 || len(s.requests()) != 2 || len(w.chat.Whispers("ann")) != 0 {
		t.Errorf("%d texts after %d attempts, ann was told %v", n, len(s.requests()), w.chat.Whispers("ann"))
	}
}
