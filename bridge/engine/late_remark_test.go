package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels/channelstest"
)

// sayInReverse makes a world in which Ann owns a conversation. Ben types a remark in its thread, and then Ann types an
// answer, of which the chat tells first. It returns the answer once the remark is applied.
func sayInReverse(t *testing.T, remark, answer string) (w *world, said bridgetest.Message) {
	t.Helper()
	w = newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	w.reply(thread, "!take")
	w.waitCard(thread, "| Ann |")

	w.chat.Mute(true)
	first := w.chat.Get(support, w.chat.Say("ben", support, thread, remark))
	second := w.chat.Get(support, w.reply(thread, answer))
	w.chat.Mute(false)
	w.journalSurfaceFact("say", second)
	w.waitFate(second.ID, "waiting")
	w.journalSurfaceFact("say", first)
	w.waitFate(first.ID, "inside")
	return w, second
}

// A text that was typed after a colleague's remark may be an answer to it. If the chat tells of the remark only when the
// text already waits to leave, its author is asked, too.
// Requirement R-246: What is asked before it is sent.
func TestRemarkThatIsToldAfterItsAnswer(t *testing.T) {
	t.Parallel()
	for _, remark := range []string{"note: is that right?", "I think it was on Monday"} {
		t.Run(remark, func(t *testing.T) {
			t.Parallel()
			w, answer := sayInReverse(t, remark, "Yes, since Monday")
			w.waitFate(answer.ID, "ask")
			w.chat.Press(t, "ann", w.waitShown("after_remark"), bridge.VerbSend)
			w.waitFate(answer.ID, "waiting")
		})
	}
}

// Ben's text greets a customer of another thread, so he is asked about it. The chat tells of it only when Ann's answer to
// it already waits to leave: she is asked, too.
// Requirement R-246: What is asked before it is sent.
func TestGreetingThatIsToldAfterItsAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour, settings: map[string]string{"who_replies": "any_agent"}})
	thread := w.openThread()
	w.customerSends(chat, channelstest.Event{From: "maria", Name: "Maria Rossi", Text: "Where is it?"})
	w.waitThread("Where is it?")

	w.chat.Mute(true)
	greeting := w.chat.Get(support, w.chat.Say("ben", support, thread, "Hi Maria, when did it leave"))
	answer := w.chat.Get(support, w.reply(thread, "On Monday"))
	w.chat.Mute(false)
	w.journalSurfaceFact("say", answer)
	w.waitFate(answer.ID, "waiting")
	w.journalSurfaceFact("say", greeting)
	w.waitFate(greeting.ID, "ask")
	w.waitFate(answer.ID, "ask")
	w.wantNothingSent()
}

// A reply that can't be an answer to the remark still waits: its author marked it as a reply, or the remark asks nothing.
func TestReplyThatIsNoAnswerToALateRemark(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, remark, answer string }{
		{name: "marked as a reply", remark: "note: is that right?", answer: "!reply It has been so since Monday"},
		{name: "a note that asks nothing", remark: "note: she called on Monday", answer: "It has been so since Monday"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, answer := sayInReverse(t, tt.remark, tt.answer)
			w.waitFate(answer.ID, "waiting")
		})
	}
}
