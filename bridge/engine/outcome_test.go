package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
)

// waitOutcome waits until a post shows an outcome, and returns the post.
func (w *world) waitOutcome(post bridgetest.Message, state bridge.OutcomeState) bridgetest.Message {
	w.t.Helper()
	w.chat.Wait(w.t, fmt.Sprintf("%q becomes %s", post.Text, state), func() bool {
		return strings.Contains(w.chat.Get(support, post.ID).Plain(), " = "+string(state))
	})
	return w.chat.Get(support, post.ID)
}

// When an agent decides about a kept text, the line that asked shows the outcome and who decided, and its buttons go. An
// agent who presses an old button is told the outcome.
func TestLineBecomesItsOutcome(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	w.waitFate(w.reply(thread, "One"), "waiting")

	asked := w.reply(thread, "!frob of ann")
	inside := w.waitLine(thread, bridge.LineAsk)
	w.chat.Press(t, "ann", inside, bridge.VerbSend)
	waiting := w.waitOutcome(inside, bridge.OutcomeWaiting)
	wantSuffix(t, "the line while the text waits", waiting.Plain(), "Ann")
	wantButtons(t, "while the text waits", waiting, bridge.VerbUndo)

	w.advance(time.Hour)
	w.provider.WaitTexts(t, "One", "!frob of ann")
	sent := w.waitOutcome(inside, bridge.OutcomeSent)
	wantSuffix(t, "the line once the text has left", sent.Plain(), "Ann")
	wantButtons(t, "once the text has left", sent)
	w.waitFate(asked, "out")

	w.chat.Press(t, "ben", inside, bridge.VerbSend)
	if got := w.waitWhisper("ben", "[decided]"); !strings.HasSuffix(got.Plain(), "= sent Ann") {
		t.Errorf("the answer to an old button: %q", got.Text)
	}
}

// A line that asks about a text shows the outcome, whether the text was decided by a click, an undo or a deletion.
func TestLinesAreSettledByWhateverDecides(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	w.reply(thread, "!take")
	w.waitCard(thread, "| Ann |")
	for _, c := range []struct {
		text   string
		decide func(text string, line bridgetest.Message)
		want   bridge.OutcomeState
		verbs  []bridge.Verb // of the buttons that stay
	}{
		{
			text:   "!kept of ann",
			decide: func(_ string, line bridgetest.Message) { w.chat.Press(t, "ben", line, bridge.VerbKeep) },
			want:   bridge.OutcomeInside,
		},
		{
			text:   "!deleted of ann",
			decide: func(text string, _ bridgetest.Message) { w.chat.Delete(support, text) },
			want:   bridge.OutcomeDropped,
		},
		{
			text: "!undone of ann",
			decide: func(text string, line bridgetest.Message) {
				w.chat.Press(t, "ann", line, bridge.VerbSend)
				w.waitFate(text, "waiting")
				w.reply(thread, "!undo")
			},
			want:  bridge.OutcomeUndone,
			verbs: []bridge.Verb{bridge.VerbSend},
		},
	} {
		text := w.reply(thread, c.text)
		w.waitFate(text, "ask")
		line := w.waitLineAbout(thread, bridge.LineAsk, c.text)
		c.decide(text, line)
		wantButtons(t, "once it is decided", w.waitOutcome(line, c.want), c.verbs...)
	}
}

// waitLineAbout waits for a line of a kind that shows a text.
func (w *world) waitLineAbout(thread string, kind bridge.LineKind, text string) bridgetest.Message {
	w.t.Helper()
	var found bridgetest.Message
	w.chat.Wait(w.t, fmt.Sprintf("a line %q about %q", kind, text), func() bool {
		for _, m := range w.chat.Messages(support, thread) {
			if strings.HasPrefix(m.Plain(), "["+string(kind)+"]") && strings.Contains(m.Plain(), text) {
				found = m
			}
		}
		return found.ID != ""
	})
	return found
}

// A reply that is written in a form is shown as a line in the thread, and that line tells what becomes of the reply.
// Requirement R-247: One fate for every message.
// Requirement R-054: Sent, delivered, read or failed on each message.
func TestReplyOfAFormTellsItsFate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	w.chat.Submit("ann", support, thread, formOf(bridge.VerbReply), "By a form")
	line := w.waitLineAbout(thread, bridge.LineDone, "By a form")
	wantButtons(t, "while it waits", w.waitOutcome(line, bridge.OutcomeWaiting), bridge.VerbUndo)

	w.advance(time.Hour)
	external := w.provider.WaitTexts(t, "By a form")[0].ID
	wantButtons(t, "once it is sent", w.waitOutcome(line, bridge.OutcomeSent))
	for _, state := range []string{"delivered", "read"} {
		w.postEvents(chat, channelstest.Event{Type: "status", ID: external + state, State: state, External: []string{external}})
		w.waitOutcome(line, bridge.OutcomeState(state))
	}

	w.chat.Press(t, "ann", line, bridge.VerbUndo)
	w.waitWhisper("ann", "= read")
	w.waitDrained()
	if n := w.countLines(thread, bridge.LineDone); n != 1 {
		t.Errorf("%d lines tell of one reply, want 1", n)
	}
}

// The line of a failure shows what becomes of the reply when it is sent again. Here it fails again, and then leaves.
func TestFailureIsSettled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent, Times: 2})
	reply := w.reply(thread, "One")
	w.waitFate(reply, store.FateFailed)
	first := w.waitLine(thread, bridge.LineFailed)

	w.chat.Press(t, "ben", first, bridge.VerbSendAgain)
	w.eventually("it fails again", func() bool { return w.countLines(thread, bridge.LineFailed) == 2 })
	wantButtons(t, "the first failure", w.waitOutcome(first, bridge.OutcomeFailed))

	lines := w.chat.Messages(support, thread)
	w.chat.Press(t, "ben", lines[len(lines)-1], bridge.VerbSendAgain)
	w.provider.WaitTexts(t, "One")
	w.waitOutcome(lines[len(lines)-1], bridge.OutcomeSent)
	w.waitOutcome(first, bridge.OutcomeSent)

	w.waitDrained()
	if n := w.count(`SELECT count(*) FROM conversations WHERE status = 'pending' AND waiting_since IS NULL AND last_from = 'agent'`); n != 1 {
		t.Error("the customer waits, though the reply has left")
	}
}
