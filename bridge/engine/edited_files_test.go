package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/bridge/relay"
	"parley/channels"
	"parley/channels/channelstest"
)

// filesOf returns the names of the files that Parley's record of a message has.
func (w *world) filesOf(message string) string {
	w.t.Helper()
	return w.text(`SELECT coalesce(string_agg(f.file ->> 'name', ' ' ORDER BY f.n), '')
		FROM messages AS m, jsonb_array_elements(m.files) WITH ORDINALITY AS f(file, n) WHERE m.place = $1`, message)
}

// wantSent fails unless the customer got these messages, in this order.
func (w *world) wantSent(want ...string) {
	w.t.Helper()
	w.waitDrained()
	if got := w.sentWithFiles(); !slices.Equal(got, want) {
		w.t.Errorf("the customer got %q, want %q", got, want)
	}
}

// An edit of a reply whose text failed, while its other files leave: each file leaves once when the text is sent again, the removed one
// not at all, and one that takes its place with the text.
func TestFileOfAFailedTextIsEdited(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit func(w *world, message string)
		want []string
	}{
		"removed": {
			edit: func(w *world, m string) { w.chat.RemoveFile(support, m, "a.txt") },
			want: []string{"+b.txt", "+c.txt", "Plans"},
		},
		"replaced": {
			edit: func(w *world, m string) {
				w.chat.RemoveFile(support, m, "a.txt")
				w.chat.Edit(support, m, "New plans", file("a2.txt", 4))
				w.waitEdited("New plans")
			},
			want: []string{"+b.txt", "+c.txt", "New plans+a2.txt"},
		},
		"replaced by two": {
			edit: func(w *world, m string) {
				w.chat.RemoveFile(support, m, "a.txt")
				w.chat.Edit(support, m, "New plans", file("a2.txt", 4), file("d.txt", 5))
				w.waitEdited("New plans")
			},
			want: []string{"+b.txt", "+c.txt", "New plans+a2.txt", "+d.txt"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.openThread()
			w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent, With: "a.txt"})
			said := w.chat.Say("ann", support, thread, "Plans", file("a.txt", 1), file("b.txt", 2), file("c.txt", 3))
			failed := w.waitLine(thread, bridge.LineFailed)
			w.waitDrained()
			c.edit(w, said)
			w.eventually("the edit", func() bool { return !strings.Contains(w.filesOf(said)+" ", "a.txt ") })
			w.waitDrained()
			w.chat.Press(t, "ann", failed, bridge.VerbSendAgain)
			w.waitFate(said, "out")
			w.wantSent(c.want...)
		})
	}
}

// A file that an edit removes while it is under way: its author learns that the customer has it, the record says so, and the other
// files leave as well.
func TestFileRemovedWhileItIsSent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files []bridgetest.File
		want  []string
	}{
		"the only one": {
			files: []bridgetest.File{file("a.txt", 1)},
			want:  []string{"Plans+a.txt"},
		},
		"the first of them": {
			files: []bridgetest.File{file("a.txt", 1), file("b.txt", 2), file("c.txt", 3)},
			want:  []string{"Plans+a.txt", "+b.txt", "+c.txt"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.openThread()
			release := make(chan struct{})
			w.provider.AddFault(channelstest.Fault{Until: release})
			said := w.chat.Say("ann", support, thread, "Plans", c.files...)
			w.provider.WaitCalls(t, 1)
			w.chat.RemoveFile(support, said, "a.txt")
			w.eventually("the edit", func() bool { return !strings.Contains(w.filesOf(said), "a.txt") })
			close(release)
			w.waitLineAbout(thread, bridge.LineEditLate, "left a.txt")
			w.waitFate(said, "out")
			w.wantSent(c.want...)
			if got := w.filesOf(said); !strings.HasPrefix(got, "a.txt") {
				t.Errorf("the record has %q", got)
			}
		})
	}
}

