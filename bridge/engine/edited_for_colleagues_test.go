package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/store"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// A sent reply is edited into a note ("!note"). The line about the edit has no button that would send the note's words as
// a correction.
func TestSentReplyEditedIntoANote(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	sent := w.reply(thread, "Hello Kim")
	w.waitFate(sent, "out")
	w.chat.Edit(support, sent, "!note he lies, ask Ben")
	wantButtons(t, "the line about the edit", w.waitLine(thread, bridge.LineEditLate))
	w.waitDrained()
	w.provider.WaitTexts(t, "Hello Kim")
}

// waitingText is a text that waits for a click on a line.
type waitingText struct {
	name   string
	author string
	say    func(w *world, thread string) (text string, line bridgetest.Message)
}

func waitingTexts() []waitingText {
	return []waitingText{
		{name: "asked about", author: "ann", say: func(w *world, thread string) (string, bridgetest.Message) {
			text := w.reply(thread, "resolve")
			return text, w.waitLine(thread, bridge.LineAsk)
		}},
		{name: "taken back", author: "ann", say: func(w *world, thread string) (string, bridgetest.Message) {
			text := w.replyInHold(thread, "We can do it")
			w.reply(thread, "!undo")
			return text, w.waitLine(thread, bridge.LineUndone)
		}},
		{name: "parked", author: "ann", say: func(w *world, thread string) (string, bridgetest.Message) {
			w.saveAccount(chat, func(a *store.Account) { a.Paused = true })
			text := w.reply(thread, "We can do it")
			line := w.waitLine(thread, bridge.LineParked)
			w.saveAccount(chat, func(a *store.Account) { a.Paused = false })
			return text, line
		}},
		{name: "of somebody who is not the owner", author: "ben", say: func(w *world, thread string) (string, bridgetest.Message) {
			w.take("ann", "Hello")
			text := w.chat.Say("ben", support, thread, "We can do it")
			return text, w.waitWhisper("ben", "not_assignee")
		}},
	}
}

// waitEditedTo waits until Parley's record of an agent's message ends with these words, whether it is for the customer or
// not.
func (w *world) waitEditedTo(message, ending string) {
	w.t.Helper()
	w.eventually("the edit is known", func() bool {
		return w.count(`SELECT count(*) FROM messages WHERE place = $1 AND text LIKE '%' || $2`, message, ending) == 1
	})
}

// A text that waits for a click is edited into one for colleagues: the button below its former words doesn't send it.
// That holds for a text that was asked about, parked or taken back, and for a colleague's.
func TestEditedForColleaguesHasNoButton(t *testing.T) {
	t.Parallel()
	for i, tt := range waitingTexts() {
		edited := []string{"note: he is angry", "<@ann> he is angry"}[i%2]
		t.Run(tt.name+", edited to "+edited, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{hold: time.Hour})
			text, line := tt.say(w, w.openThread())
			w.chat.Edit(support, text, edited)
			w.waitEditedTo(text, "he is angry")
			w.chat.Press(t, tt.author, line, bridge.VerbSend)
			w.waitWhisper(tt.author, "[decided]")
			w.waitFate(text, "inside")
			w.advance(2 * time.Hour)
			w.waitDrained()
			w.wantNothingSent()
		})
	}
}

// waitChannelTextEdited waits until the edit of a text in the channel, outside of threads, is known.
func (w *world) waitChannelTextEdited(text string) {
	w.t.Helper()
	w.eventually("the edit is known", func() bool {
		return w.count(`SELECT count(*) FROM posts WHERE message = $1 AND version <> ''`, text) == 1
	})
}

// A text in the channel that was edited into one for colleagues goes to no customer, even if an agent presses the button
// of a conversation.
func TestTopLevelEditedForColleagues(t *testing.T) {
	t.Parallel()
	for _, edited := range []string{"note: he is angry", "// he is angry", "<@ben> he is angry"} {
		t.Run(edited, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			w.openThread()
			text, line := w.typeAtTopLevel("ann", "It is fixed")
			w.chat.Edit(support, text, edited)
			w.waitChannelTextEdited(text)
			w.chat.Press(t, "ann", line, bridge.VerbSend)
			w.waitWhisper("ann", "is for colleagues now")
			w.waitDrained()
			w.wantNothingSent()
		})
	}
}
