package engine_test

import (
	"slices"
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels/channelstest"
	"parley/store"
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

// readFirstSent lets the provider report that the customer has read the message that it took first.
func (w *world) readFirstSent(reply string) {
	w.t.Helper()
	sent := w.provider.Sent()[0]
	w.reportStatus(channelstest.Event{ID: "read", State: "read", Message: sent.Message, External: []string{sent.ID}})
	w.eventually("the part is read", func() bool { return slices.Contains(w.statesOf(reply), store.Read) })
	w.waitDrained()
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

// The text of a reply has failed, one of its files has left, and the author deletes the reply: a line tells her which
// file the customer has.
func TestDeletionOfAReplyOfWhichTheTextFailed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	said, _ := w.sayPlansOfWhichFails(thread, "a.txt")
	w.chat.Delete(support, said)
	w.waitLineAbout(thread, bridge.LineDeleteLate, "b.txt")
	w.waitFate(said, "dropped")
}

// A reply whose file failed is deleted. The customer then reads the text, which had left before: that doesn't send the
// file.
func TestDeletedReplyOfWhichAFileFailedIsRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	said, failed := w.sayPlansOfWhichFails(thread, "b.txt")
	w.chat.Delete(support, said)
	w.waitFate(said, "dropped")

	w.readFirstSent(said)
	w.waitFate(said, "dropped")
	w.waitOutcome(failed, bridge.OutcomeDropped)
}

// The text of a reply has failed, one of its files has left, and the author edits the reply into a note: a line tells her
// which file the customer has.
func TestNoteMadeOfAReplyOfWhichTheTextFailed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	said, _ := w.sayPlansOfWhichFails(thread, "a.txt")
	w.chat.Edit(support, said, "note: he lies", plans(2)...)
	w.waitFate(said, "inside")
	w.waitLineAbout(thread, bridge.LineEditLate, "left b.txt")
}

// A reply whose text failed is edited into a note. The customer then reads the file that had left: the note stays inside.
func TestNoteMadeOfAReplyOfWhichAFileIsRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	said, _ := w.sayPlansOfWhichFails(thread, "a.txt")
	w.chat.Edit(support, said, "note: he lies", plans(2)...)
	w.waitFate(said, "inside")

	w.readFirstSent(said)
	w.waitFate(said, "inside")
	wantEqual(t, "direction of the note", w.text(`SELECT direction FROM messages WHERE place = $1`, said), string(store.DirectionNote))
}

// sendTextAgain lets ann press Send again for a text that failed while its file left. It returns once that attempt has
// failed for now, too, so that the text waits for the next one.
func (w *world) sendTextAgain(thread string) (said string) {
	w.t.Helper()
	said, failed := w.sayPlansOfWhichFails(thread, "a.txt")
	w.provider.AddFault(retriedFile("a.txt"))
	w.chat.Press(w.t, "ann", failed, bridge.VerbSendAgain)
	w.waitFailedAttempt()
	return said
}

// The author deletes a reply whose text waits to be sent again and whose file has left: a line tells her which file the
// customer has.
func TestDeletionOfATextThatIsSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{backoff: hourBackoff()})
	thread := w.openThread()
	said := w.sendTextAgain(thread)
	w.chat.Delete(support, said)
	w.waitFate(said, "undone")
	w.waitLineAbout(thread, bridge.LineDeleteLate, "b.txt")
}

// undoSendingTextAgain lets ann take back a text that waits to be sent again and whose file has left.
func (w *world) undoSendingTextAgain(thread string) (said string) {
	w.t.Helper()
	said = w.sendTextAgain(thread)
	w.chat.Choose("ann", support, said, bridge.VerbUndo)
	w.waitFate(said, "undone")
	return said
}

// The author takes back a text by Undo after its file has left: a line tells her which file the customer has.
func TestUndoOfAReplyOfWhichAFileHasLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{backoff: hourBackoff()})
	thread := w.openThread()
	w.undoSendingTextAgain(thread)
	w.waitLineAbout(thread, bridge.LineUndone, "The customer has b.txt.")
}

// A text was taken back after its file had left. The customer then reads the file: that doesn't send the text.
func TestUndoneReplyOfWhichAFileIsRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{backoff: hourBackoff()})
	thread := w.openThread()
	said := w.undoSendingTextAgain(thread)
	w.readFirstSent(said)
	w.waitFate(said, "undone")
	wantEqual(t, "lines that it was deleted", w.countLines(thread, bridge.LineDeleteLate), 0)
}

// A text was kept inside after its file had left. The customer then reads the file: no line says that the reply was
// edited.
func TestKeptReplyOfWhichAFileIsRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{backoff: hourBackoff()})
	thread := w.openThread()
	said := w.sendTextAgain(thread)
	w.chat.Choose("ann", support, said, bridge.VerbKeep)
	w.waitFate(said, "inside")
	w.readFirstSent(said)
	w.waitFate(said, "inside")
	wantEqual(t, "lines that it was edited", w.countLines(thread, bridge.LineEditLate), 0)
}

