package engine_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// filesOf returns the names of the files that Parley's record of a message has.
func (w *world) filesOf(message string) []string {
	w.t.Helper()
	return readRows(w, pgx.RowTo[string], `SELECT f.file ->> 'name'
		FROM messages AS m, jsonb_array_elements(m.files) WITH ORDINALITY AS f(file, n) WHERE m.place = $1 ORDER BY f.n`, message)
}

// waitFilesOf waits until Parley's record of a message has these files.
func (w *world) waitFilesOf(message string, want ...string) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("the record has the files %q", want), func() bool { return slices.Equal(w.filesOf(message), want) })
}

// plans are n files that ann attaches: a.txt, b.txt and so on, each of another size.
func plans(n int) (files []bridgetest.File) {
	for i := range n {
		files = append(files, file(string(rune('a'+i))+".txt", i+1))
	}
	return files
}

// sayPlans lets ann say "Plans" with n files.
func (w *world) sayPlans(thread string, n int) string {
	return w.chat.Say("ann", support, thread, "Plans", plans(n)...)
}

// badFile is a fault by which the provider refuses the named file for good.
func badFile(name string) channelstest.Fault {
	return channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent, With: name}
}

// retriedFile is a fault by which the provider refuses the named file once, for now.
func retriedFile(name string) channelstest.Fault {
	return channelstest.Fault{Kind: channelstest.FaultRefuse, With: name}
}

// hourBackoff makes a reply wait for an hour after each attempt that failed for now.
func hourBackoff() []time.Duration { return []time.Duration{time.Hour} }

// The text of a reply has failed with a.txt, its other files have left, and an edit removes or replaces a.txt. When the
// text is sent again, a.txt isn't sent, and a file in its place leaves with the text.
func TestFileOfAFailedTextIsEdited(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		edit     func(w *world, message string)
		wantText sentMessage   // as it is sent again
		wantMore []sentMessage // behind the text
	}{
		{name: "removed", edit: func(w *world, m string) { w.chat.RemoveFile(support, m, "a.txt") }, wantText: withFiles("Plans")},
		{
			name: "replaced",
			edit: func(w *world, m string) {
				w.chat.RemoveFile(support, m, "a.txt")
				w.chat.Edit(support, m, "New plans", file("a2.txt", 4))
				w.waitEdited("New plans")
			},
			wantText: withFiles("New plans", "a2.txt"),
		},
		{
			name: "replaced by two",
			edit: func(w *world, m string) {
				w.chat.RemoveFile(support, m, "a.txt")
				w.chat.Edit(support, m, "New plans", file("a2.txt", 4), file("d.txt", 5))
				w.waitEdited("New plans")
			},
			wantText: withFiles("New plans", "a2.txt"),
			wantMore: []sentMessage{withFiles("", "d.txt")},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.openThread()
			w.provider.AddFault(badFile("a.txt"))
			said := w.sayPlans(thread, 3)
			failed := w.waitLine(thread, bridge.LineFailed)
			w.waitDrained()

			tt.edit(w, said)
			w.eventually("the file is removed", func() bool { return !slices.Contains(w.filesOf(said), "a.txt") })
			w.waitDrained()

			w.chat.Press(t, "ann", w.chat.Get(support, failed.ID), bridge.VerbSendAgain)
			w.waitFate(said, "out")
			want := []sentMessage{withFiles("", "b.txt"), withFiles("", "c.txt"), tt.wantText} // the other files have left before
			w.wantSent(append(want, tt.wantMore...)...)
		})
	}
}

// An edit removes a file while it is being sent. A line tells its author that the customer has the file, the record says
// so, too, and the other files leave.
func TestFileRemovedWhileItIsSent(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		files      int
		wantEdited []string // in the record while the file is under way
		wantRecord []string // once it has left
		wantSent   []sentMessage
	}{
		{name: "the only file", files: 1, wantRecord: []string{"a.txt"}, wantSent: []sentMessage{withFiles("Plans", "a.txt")}},
		{
			name:       "the first of three files",
			files:      3,
			wantEdited: []string{"b.txt", "c.txt"},
			wantRecord: []string{"a.txt", "b.txt", "c.txt"},
			wantSent:   []sentMessage{withFiles("Plans", "a.txt"), withFiles("", "b.txt"), withFiles("", "c.txt")},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.openThread()
			release := make(chan struct{})
			w.provider.AddFault(channelstest.Fault{Until: release})
			said := w.sayPlans(thread, tt.files)
			w.provider.WaitCalls(t, 1)

			w.chat.RemoveFile(support, said, "a.txt")
			w.waitFilesOf(said, tt.wantEdited...)

			close(release)
			w.waitLineAbout(thread, bridge.LineEditLate, "left a.txt")
			w.waitFate(said, "out")
			w.wantSent(tt.wantSent...)
			wantList(t, "files of the record", w.filesOf(said), tt.wantRecord)
		})
	}
}

