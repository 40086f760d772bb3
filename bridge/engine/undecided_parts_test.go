package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which customers
// write and are answered, and a fake chat, in whose channel "support" agents work.

// Nobody can tell whether the text of a reply has left, and its second file is refused: whoever edits the text is told that the customer
// may have it, as if the file had left.
func TestEditOfAnUnclearTextWhoseFileFailed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropBefore, With: "a.txt"})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	w.provider.AddFault(badFile("b.txt"))
	said := w.sayPlans(thread, 2)
	w.repeatUntil("both are told", w.ageUntilNobodyCanTell, func() bool {
		return w.countLines(thread, bridge.LineUnclear) == 1 && w.countLines(thread, bridge.LineFailed) == 1
	})
	w.waitFate(said, "failed")

	w.chat.Edit(support, said, "Our plans")
	wantWords(t, "what ann is told", w.waitLine(thread, bridge.LineEditLate).Plain(), "unclear")
	wantEqual(t, "the text that counts", w.text(`SELECT text FROM messages WHERE place = $1`, said), "Plans")
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineFailed), bridge.VerbSendAgain)
	w.eventually("the file has left", func() bool { return w.hasSent(withFiles("", "b.txt")) })
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineUnclear), bridge.VerbMarkSent)
	w.waitFate(said, "out")
}
