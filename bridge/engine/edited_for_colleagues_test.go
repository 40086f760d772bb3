package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels/channelstest"
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

// A held reply that is edited into a note ("!note") becomes a note, without a question. Later attempts to send it or
// delete it change nothing for the customer.
func TestHeldReplyEditedIntoANote(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	held := w.replyInHold(thread, "We will see")
	w.chat.Edit(support, held, "!note he lies, ask Ben")
	w.waitFate(held, "inside")
	w.waitDrained()
	wantEqual(t, "lines that ask about the note", w.countLines(thread, bridge.LineAsk), 0)

	w.chat.Choose("ann", support, held, bridge.VerbSend)
	w.waitWhisper("ann", "It is a note")
	w.chat.Delete(support, held)
	w.waitDrained()
	wantEqual(t, "lines that the customer has the note", w.countLines(thread, bridge.LineDeleteLate), 0)
	w.wantNothingSent()
}

// An agent edits a held reply after the conversation was resolved: a line says that it doesn't leave.
func TestHeldReplyEditedAfterTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	held := w.replyInHold(thread, "We will see")
	w.reply(thread, "!resolve")
	w.waitCard(thread, "resolved")
	w.chat.Edit(support, held, "We will see later")
	wantWords(t, "the line about the reply", w.waitLine(thread, bridge.LineInside).Plain(), "We will see later")
	w.waitFate(held, "inside")
	w.advance(2 * time.Hour)
	w.waitDrained()
	w.wantNothingSent()
}

// Ann's reply is being sent when she resolves the conversation and edits the reply, so that the new text stays inside. Then
// the provider's answer is lost. Ann is told that the customer may have the first text, and can still send the new one:
// she is asked first whether the first one has left.
func TestReplyEditedAfterTheEndMayHaveLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, lossyOptions())
	thread := w.openThread()
	release := make(chan struct{})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropBefore, Until: release})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	said := w.reply(thread, "We will see")
	w.provider.WaitCalls(t, 1)
	w.reply(thread, "!resolve")
	w.waitCard(thread, "resolved")
	w.chat.Edit(support, said, "We will see later")
	inside := w.waitLine(thread, bridge.LineInside)
	close(release)

	unclear := w.waitLine(thread, bridge.LineUnclear)
	wantWords(t, "the line about the first text", unclear.Plain(), "[unclear]", "We will see")
	wantButtons(t, "the line about the first text", unclear)
	w.waitDrained()

	inside = w.chat.Get(support, inside.ID)
	wantButtons(t, "the line about the new text", inside, bridge.VerbReopen, bridge.VerbSend)
	w.chat.Press(t, "ann", inside, bridge.VerbReopen)
	w.waitCard(thread, "open")
	w.chat.Press(t, "ann", w.chat.Get(support, inside.ID), bridge.VerbSend)
	question := w.waitLineAbout(thread, bridge.LineUnclear, "We will see later")
	w.chat.Press(t, "ann", question, bridge.VerbSendAgain)
	w.waitFate(said, "out")
	w.provider.WaitTexts(t, "We will see later")
}

// An edit into another command does nothing, which is said, and there is nothing to send.
func TestHeldReplyEditedIntoACommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	held := w.replyInHold(thread, "We will see later")
	w.chat.Edit(support, held, "!take")
	w.waitFate(held, "ask")
	wantButtons(t, "the line about a command, which can't be sent", w.waitLine(thread, bridge.LineAsk), bridge.VerbKeep)
	w.chat.Choose("ann", support, held, bridge.VerbSend)
	w.waitWhisper("ann", "There is no text to send")
	w.wantNothingSent()
}