// It is unknown whether a reply has left, and an edit removes one of its files. An agent who marks the reply as sent is
// told that the customer has the file. The conversation, which was reopened meanwhile, stays open.
func TestFileRemovedFromAnUnclearReply(t *testing.T) {
	t.Parallel()
	o := lossyOptions()
	o.caps = func(c *channels.Capabilities) { c.Files.PerMessage = 2 }
	w := newWorld(t, o)
	thread := w.openThread()

	release := make(chan struct{})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter, Until: release})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	said := w.sayPlans(thread, 2)
	w.provider.WaitCalls(t, 1)

	w.chat.RemoveFile(support, said, "a.txt")
	w.waitFilesOf(said, "b.txt")
	close(release)
	unclear := w.waitLine(thread, bridge.LineUnclear)

	w.reply(thread, "!resolve")
	w.waitDrained()
	w.reply(thread, "!reopen")
	w.waitDrained()

	w.chat.Press(t, "ann", unclear, bridge.VerbMarkSent)
	w.waitFate(said, "out")
	w.waitLineAbout(thread, bridge.LineEditLate, "left a.txt")
	wantEqual(t, "the conversation's status", w.text(`SELECT status FROM conversations`), "open")
	wantList(t, "files of the record", w.filesOf(said), []string{"a.txt", "b.txt"})
}

// An edit removes a file during an attempt to send it, which fails for now: no further attempt sends it.
func TestFileRemovedWhileItFailsForNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{backoff: hourBackoff()})
	thread := w.openThread()
	said := w.removeWhileSent(thread, retriedFile("b.txt"))
	w.waitFailedAttempt()
	w.advance(2 * time.Hour)
	w.waitFate(said, "out")
	w.wantSent(withFiles("Plans", "a.txt"))
	wantEqual(t, "lines that the file failed", w.countLines(thread, bridge.LineFailed), 0)
}

// An edit removes a file during an attempt to send it, which fails for good: no line tells of the failure, as nobody
// wants the file any more.
func TestFileRemovedWhileItFailsForGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{backoff: hourBackoff()})
	thread := w.openThread()
	said := w.removeWhileSent(thread, badFile("b.txt"))
	w.waitFate(said, "out")
	w.wantSent(withFiles("Plans", "a.txt"))
	wantEqual(t, "lines that the file failed", w.countLines(thread, bridge.LineFailed), 0)
}

// removeWhileSent lets ann send two files, and remove the second one, b.txt, during the attempt that a fault makes fail.
func (w *world) removeWhileSent(thread string, fault channelstest.Fault) (said string) {
	w.t.Helper()
	release := make(chan struct{})
	fault.Until = release
	w.provider.AddFault(fault)
	said = w.sayPlans(thread, 2)
	w.provider.WaitCalls(w.t, 2)
	w.chat.RemoveFile(support, said, "b.txt")
	w.waitFilesOf(said, "a.txt")
	close(release)
	return said
}

// The chat tells of an edit of the text without the sizes of the files: all files are sent.
func TestEditWithoutTheSizesOfFiles(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(f *bridgetest.File) // as the chat describes it
	}{
		{name: "with the same ids", change: func(*bridgetest.File) {}},
		{name: "with other ids and names", change: func(f *bridgetest.File) { f.ID, f.Name = "x"+f.ID, "file" }},
		{name: "without access to the files", change: func(f *bridgetest.File) { f.Name, f.Unavailable = "file", "no access" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{backoff: hourBackoff()})
			thread := w.openThread()
			w.provider.AddFault(retriedFile("b.txt"))
			said := w.sayPlans(thread, 2)
			w.waitFailedAttempt()

			edited := w.chat.Get(support, said)
			edited.Text, edited.Version = "Our plans", edited.Version+1
			edited.Files = slices.Clone(edited.Files)
			for i := range edited.Files {
				edited.Files[i].Content = nil
				tt.change(&edited.Files[i])
			}

			w.journalSurfaceFact("edit", edited)
			w.waitLineAbout(thread, bridge.LineEditLate, "Plans")
			w.advance(2 * time.Hour)
			w.waitFate(said, "out")
			w.wantSent(withFiles("Plans", "a.txt"), withFiles("", "b.txt"))
		})
	}
}

