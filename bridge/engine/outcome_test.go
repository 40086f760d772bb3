package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels/channelstest"
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
