package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
)

// A bounce comes before the answer to our request, and somebody has the reply sent again at once. The click waits for the answer, and then
// counts: whoever clicked needn't do it again.
func TestSendAgainBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	answer := make(chan struct{})
	w.provider.AddFault(channelstest.Fault{Until: answer})
	reply := w.reply(thread, "See you")
	w.provider.WaitCalls(t, 1)
	w.reportStatus(channelstest.Event{State: "failed", Message: int64(w.messageOf(reply)), Reason: "Nobody there."})
	failed := w.waitLine(thread, bridge.LineFailed)

	w.chat.Press(t, "ann", failed, bridge.VerbSendAgain)
	w.eventually("the click waits", func() bool { return w.count(`SELECT count(*) FROM queues WHERE waits > 0`) > 0 })
	close(answer)

	w.provider.WaitTexts(t, "See you", "See you")
	w.waitFate(reply, "out")
	wantEqual(t, "clicks that were refused", w.countLines(thread, bridge.LineRefused), 0)
}
