package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/channels/channelstest"
)

// What was deleted between the pieces of a message of several lines: if all lines were, each author learns that the customer has a
// piece; if one was, the message ends as it began.
func TestLinesDeletedBetweenPieces(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		deleted int // lines
		want    []string
	}{
		"all": {deleted: 2, want: []string{"Hi Kim,\n\nbye 1"}},
		"one": {deleted: 1, want: []string{"Hi Kim,\n\nbye 1", "Hi Kim,\n\nbye 2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSplittingWorld(t, options{hold: lineHold, backoff: []time.Duration{time.Hour}})
			w.waitRunsAllowed()
			thread := w.openThread()
			w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, Text: "bye 2"})
			lines := []string{w.replyInHold(thread, "Hi Kim,"), w.replyInHold(thread, "bye")}
			w.advance(2 * lineHold)
			w.eventually("the second piece waits", func() bool {
				return w.count(`SELECT count(*) FROM deliveries AS d JOIN lanes AS l ON l.id = d.lane_id WHERE d.part = 1 AND d.error_class = 'retry' AND l.leased_until IS NULL`) == 1
			})
			for _, line := range lines[:c.deleted] {
				w.chat.Delete(support, line)
			}
			w.eventually("the deletions", func() bool {
				return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'line' AND payload -> 'line' ->> 'Kind' = 'delete_late'`)+
					w.count(`SELECT count(*) FROM messages WHERE fate = 'undone'`) >= c.deleted
			})
			w.advance(2 * time.Hour)
			for _, line := range lines {
				w.waitFate(line, "out")
			}
			w.waitDrained()
			w.provider.WaitTexts(t, c.want...)
			if n := w.countLines(thread, bridge.LineDeleteLate); n != c.deleted {
				t.Errorf("%d lines tell of the deletions, want %d", n, c.deleted)
			}
		})
	}
}

// A file is removed from a reply whose text has left, while the piece behind it is still tried, or has failed for good: its author
// learns that it leaves all the same, or only if the reply is sent again.
func TestFileRemovedBetweenPieces(t *testing.T) {
	t.Parallel()
	for told, fault := range map[string]channelstest.Fault{ // of the second piece
		"leaving a.txt": {Kind: channelstest.FaultRefuse, Text: "Uno 2"},
		"failed a.txt":  {Kind: channelstest.FaultReject, Class: channels.BadContent, Text: "Uno 2"},
	} {
		t.Run(told, func(t *testing.T) {
			t.Parallel()
			w := newSplittingWorld(t, options{backoff: []time.Duration{time.Hour}})
			thread := w.openThread()
			w.provider.AddFault(fault)
			said := w.chat.Say("ann", support, thread, "Uno", file("a.txt", 1))
			if fault.Kind == channelstest.FaultRefuse {
				w.waitFailedAttempt()
			} else {
				w.waitLine(thread, bridge.LineFailed)
			}
			w.chat.RemoveFile(support, said, "a.txt")
			w.waitLineAbout(thread, bridge.LineEditLate, told)
		})
	}
}

// One line of a message of several is edited while its first piece is sent: the second piece is made of the same words.
func TestLineEditedBetweenPieces(t *testing.T) {
	t.Parallel()
	w := newSplittingWorld(t, options{hold: lineHold})
	w.waitRunsAllowed()
	thread := w.openThread()
	release := make(chan struct{})
	w.provider.AddFault(channelstest.Fault{Text: "bye", Until: release})
	w.replyInHold(thread, "Hi Kim,")
	second := w.replyInHold(thread, "bye")
	w.advance(2 * lineHold)
	w.provider.WaitCalls(t, 1)
	w.chat.Edit(support, second, "see you")
	w.waitEdited("see you")
	close(release)
	w.waitLineAbout(thread, bridge.LineEditLate, "bye")
	w.waitFate(second, "out")
	w.waitDrained()
	w.provider.WaitTexts(t, "Hi Kim,\n\nbye 1", "Hi Kim,\n\nbye 2")
}

// What was edited or deleted while the first piece was under way: its author learns what the customer has, and what was deleted
// goes no further.
func TestChangedWhileTheFirstPieceIsSent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(w *world, message string)
		told   bridge.LineKind
		sent   []string
	}{
		"edited": {
			change: func(w *world, m string) { w.chat.Edit(support, m, "One") },
			told:   bridge.LineEditLate, sent: []string{"Uno 1", "Uno 2"},
		},
		"noted": {
			change: func(w *world, m string) { w.chat.Edit(support, m, "note: one") },
			told:   bridge.LineEditLate, sent: []string{"Uno 1"},
		},
		"deleted": {
			change: func(w *world, m string) { w.chat.Delete(support, m) },
			told:   bridge.LineDeleteLate, sent: []string{"Uno 1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSplittingWorld(t, options{})
			thread := w.openThread()
			release := make(chan struct{})
			w.provider.AddFault(channelstest.Fault{Text: "Uno", Until: release})
			said := w.reply(thread, "Uno")
			w.provider.WaitCalls(t, 1)
			c.change(w, said)
			w.eventually("the change", func() bool {
				return w.text(`SELECT text || fate FROM messages WHERE place = $1`, said) != "Unowaiting"
			})
			close(release)
			w.waitLine(thread, c.told)
			w.waitFate(said, "out")
			w.waitDrained()
			w.provider.WaitTexts(t, c.sent...)
			if text := w.text(`SELECT text FROM messages WHERE place = $1`, said); text != "Uno" {
				t.Errorf("the thread says that the customer has %q, want \"Uno\"", text)
			}
		})
	}
}

// Between two pieces a deletion stops the rest, and is answered once.
func TestDeletedBetweenPieces(t *testing.T) {
	t.Parallel()
	w := newSplittingWorld(t, options{backoff: []time.Duration{time.Hour}})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, Text: "Uno 2"})
	said := w.reply(thread, "Uno")
	w.waitFailedAttempt()
	w.chat.Delete(support, said)
	w.waitLine(thread, bridge.LineDeleteLate)
	w.advance(2 * time.Hour)
	w.waitDrained()
	w.provider.WaitTexts(t, "Uno 1")
	if n := w.countLines(thread, bridge.LineDeleteLate); n != 1 {
		t.Errorf("%d lines tell of it, want 1", n)
	}
}