// Of a mail that nobody knows to have left, an edit takes a file out, and the conversation is reopened. Who marks it as sent learns that
// the customer has the file, and the conversation stays open: that was chosen since.
func TestFileRemovedFromAnUnclearReply(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{lossy: true, caps: func(c *channels.Capabilities) { c.Files.PerMessage = 2 },
		relay: relay.Options{UnclearAfter: 30 * time.Second, MaxWait: 100 * time.Millisecond}})
	thread := w.openThread()
	release := make(chan struct{})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter, Until: release})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	said := w.chat.Say("ann", support, thread, "Plans", file("a.txt", 1), file("b.txt", 2))
	w.provider.WaitCalls(t, 1)
	w.chat.RemoveFile(support, said, "a.txt")
	w.eventually("the edit", func() bool { return w.filesOf(said) == "b.txt" })
	close(release)
	unclear := w.waitLine(thread, bridge.LineUnclear)
	for _, verb := range []string{"!resolve", "!reopen"} {
		w.reply(thread, verb)
		w.waitDrained()
	}
	w.chat.Press(t, "ann", unclear, bridge.VerbMarkSent)
	w.waitFate(said, "out")
	w.waitLineAbout(thread, bridge.LineEditLate, "left a.txt")
	if status := w.text(`SELECT status FROM conversations`); status != "open" {
		t.Errorf("the conversation is %s, want open", status)
	}
	if got := w.filesOf(said); got != "a.txt b.txt" {
		t.Errorf("the record has %q, want \"a.txt b.txt\"", got)
	}
}

// A file that an edit removes while an attempt at it runs that fails isn't sent by the next attempt, and nobody waits for it.
func TestFileRemovedWhileItFails(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]channelstest.FaultKind{"for now": channelstest.FaultRefuse, "for good": channelstest.FaultReject} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{backoff: []time.Duration{time.Hour}})
			thread := w.openThread()
			release := make(chan struct{})
			w.provider.AddFault(channelstest.Fault{Kind: kind, Class: channels.BadContent, With: "b.txt", Until: release})
			said := w.chat.Say("ann", support, thread, "Plans", file("a.txt", 1), file("b.txt", 2))
			w.provider.WaitCalls(t, 2)
			w.chat.RemoveFile(support, said, "b.txt")
			w.eventually("the edit", func() bool { return w.filesOf(said) == "a.txt" })
			close(release)
			if kind == channelstest.FaultRefuse {
				w.waitFailedAttempt()
				w.advance(2 * time.Hour)
			}
			w.waitFate(said, "out")
			w.wantSent("Plans+a.txt")
			if n := w.countLines(thread, bridge.LineFailed); n != 0 {
				t.Errorf("%d lines say that the file failed, want none", n)
			}
		})
	}
}

// An edit of the text alone, which the chat describes without the sizes of its files, stops no file.
func TestEditWithoutTheSizesOfFiles(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(f *bridgetest.File){
		"the same ids":  func(*bridgetest.File) {},
		"other ids":     func(f *bridgetest.File) { f.ID, f.Name = "x"+f.ID, "file" },
		"not described": func(f *bridgetest.File) { f.Name, f.Unavailable = "file", "no access" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{backoff: []time.Duration{time.Hour}})
			thread := w.openThread()
			w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, With: "b.txt"})
			said := w.chat.Say("ann", support, thread, "Plans", file("a.txt", 1), file("b.txt", 2))
			w.waitFailedAttempt()
			edited := w.chat.Get(support, said)
			edited.Text, edited.Version = "Our plans", edited.Version+1
			edited.Files = slices.Clone(edited.Files)
			for i := range edited.Files {
				edited.Files[i].Content = nil
				change(&edited.Files[i])
			}
			w.journalSurfaceFact("edit", edited)
			w.waitLineAbout(thread, bridge.LineEditLate, "Plans")
			w.advance(2 * time.Hour)
			w.waitFate(said, "out")
			w.wantSent("Plans+a.txt", "+b.txt")
		})
	}
}

