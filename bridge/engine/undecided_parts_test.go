package engine_test

import (
	"slices"
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
	"parley/store"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which customers
// write and are answered, and a fake chat, in whose channel "support" agents work.

// Send again that names a reply, and none of its parts, sends the part that failed, though another one is the last.
func TestSendAgainFindsThePartThatFailed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	said, _ := w.sayPlansOfWhichFails(thread, "a.txt")
	w.chooseVerb(thread, said, bridge.VerbSendAgain)
	w.waitFate(said, "out")
	w.wantSent(withFiles("", "b.txt"), withFiles("Plans", "a.txt"))
}

// If several parts failed, nobody knows which one is meant: none is sent, and the refusal names them.
func TestSendAgainNamesThePartsThatFailed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.provider.AddFault(badFile("b.txt"))
	said, _ := w.sayPlansOfWhichFails(thread, "a.txt")
	w.chooseVerb(thread, said, bridge.VerbSendAgain)
	w.waitWhisper("ann", "Several parts of it are undecided: the text, b.txt.")
	w.wantSent()
}

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

// sayPlansUnclear lets ann send two plans. The provider refuses one of the named files for good, and nobody can tell whether it has the
// other one: the reply counts as failed, and a line asks about each.
func (w *world) sayPlansUnclear(thread, unclear, failed string) (said string) {
	w.t.Helper()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropBefore, With: unclear})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	w.provider.AddFault(badFile(failed))
	release := w.holdQueues(w.accounts[chat])
	said = w.sayPlans(thread, 2)
	w.repeatUntil("both have ended", w.ageUntilNobodyCanTell, func() bool { return w.count(undecidedReplies) == 2 })
	release()
	w.eventually("both are told", func() bool {
		return w.countLines(thread, bridge.LineUnclear) == 1 && w.countLines(thread, bridge.LineFailed) == 1
	})
	w.waitDrained()
	return said
}

const undecidedReplies = `SELECT count(*) FROM deliveries WHERE kind = 'reply' AND state IN ('failed', 'needs_decision')`

// Nobody can tell whether one part of a reply has left, the other one has failed, and the author deletes the reply: she is told that it
// may have left, and the line about that part can still be decided.
func TestDeletionOfAFailedReplyThatIsUnclearInPart(t *testing.T) {
	t.Parallel()
	for unclear, failed := range map[string]string{"a.txt": "b.txt", "b.txt": "a.txt"} {
		t.Run(unclear, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.openThread()
			said := w.sayPlansUnclear(thread, unclear, failed)
			w.exec(`UPDATE messages SET fate = 'failed' WHERE place = $1`, said) // whichever result was applied last
			w.chat.Delete(support, said)
			wantWords(t, "what ann is told", w.waitLine(thread, bridge.LineDeleteLate).Plain(), "unclear")
			w.waitDrained()

			w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineUnclear), bridge.VerbMarkSent)
			w.eventually("the part counts as sent", func() bool { return slices.Contains(w.statesOf(said), store.Accepted) })
			w.waitDrained()
			w.wantSent()
		})
	}
}

// Nobody can tell whether the file of a reply has left, its text has failed, and its author makes it a note: she is told that the file
// may have left.
func TestNoteMadeOfAFailedReplyWhoseFileIsUnclear(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	said := w.sayPlansUnclear(thread, "b.txt", "a.txt")
	w.exec(`UPDATE messages SET fate = 'failed' WHERE place = $1`, said) // whichever result was applied last
	w.chat.Edit(support, said, "note: he lies")
	w.waitFate(said, "inside")
	w.eventually("she is told", func() bool { return w.countLines(thread, bridge.LineUnclear) == 2 })
}
