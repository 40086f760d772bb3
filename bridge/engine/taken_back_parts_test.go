package engine_test

import (
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// The channel of these tests takes one file in a message. So a reply of ann's with two plans leaves in two parts: the
// text with a.txt, then b.txt.

// sayPlansOfWhichFails lets ann send two plans. The provider refuses the named file for good and takes the other one. It
// returns her message and the line that asks about the part that failed.
func (w *world) sayPlansOfWhichFails(thread, name string) (said string, failed bridgetest.Message) {
	w.t.Helper()
	w.provider.AddFault(badFile(name))
	said = w.sayPlans(thread, 2)
	failed = w.waitLine(thread, bridge.LineFailed)
	w.waitDrained()
	return said, failed
}

// The text of a reply has left with a file, another file has failed, and the author deletes the reply: a line tells her
// that the customer has the text, and which file.
func TestDeletionOfAReplyOfWhichAFileFailed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	said, _ := w.sayPlansOfWhichFails(thread, "b.txt")
	w.chat.Delete(support, said)
	told := w.waitLineAbout(thread, bridge.LineDeleteLate, "Plans").Plain()
	wantWords(t, "what the customer has", told, "a.txt")
	wantEqual(t, "the line names the file that failed", strings.Contains(told, "b.txt"), false)
	w.waitFate(said, "dropped")
}
