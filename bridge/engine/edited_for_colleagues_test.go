package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/store"
)

// An edit into "!note" makes a text a note, in its hold and after it was sent: no button sends the words. An edit into another
// command does nothing, which is said, and there is nothing to send.
func TestEditedIntoACommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	sent := w.replyInHold(thread, "Hello Kim")
	w.advance(time.Hour)
	w.waitFate(sent, "out")
	w.chat.Edit(support, sent, "!note he lies, ask Ben")
	if line := w.waitLine(thread, bridge.LineEditLate); len(line.Buttons) != 0 {
		t.Errorf("a note is offered as a correction: %q %v, want none", line.Text, line.Buttons)
	}
	held := w.replyInHold(thread, "We will see")
	w.chat.Edit(support, held, "!note he lies, ask Ben")
	w.waitFate(held, "inside")
	w.waitDrained()
	if n := w.countLines(thread, bridge.LineAsk); n != 0 {
		t.Errorf("%d lines ask about a note, want none", n)
	}

	held = w.replyInHold(thread, "We will see later")
	w.chat.Edit(support, held, "!take")
	w.waitFate(held, "ask")
	line := w.waitLine(thread, bridge.LineAsk)
	wantButtons(t, "a command, which can't be sent", line, bridge.VerbKeep)
	w.chat.Choose("ann", support, held, bridge.VerbSend)
	w.waitWhisper("ann", "There is no text to send")
	w.provider.WaitTexts(t, "Hello Kim")
}

// A text that waits for a click and was edited into one for colleagues doesn't leave by the button of its former words:
// neither one that was asked about, nor one that was parked or taken back, nor one of a colleague.
func TestEditedForColleaguesHasNoButton(t *testing.T) {
	t.Parallel()
	type waiting struct {
		author string
		say    func(w *world, thread string) (text string, line bridgetest.Message)
	}
	states := map[string]waiting{
		"asked": {author: "ann", say: func(w *world, thread string) (string, bridgetest.Message) {
			text := w.chat.Say("ann", support, thread, "resolve")
			return text, w.waitLine(thread, bridge.LineAsk)
		}},
		"taken back": {author: "ann", say: func(w *world, thread string) (string, bridgetest.Message) {
			text := w.replyInHold(thread, "We can do it")
			w.reply(thread, "!undo")
			return text, w.waitLine(thread, bridge.LineUndone)
		}},
		"parked": {author: "ann", say: func(w *world, thread string) (string, bridgetest.Message) {
			w.saveAccount(chat, func(a *store.Account) { a.Paused = true })
			text := w.chat.Say("ann", support, thread, "We can do it")
			line := w.waitLine(thread, bridge.LineParked)
			w.saveAccount(chat, func(a *store.Account) { a.Paused = false })
			return text, line
		}},
		"of somebody else": {author: "ben", say: func(w *world, thread string) (string, bridgetest.Message) {
			w.reply(thread, "!take")
			w.waitCard(thread, "Ann")
			text := w.chat.Say("ben", support, thread, "We can do it")
			return text, w.waitWhisper("ben", "not_assignee")
		}},
	}
	words := map[string]string{"note": "note: he is angry", "mention": "<@ann> he is angry"}
	for state, c := range states {
		for kind, edited := range words {
			t.Run(state+" "+kind, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, options{hold: time.Hour})
				text, line := c.say(w, w.openThread())
				w.chat.Edit(support, text, edited)
				w.eventually("the edit", func() bool {
					return w.count(`SELECT count(*) FROM messages WHERE place = $1 AND text LIKE '%he is angry'`, text) == 1
				})
				w.chat.Press(t, c.author, line, bridge.VerbSend)
				w.waitWhisper(c.author, "[decided]")
				w.waitFate(text, "inside")
				w.advance(2 * time.Hour)
				w.waitDrained()
				w.wantNothingSent()
			})
		}
	}
}

// What may be for colleagues is asked about anew, with its new words: the button of the former ones is gone.
func TestEditedToPerhapsForColleaguesIsAskedAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	text := w.chat.Say("ann", support, thread, "resolve")
	before := w.waitLine(thread, bridge.LineAsk)
	w.chat.Edit(support, text, "!resolv")
	w.eventually("asked anew", func() bool { return w.countLines(thread, bridge.LineAsk) == 2 })
	w.waitOutcome(before, bridge.OutcomeAsked)
	w.waitFate(text, "ask")
}

// A text in the channel that was edited into one for colleagues goes to no customer, whoever chose one before.
func TestTopLevelEditedForColleagues(t *testing.T) {
	t.Parallel()
	for _, edited := range []string{"note: he is angry", "// he is angry", "<@ben> he is angry"} {
		t.Run(edited, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			w.openThread()
			text := w.chat.Say("ann", support, "", "It is fixed")
			line := w.waitLine(text, bridge.LineTopLevel)
			w.chat.Edit(support, text, edited)
			w.eventually("the edit is known", func() bool {
				return w.count(`SELECT count(*) FROM posts WHERE message = $1 AND version <> ''`, text) == 1
			})
			w.chat.Press(t, "ann", line, bridge.VerbSend)
			w.waitWhisper("ann", "is for colleagues now")
			w.waitDrained()
			w.wantNothingSent()
		})
	}
}

// What was edited while its conversation is resolved is asked about anew too: after a reopening its button works again.
func TestEditedWhileResolvedIsAskedAnew(t *testing.T) {
	t.Parallel()
	typed := map[string]func(w *world, thread string) (text string, line bridgetest.Message){
		"asked before": func(w *world, thread string) (string, bridgetest.Message) {
			text := w.chat.Say("ann", support, thread, "resolve")
			line := w.waitLine(thread, bridge.LineAsk)
			w.reply(thread, "!resolve")
			w.waitCard(thread, "resolved")
			return text, line
		},
		"typed after": func(w *world, thread string) (string, bridgetest.Message) {
			w.reply(thread, "!resolve")
			w.waitCard(thread, "resolved")
			text := w.chat.Say("ann", support, thread, "It is fixed")
			return text, w.waitLine(thread, bridge.LineInside)
		},
	}
	for state, say := range typed {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.openThread()
			text, before := say(w, thread)
			asked := w.countLines(thread, bridge.LineAsk)
			w.chat.Edit(support, text, "internal: he is angry")
			w.eventually("the edit", func() bool {
				return w.count(`SELECT count(*) FROM messages WHERE place = $1 AND text LIKE '%he is angry'`, text) == 1
			})
			w.waitDrained()
			w.waitFate(text, "ask")
			wantEqual(t, "lines that ask about it since the edit", w.countLines(thread, bridge.LineAsk)-asked, 1)
			w.waitOutcome(before, bridge.OutcomeAsked)
		})
	}
}

// Of a text in the channel that a version before stored with its edit, nobody knows whether it became a note: it goes to
// no customer.
func TestTopLevelEditedBeforeTheUpdate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.openThread()
	text := w.chat.Say("ann", support, "", "It is fixed")
	line := w.waitLine(text, bridge.LineTopLevel)
	w.chat.Edit(support, text, "He is angry")
	w.eventually("the edit is known", func() bool {
		return w.count(`SELECT count(*) FROM posts WHERE message = $1 AND version <> ''`, text) == 1
	})
	w.waitDrained()
	w.exec(`UPDATE posts SET early = early - 'edited' WHERE message = $1`, text)
	w.chat.Press(t, "ann", line, bridge.VerbSend)
	w.waitWhisper("ann", "edited before Parley was updated")
	w.waitDrained()
	w.wantNothingSent()
}