// An edit adds a second file of the same name and size to a sent reply, and the chat gives no ids of files: the new file
// is offered.
func TestFileAddedLateThatLooksTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	said := w.sayPlans(thread, 1)
	w.waitFate(said, "out")
	w.waitDrained()

	edited := w.chat.Get(support, said)
	edited.Version++
	again := edited.Files[0]
	again.ID = ""
	edited.Files = []bridgetest.File{again, again}
	w.journalSurfaceFact("edit", edited)
	w.waitLineAbout(thread, bridge.LineEditLate, "added a.txt")
	w.waitDrained()
	offered := w.count(`SELECT count(*) FROM messages WHERE fate = 'ask' AND text = '' AND jsonb_array_length(files) = 1`)
	wantEqual(t, "files that are offered", offered, 1)
}

// An edit removes one of two files that would leave together: the other one leaves, and a line names the one that was
// stopped.
func TestOneFileOfAPartRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{backoff: hourBackoff(), caps: func(c *channels.Capabilities) { c.Files.PerMessage = 2 }})
	thread := w.openThread()
	w.provider.AddFault(retriedFile("c.txt"))
	said := w.sayPlans(thread, 4)
	w.waitFailedAttempt()
	w.chat.RemoveFile(support, said, "c.txt")
	w.waitLineAbout(thread, bridge.LineEditLate, "stopped c.txt")
	w.advance(2 * time.Hour)
	w.waitFate(said, "out")
	w.wantSent(withFiles("Plans", "a.txt", "b.txt"), withFiles("", "d.txt"))
	wantList(t, "files of the record", w.filesOf(said), []string{"a.txt", "b.txt", "d.txt"})
}

// An edit removes a waiting file after the text has left. A click that sends the rest of the reply doesn't send it.
func TestRemovedFileThatWaitedIsNotSentByAClick(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{backoff: hourBackoff()})
	thread := w.openThread()
	w.provider.AddFault(badFile("b.txt"))
	w.provider.AddFault(retriedFile("c.txt"))
	said := w.sayPlans(thread, 3)
	w.waitLine(thread, bridge.LineFailed)
	w.waitFailedAttempt()
	w.chat.RemoveFile(support, said, "c.txt")
	w.waitLine(thread, bridge.LineEditLate)
	w.chooseVerb(thread, said, bridge.VerbSend)
	w.advance(2 * time.Hour)
	w.waitFate(said, "out")
	w.wantSent(withFiles("Plans", "a.txt"), withFiles("", "b.txt"))
}

// An edit removes a failed file after the text has left. Send again, below the line about the failure, doesn't send it.
func TestRemovedFileThatFailedIsNotSentByAClick(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.provider.AddFault(badFile("b.txt"))
	said := w.sayPlans(thread, 3)
	failed := w.waitLine(thread, bridge.LineFailed)
	w.waitDrained()
	w.chat.RemoveFile(support, said, "b.txt")
	w.waitLine(thread, bridge.LineEditLate)
	w.waitFate(said, "out") // all that is left of it has left
	w.chat.Press(t, "ann", failed, bridge.VerbSendAgain)
	w.waitWhisper("ann", "[decided]")
	w.wantSent(withFiles("Plans", "a.txt"), withFiles("", "c.txt"))
}

// The text of a reply failed and is sent again after its files. Undo takes it back while it waits, as it would before
// them.
func TestUndoOfATextBehindItsFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{backoff: hourBackoff()})
	thread := w.openThread()
	w.provider.AddFault(badFile("a.txt"))
	said := w.sayPlans(thread, 2)
	failed := w.waitLine(thread, bridge.LineFailed)
	w.waitDrained()
	w.provider.AddFault(retriedFile("a.txt"))
	w.chat.Press(t, "ann", failed, bridge.VerbSendAgain)
	w.waitFailedAttempt()
	w.chat.Choose("ann", support, said, bridge.VerbUndo)
	w.waitFate(said, "undone")
	w.advance(2 * time.Hour)
	w.wantSent(withFiles("", "b.txt"))
}

// An agent clicks to send the rest of a reply, and Parley is restored from a backup before it applies the click. The rest
// isn't sent, since it may have left since the backup.
func TestRemainderClickedBeforeTheRestore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{lossy: true, backoff: hourBackoff()})
	thread := w.openThread()
	w.provider.AddFault(retriedFile("b.txt"))
	said := w.sayPlans(thread, 2)
	w.waitFailedAttempt()
	w.chat.Delete(support, said)
	w.waitLine(thread, bridge.LineDeleteLate)
	w.chat.Restore(support, said) // it is inside now, while b.txt was taken back
	w.advance(2 * time.Hour)
	ask := w.waitLine(thread, bridge.LineAsk)
	w.waitDrained()

	release := w.holdQueues(w.surface)
	w.chat.Press(t, "ann", ask, bridge.VerbSend)
	w.waitQueued(1)
	w.stops[0]()
	release()
	w.restoreAndServe(time.Now().Add(-time.Hour))
	w.waitWhisper("ann", "restored")
	w.wantSent(withFiles("Plans", "a.txt"))
}