// While a reply is being sent, it is edited into a text that must be asked about. A line tells of the edit and offers the
// new text as a correction. If it was edited back meanwhile, there is nothing to correct.
func TestEditIntoAQuestionWhileItIsSent(t *testing.T) {
	t.Parallel()
	const question = "Ben, is that right?"
	for _, tt := range []struct {
		name    string
		edits   []string
		buttons []bridge.Verb
	}{
		{name: "edited once", edits: []string{question}, buttons: []bridge.Verb{bridge.VerbSend}},
		{name: "edited back", edits: []string{question, "Dos"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.openThread()

			release := make(chan struct{})
			w.provider.AddFault(channelstest.Fault{Text: "Dos", Until: release})
			said := w.reply(thread, "Dos")
			w.provider.WaitCalls(t, 1)
			for _, text := range tt.edits {
				w.chat.Edit(support, said, text)
				w.waitText(said, text)
			}
			w.waitFate(said, "ask")

			close(release)
			wantButtons(t, "the line about the edit", w.waitLineAbout(thread, bridge.LineEditLate, "Dos"), tt.buttons...)
			w.waitFate(said, "out")
			w.provider.WaitTexts(t, "Dos")
		})
	}
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
	for _, tt := range waitingTexts() {
		for _, edited := range []string{"note: he is angry", "<@ann> he is angry"} {
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
}

// A text that waits for a click is edited into one that may be for colleagues: a new line asks about the new words, and
// the former line loses its button.
func TestEditedToPerhapsForColleaguesIsAskedAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	text := w.reply(thread, "resolve")
	before := w.waitLine(thread, bridge.LineAsk)
	w.chat.Edit(support, text, "!resolv")
	w.eventually("it is asked about anew", func() bool { return w.countLines(thread, bridge.LineAsk) == 2 })
	w.waitOutcome(before, bridge.OutcomeAsked)
	w.waitFate(text, "ask")
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

// A text that is edited while its conversation is resolved is asked about anew, so that its button works again after a
// reopening.
func TestEditedWhileResolvedIsAskedAnew(t *testing.T) {
	t.Parallel()
	resolve := func(w *world, thread string) {
		w.reply(thread, "!resolve")
		w.waitCard(thread, "resolved")
	}
	tests := []waitingText{
		{name: "asked about before", author: "ann", say: func(w *world, thread string) (string, bridgetest.Message) {
			text := w.reply(thread, "resolve")
			line := w.waitLine(thread, bridge.LineAsk)
			resolve(w, thread)
			return text, line
		}},
		{name: "typed after the end", author: "ann", say: func(w *world, thread string) (string, bridgetest.Message) {
			resolve(w, thread)
			text := w.reply(thread, "It is fixed")
			return text, w.waitLine(thread, bridge.LineInside)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.openThread()
			text, before := tt.say(w, thread)
			asked := w.countLines(thread, bridge.LineAsk)
			w.chat.Edit(support, text, "internal: he is angry")
			w.waitEditedTo(text, "he is angry")
			w.waitDrained()
			w.waitFate(text, "ask")
			wantEqual(t, "lines that ask about it since the edit", w.countLines(thread, bridge.LineAsk)-asked, 1)
			w.waitOutcome(before, bridge.OutcomeAsked)
		})
	}
}

// The version before stored the edit of a text in the channel without telling whether the text became a note. Such a text
// goes to no customer.
func TestTopLevelEditedBeforeTheUpdate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.openThread()
	text, line := w.typeAtTopLevel("ann", "It is fixed")
	w.chat.Edit(support, text, "He is angry")
	w.waitChannelTextEdited(text)
	w.waitDrained()
	w.exec(`UPDATE posts SET early = early - 'edited' WHERE message = $1`, text) // as the version before stored it
	w.chat.Press(t, "ann", line, bridge.VerbSend)
	w.waitWhisper("ann", "edited before Parley was updated")
	w.waitDrained()
	w.wantNothingSent()
}

// A reply's text has left, and its second file waits for another attempt, when its author makes it a note: the file doesn't leave, as
// it doesn't after a deletion. If the text leaves in pieces, the second one doesn't leave either.
func TestMadeANoteWhileTheRestWaits(t *testing.T) {
	t.Parallel()
	t.Run("a file", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, options{backoff: hourBackoff()})
		thread := w.openThread()
		w.provider.AddFault(retriedFile("b.txt"))
		said := w.sayPlans(thread, 2)
		w.waitFailedAttempt()
		w.waitQueued(0)
		w.chat.Edit(support, said, "note: Our plans")
		w.waitLine(thread, bridge.LineEditLate)
		w.advance(2 * time.Hour)
		w.waitDrained()
		w.wantSent(withFiles("Plans", "a.txt"))
		w.waitFate(said, "out")
		wantEqual(t, "lines that tell of it", w.countLines(thread, bridge.LineEditLate), 1)
	})
	t.Run("a file that is being sent", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, options{backoff: hourBackoff()})
		thread := w.openThread()
		answer := make(chan struct{})
		w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, With: "b.txt", Until: answer})
		said := w.sayPlans(thread, 2)
		w.provider.WaitCalls(t, 2)
		w.waitQueued(0)
		w.chat.Edit(support, said, "note: Our plans")
		w.waitLine(thread, bridge.LineEditLate)
		close(answer)
		w.waitFailedAttempt()
		w.advance(2 * time.Hour)
		w.waitDrained()
		w.wantSent(withFiles("Plans", "a.txt"))
		w.waitFate(said, "out")
	})
	t.Run("a piece", func(t *testing.T) {
		t.Parallel()
		w := newSplittingWorld(t, options{backoff: hourBackoff()})
		thread := w.openThread()
		w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, Text: "Uno 2"})
		said := w.reply(thread, "Uno")
		w.waitFailedAttempt()
		w.chat.Edit(support, said, "note: one")
		w.waitLine(thread, bridge.LineEditLate)
		w.advance(2 * time.Hour)
		w.waitDrained()
		w.provider.WaitTexts(t, "Uno 1")
		w.waitFate(said, "out")
		wantEqual(t, "lines that tell of it", w.countLines(thread, bridge.LineEditLate), 1)
	})
	t.Run("a piece that is being sent", func(t *testing.T) {
		t.Parallel()
		w := newSplittingWorld(t, options{backoff: hourBackoff()})
		thread := w.openThread()
		answer := make(chan struct{})
		w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, Text: "Uno 2", Until: answer})
		said := w.reply(thread, "Uno")
		w.provider.WaitCalls(t, 2)
		w.chat.Edit(support, said, "note: one")
		w.waitFate(said, "inside")
		close(answer)
		w.waitFailedAttempt()
		w.advance(2 * time.Hour)
		w.waitDrained()
		w.provider.WaitTexts(t, "Uno 1")
		w.waitFate(said, "out")
		wantEqual(t, "lines that tell of it", w.countLines(thread, bridge.LineEditLate), 1)
	})
}