// After a reply has left, an edit adds a second file of the same name and size, and the chat tells no ids: the new one is offered.
func TestFileAddedLateThatLooksTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	said := w.chat.Say("ann", support, thread, "Plans", file("a.txt", 1))
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
	if n := w.count(`SELECT count(*) FROM messages WHERE fate = 'ask' AND text = '' AND jsonb_array_length(files) = 1`); n != 1 {
		t.Errorf("%d files are offered, want 1", n)
	}
}

// Of a part with two files one is removed: the other one leaves, and the line names what was stopped.
func TestOneFileOfAPartRemoved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{backoff: []time.Duration{time.Hour}, caps: func(c *channels.Capabilities) { c.Files.PerMessage = 2 }})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, With: "c.txt"})
	said := w.chat.Say("ann", support, thread, "Plans", file("a.txt", 1), file("b.txt", 2), file("c.txt", 3), file("d.txt", 4))
	w.waitFailedAttempt()
	w.chat.RemoveFile(support, said, "c.txt")
	w.waitLineAbout(thread, bridge.LineEditLate, "stopped c.txt")
	w.advance(2 * time.Hour)
	w.waitFate(said, "out")
	w.wantSent("Plans+a.txt+b.txt", "+d.txt")
	if got := w.filesOf(said); got != "a.txt b.txt d.txt" {
		t.Errorf("the record has %q, want \"a.txt b.txt d.txt\"", got)
	}
}

// A file that an edit took out after the text has left doesn't leave by a click on the reply, whether it waited or had failed.
func TestRemovedFileIsNotSentByAClick(t *testing.T) {
	t.Parallel()
	t.Run("it waited", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, options{backoff: []time.Duration{time.Hour}})
		thread := w.openThread()
		w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent, With: "b.txt"})
		w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, With: "c.txt"})
		said := w.chat.Say("ann", support, thread, "Plans", file("a.txt", 1), file("b.txt", 2), file("c.txt", 3))
		w.waitLine(thread, bridge.LineFailed)
		w.waitFailedAttempt()
		w.chat.RemoveFile(support, said, "c.txt")
		w.waitLine(thread, bridge.LineEditLate)
		w.chooseVerb(thread, said, bridge.VerbSend)
		w.advance(2 * time.Hour)
		w.waitFate(said, "out")
		w.wantSent("Plans+a.txt", "+b.txt")
	})
	t.Run("it had failed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, options{})
		thread := w.openThread()
		w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent, With: "b.txt"})
		said := w.chat.Say("ann", support, thread, "Plans", file("a.txt", 1), file("b.txt", 2), file("c.txt", 3))
		failed := w.waitLine(thread, bridge.LineFailed)
		w.waitDrained()
		w.chat.RemoveFile(support, said, "b.txt")
		w.waitLine(thread, bridge.LineEditLate)
		w.waitFate(said, "out") // all that is left of it has left
		w.chat.Press(t, "ann", failed, bridge.VerbSendAgain)
		w.waitWhisper("ann", "[decided]")
		w.wantSent("Plans+a.txt", "+c.txt")
	})
}

// The text of a reply is sent again behind its files: it can be taken back while it waits, as if it were still before them.
func TestUndoOfATextBehindItsFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{backoff: []time.Duration{time.Hour}})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent, With: "a.txt"})
	said := w.chat.Say("ann", support, thread, "Plans", file("a.txt", 1), file("b.txt", 2))
	failed := w.waitLine(thread, bridge.LineFailed)
	w.waitDrained()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, With: "a.txt"})
	w.chat.Press(t, "ann", failed, bridge.VerbSendAgain)
	w.waitFailedAttempt()
	w.chat.Choose("ann", support, said, bridge.VerbUndo)
	w.waitFate(said, "undone")
	w.advance(2 * time.Hour)
	w.wantSent("+b.txt")
}

// What is left of a reply of which something has left isn't sent by a click from before Parley was restored: it may have left since.
func TestRemainderClickedBeforeTheRestore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{lossy: true, backoff: []time.Duration{time.Hour}})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, With: "b.txt"})
	said := w.chat.Say("ann", support, thread, "Plans", file("a.txt", 1), file("b.txt", 2))
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
	w.wantSent("Plans+a.txt")
}