// A text is taken back just after c.txt has left, while that result isn't applied yet. The line about the undo names
// c.txt. When the result is applied, the author isn't told a second time.
func TestUndoneReplyWhoseFileHasJustLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{backoff: hourBackoff()})
	thread := w.openThread()

	// The text fails with a.txt, b.txt leaves, and c.txt is still being sent.
	w.provider.AddFault(badFile("a.txt"))
	lastLeaves := make(chan struct{})
	w.provider.AddFault(channelstest.Fault{With: "c.txt", Until: lastLeaves})
	said := w.sayPlans(thread, 3)
	failed := w.waitLine(thread, bridge.LineFailed)
	w.provider.WaitCalls(t, 3)

	// Ann sends the text again. It waits behind c.txt.
	w.provider.AddFault(retriedFile("a.txt"))
	w.chat.Press(t, "ann", failed, bridge.VerbSendAgain)
	w.waitFate(said, "waiting")

	// c.txt leaves and the text fails for now. Ann takes it back before Parley applies that.
	release := w.holdQueues(w.accounts[chat])
	close(lastLeaves)
	w.waitFailedAttempt()
	w.chat.Choose("ann", support, said, bridge.VerbUndo)
	w.waitLineAbout(thread, bridge.LineUndone, "The customer has b.txt, c.txt.")

	release()
	w.waitDrained()
	w.waitFate(said, "undone")
	wantEqual(t, "lines that it was deleted", w.countLines(thread, bridge.LineDeleteLate), 0)
}

// A text is taken back, or kept inside, after b.txt has left and while c.txt is being sent. Its author is told of b.txt,
// and then of both files. No line speaks of a deletion or an edit.
func TestFileLeavesAfterItsReplyWasTakenBack(t *testing.T) {
	t.Parallel()
	for verb, fate := range map[bridge.Verb]store.Fate{bridge.VerbUndo: "undone", bridge.VerbKeep: "inside"} {
		t.Run(string(verb), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{backoff: hourBackoff()})
			thread := w.openThread()

			w.provider.AddFault(badFile("a.txt"))
			lastLeaves := make(chan struct{})
			w.provider.AddFault(channelstest.Fault{With: "c.txt", Until: lastLeaves})
			said := w.sayPlans(thread, 3)
			failed := w.waitLine(thread, bridge.LineFailed)
			w.provider.WaitCalls(t, 3)

			w.provider.AddFault(retriedFile("a.txt"))
			w.chat.Press(t, "ann", failed, bridge.VerbSendAgain)
			w.waitFate(said, "waiting")

			w.eventually("b.txt has left", func() bool { return slices.Contains(w.statesOf(said), store.Accepted) })
			w.chat.Choose("ann", support, said, verb)
			w.waitLineAbout(thread, bridge.LineUndone, "The customer has b.txt.")

			close(lastLeaves)
			told := w.waitLineAbout(thread, bridge.LineUndone, "The customer has b.txt, c.txt.")
			w.waitDrained()
			w.waitFate(said, fate)
			wantEqual(t, "whether the last line can send it", len(w.chat.Get(support, told.ID).Buttons) > 0, verb == bridge.VerbUndo)
			wantEqual(t, "lines that it was deleted", w.countLines(thread, bridge.LineDeleteLate), 0)
			wantEqual(t, "lines that it was edited", w.countLines(thread, bridge.LineEditLate), 0)
		})
	}
}

// Both parts of a reply have failed. Its text is sent again and reaches the customer although its author deletes it, or
// makes it a note, meanwhile: she is told that the customer has the text. The file doesn't count as sent.
func TestTakenBackWhileOnlyTheTextIsSent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		takeBack func(w *world, said string)
		fate     store.Fate
		told     bridge.LineKind
	}{
		{
			name:     "deleted",
			takeBack: func(w *world, said string) { w.chat.Delete(support, said) },
			fate:     "undone",
			told:     bridge.LineDeleteLate,
		},
		{
			name:     "made a note",
			takeBack: func(w *world, said string) { w.chat.Edit(support, said, "note: plans") },
			fate:     "inside",
			told:     bridge.LineEditLate,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.openThread()
			w.provider.AddFault(badFile("b.txt"))
			said, failed := w.sayPlansOfWhichFails(thread, "a.txt")

			release := make(chan struct{})
			w.provider.AddFault(channelstest.Fault{Until: release})
			w.chat.Press(t, "ann", failed, bridge.VerbSendAgain)
			w.provider.WaitCalls(t, 3)
			tt.takeBack(w, said)
			w.waitFate(said, tt.fate)

			close(release)
			w.waitLineAbout(thread, tt.told, "Plans")
			w.waitDrained()
			w.waitFate(said, tt.fate)
		})
	}
}
