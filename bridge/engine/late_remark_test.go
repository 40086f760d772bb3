package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
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
