package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// The channel of these tests sends each reply in two pieces, one after the other (newSplittingWorld): "Uno" leaves as
// "Uno 1" and "Uno 2".

// Two typed lines leave as one message, and are deleted between its pieces. If both are deleted, the second piece doesn't
// leave. If one is, the piece leaves as it was. A line tells the authors that the customer has a piece.
func TestLinesDeletedBetweenPieces(t *testing.T) {
	t.Parallel()
	const firstPiece, secondPiece = "Hi Kim,\n\nbye 1", "Hi Kim,\n\nbye 2"
	tests := []struct {
		name     string
		deleted  int // of the two lines
		wantSent []string
	}{
		{name: "all lines are deleted", deleted: 2, wantSent: []string{firstPiece}},
		{name: "one line is deleted", deleted: 1, wantSent: []string{firstPiece, secondPiece}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newSplittingWorld(t, options{hold: lineHold, backoff: hourBackoff()})
			w.waitRunsAllowed()
			thread := w.openThread()
			w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, Text: "bye 2"})
			lines := []string{w.replyInHold(thread, "Hi Kim,"), w.replyInHold(thread, "bye")}
			w.advance(2 * lineHold)
			w.waitSecondPiecePutOff()

			for _, line := range lines[:tt.deleted] {
				w.chat.Delete(support, line)
			}
			w.eventually("the deletions are known", func() bool {
				return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'line' AND payload -> 'line' ->> 'Kind' = 'delete_late'`)+
					w.count(`SELECT count(*) FROM messages WHERE fate = 'undone'`) >= tt.deleted
			})

			w.advance(2 * time.Hour)
			for _, line := range lines {
				w.waitFate(line, "out")
			}
			w.waitDrained()
			w.provider.WaitTexts(t, tt.wantSent...)
			wantEqual(t, "lines that tell of deletions", w.countLines(thread, bridge.LineDeleteLate), tt.deleted)
		})
	}
}

// waitSecondPiecePutOff waits until the second piece of a message has failed for now, and waits for the next attempt.
func (w *world) waitSecondPiecePutOff() {
	w.t.Helper()
	w.eventually("the second piece waits", func() bool {
		return w.count(`SELECT count(*) FROM deliveries AS d JOIN lanes AS l ON l.id = d.lane_id
			WHERE d.part = 1 AND d.error_class = 'retry' AND l.leased_until IS NULL`) == 1
	})
}

// An edit removes a file from a reply whose first piece has left, while the second one waits for another attempt. A line
// tells the author that the file leaves all the same.
func TestFileRemovedBetweenPieces(t *testing.T) {
	t.Parallel()
	w := newSplittingWorld(t, options{backoff: hourBackoff()})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, Text: "Uno 2"})
	said := w.chat.Say("ann", support, thread, "Uno", file("a.txt", 1))
	w.waitFailedAttempt()
	w.chat.RemoveFile(support, said, "a.txt")
	w.waitLineAbout(thread, bridge.LineEditLate, "leaving a.txt")
}

// An edit removes a file from a reply whose first piece has left and whose second one has failed for good. A line tells
// the author that the file leaves only if the reply is sent again.
func TestFileRemovedBehindAFailedPiece(t *testing.T) {
	t.Parallel()
	w := newSplittingWorld(t, options{backoff: hourBackoff()})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent, Text: "Uno 2"})
	said := w.chat.Say("ann", support, thread, "Uno", file("a.txt", 1))
	w.waitLine(thread, bridge.LineFailed)
	w.chat.RemoveFile(support, said, "a.txt")
	w.waitLineAbout(thread, bridge.LineEditLate, "failed a.txt")
}

// One of two lines that leave together is edited while their first piece is sent: the second piece has the former words,
// too.
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

// A reply is edited or deleted while its first piece is sent. A line tells the author what the customer has. If it was
// deleted or made a note, the second piece doesn't leave.
func TestChangedWhileTheFirstPieceIsSent(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		change   func(w *world, message string) // until that is known
		wantLine bridge.LineKind
		wantSent []string
	}{
		{
			name: "edited",
			change: func(w *world, m string) {
				w.chat.Edit(support, m, "One")
				w.waitEdited("One")
			},
			wantLine: bridge.LineEditLate,
			wantSent: []string{"Uno 1", "Uno 2"},
		},
		{
			name: "made a note",
			change: func(w *world, m string) {
				w.chat.Edit(support, m, "note: one")
				w.waitFate(m, "inside")
			},
			wantLine: bridge.LineEditLate,
			wantSent: []string{"Uno 1"},
		},
		{
			name: "deleted",
			change: func(w *world, m string) {
				w.chat.Delete(support, m)
				w.waitFate(m, "undone")
			},
			wantLine: bridge.LineDeleteLate,
			wantSent: []string{"Uno 1"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newSplittingWorld(t, options{})
			thread := w.openThread()
			release := make(chan struct{})
			w.provider.AddFault(channelstest.Fault{Text: "Uno", Until: release})
			said := w.reply(thread, "Uno")
			w.provider.WaitCalls(t, 1)
			tt.change(w, said)
			close(release)
			w.waitLine(thread, tt.wantLine)
			w.waitFate(said, "out")
			w.waitDrained()
			w.provider.WaitTexts(t, tt.wantSent...)
			wantEqual(t, "the text that counts as sent", w.text(`SELECT text FROM messages WHERE place = $1`, said), "Uno")
		})
	}
}

// A deletion between two pieces stops the second one, and one line tells of it.
func TestDeletedBetweenPieces(t *testing.T) {
	t.Parallel()
	w := newSplittingWorld(t, options{backoff: hourBackoff()})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultRefuse, Text: "Uno 2"})
	said := w.reply(thread, "Uno")
	w.waitFailedAttempt()
	w.chat.Delete(support, said)
	w.waitLine(thread, bridge.LineDeleteLate)
	w.advance(2 * time.Hour)
	w.waitDrained()
	w.provider.WaitTexts(t, "Uno 1")
	wantEqual(t, "lines that tell of the deletion", w.countLines(thread, bridge.LineDeleteLate), 1)
}

// The reply window closes between two pieces. The reply isn't kept as a whole, since the customer has its text. The line
// names what is missing, which can be sent again.
func TestWindowClosesBetweenPieces(t *testing.T) {
	t.Parallel()
	w := newSplittingWorld(t, options{})
	thread := w.openThread()
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.WindowClosed, Text: "Uno 2"})
	said := w.chat.Say("ann", support, thread, "Uno", file("a.txt", 1))
	failed := w.waitLine(thread, bridge.LineFailed)
	wantWords(t, "the line", failed.Plain(), "a.txt")
	wantNoWords(t, "the line", failed.Plain(), "Uno")

	w.chat.Press(t, "ann", failed, bridge.VerbSendAgain)
	w.waitFate(said, "out")
	w.provider.WaitTexts(t, "Uno 1", "Uno 2")
}

// A customer reacts to the first piece of a reply. The piece's receipt told its id, by which the reply is found.
func TestReactionToAnEarlyPiece(t *testing.T) {
	t.Parallel()
	w := newSplittingWorld(t, options{})
	thread := w.openThread()
	said := w.reply(thread, "Uno")
	w.provider.WaitTexts(t, "Uno 1", "Uno 2")
	w.waitMarked(said, "sent")
	first := w.provider.Sent()[0].ID
	w.reportStatus(channelstest.Event{State: "delivered", Early: true, Message: int64(w.messageOf(said)), External: []string{first}})
	w.waitDrained()
	w.react("kim", first, "👍")
	wantWords(t, "the line", w.waitShown("👍").Plain(), "Uno")
}
