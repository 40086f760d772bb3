package engine_test

import (
	"strings"
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
)

// Of a reply that should not have been sent the thread says who has it and how far it has come, the conversation is tagged, and the admins
// are told. One that still waits is taken back.
// Requirement R-272: Recall.
func TestOops(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.chat.Say("ben", support, thread, "!oops")
	w.waitWhisper("ben", "No reply was sent")
	sent := w.chat.Say("ben", support, thread, "It costs 500")
	w.provider.WaitTexts(t, "It costs 500")
	w.waitDrained()
	w.reportStatus(channelstest.Event{State: "read", Message: int64(w.messageOf(sent))})
	w.waitDrained()
	w.chat.Say("ben", support, thread, "!oops")
	line := w.waitLine(thread, bridge.LineOops)
	wantWords(t, "the line", line.Plain(), "Ben", "Kim", "read", "It costs 500")
	w.waitDrained()
	w.eventually("ann is told", func() bool {
		told := w.chat.Messages("@ann", "")
		return len(told) > 0 && strings.Contains(told[len(told)-1].Plain(), "It costs 500")
	})
	w.waitCardWith("recall")
	wantEqual(t, "what the log says", w.count(`SELECT count(*) FROM log_entries WHERE what IN ('recalled', 'tagged')`), 2)

	w.exec(`UPDATE accounts SET hold_seconds = 3600 WHERE side = 'channel'`)
	w.reloadEngines()
	held := w.chat.Say("ben", support, thread, "It costs 50")
	w.waitFate(held, "waiting")
	w.chat.Say("ann", support, thread, "!oops")
	w.waitFate(held, "undone")
}
