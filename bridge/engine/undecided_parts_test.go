package engine_test

import (
	"testing"

	"parley/bridge"
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
