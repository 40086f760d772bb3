package engine_test

import (
	"slices"
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels/channelstest"
	"parley/store"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which customers
// write and are answered, and a fake chat, in whose channel "support" agents work.

// A channel takes one file in a message, so that ann's two plans leave as two: the text with a.txt, then b.txt.

// sayPlansOfWhichFails lets ann say two plans of which the provider refuses one for good and takes the other. It returns her message,
// and the line that asks about what failed.
func (w *world) sayPlansOfWhichFails(thread, name string) (said string, failed bridgetest.Message) {
	w.t.Helper()
	w.provider.AddFault(badFile(name))
	said = w.sayPlans(thread, 2)
	failed = w.waitLine(thread, bridge.LineFailed)
	w.waitDrained()
	return said, failed
}

// readFirstSent lets the provider tell that the customer has read what it took first.
func (w *world) readFirstSent(reply string) {
	w.t.Helper()
	sent := w.provider.Sent()[0]
	w.reportStatus(channelstest.Event{ID: "read", State: "read", Message: sent.Message, External: []string{sent.ID}})
	w.eventually("the part is read", func() bool { return slices.Contains(w.statesOf(reply), store.Read) })
	w.waitDrained()
}

// Who deletes a reply of which only a file failed learns that the customer has the rest.
func TestDeletionOfAReplyOfWhichAFileFailed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	said, _ := w.sayPlansOfWhichFails(thread, "b.txt")
	w.chat.Delete(support, said)
	w.waitLineAbout(thread, bridge.LineDeleteLate, "Plans")
	w.waitFate(said, "dropped")
}

// Who deletes a reply of which only the text failed learns which file the customer has.
func TestDeletionOfAReplyOfWhichTheTextFailed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	said, _ := w.sayPlansOfWhichFails(thread, "a.txt")
	w.chat.Delete(support, said)
	w.waitLineAbout(thread, bridge.LineDeleteLate, "b.txt")
	w.waitFate(said, "dropped")
}

// A file that failed isn't sent because the customer reads the text that left before it, and that was deleted since.
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

// Who makes a note of a reply of which the text failed learns which file the customer has.
func TestNoteMadeOfAReplyOfWhichTheTextFailed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	said, _ := w.sayPlansOfWhichFails(thread, "a.txt")
	w.chat.Edit(support, said, "note: he lies", plans(2)...)
	w.waitFate(said, "inside")
	w.waitLineAbout(thread, bridge.LineEditLate, "left b.txt")
}

// Such a note isn't said to the customer because the customer looks at the file.
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

// sendTextAgain lets ann send a text again that failed, of which a file has left, and waits until that attempt has failed for now, too.
func (w *world) sendTextAgain(thread string) (said string) {
	w.t.Helper()
	said, failed := w.sayPlansOfWhichFails(thread, "a.txt")
	w.provider.AddFault(retriedFile("a.txt"))
	w.chat.Press(w.t, "ann", failed, bridge.VerbSendAgain)
	w.waitFailedAttempt()
	return said
}

// Who deletes a text that is sent again, of which a file has left, learns which file the customer has.
func TestDeletionOfATextThatIsSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{backoff: hourBackoff()})
	thread := w.openThread()
	said := w.sendTextAgain(thread)
	w.chat.Delete(support, said)
	w.waitFate(said, "undone")
	w.waitLineAbout(thread, bridge.LineDeleteLate, "b.txt")
}

// undoSendingTextAgain lets ann take a text back that she sent again, of which a file has left.
func (w *world) undoSendingTextAgain(thread string) (said string) {
	w.t.Helper()
	said = w.sendTextAgain(thread)
	w.chat.Choose("ann", support, said, bridge.VerbUndo)
	w.waitFate(said, "undone")
	return said
}

// Who takes a text back of which a file has left learns which file the customer has.
func TestUndoOfAReplyOfWhichAFileHasLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{backoff: hourBackoff()})
	thread := w.openThread()
	w.undoSendingTextAgain(thread)
	w.waitLineAbout(thread, bridge.LineUndone, "The customer has b.txt.")
}

// A text that was taken back isn't sent because the customer looks at the file.
func TestUndoneReplyOfWhichAFileIsRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{backoff: hourBackoff()})
	thread := w.openThread()
	said := w.undoSendingTextAgain(thread)
	w.readFirstSent(said)
	w.waitFate(said, "undone")
	wantEqual(t, "lines that it was deleted", w.countLines(thread, bridge.LineDeleteLate), 0)
}

// Nobody is told of an edit because the customer looks at a file of a text that somebody kept inside.
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

// That a file has left, which the author learned when the text was taken back, isn't told again once that is noted with the reply.
func TestUndoneReplyWhoseFileHasJustLeft(t *testing.T) {
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

// Who takes a text back, or keeps it inside, of which a file has left and another one is leaving, learns of both, each time in words
// that tell of no deletion and no edit.
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

// A text that is deleted, or made a note, while it is sent again lands all the same, and its file has failed: its author learns that
// the customer has the text, and the file doesn't count as sent.
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
