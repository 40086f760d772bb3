package engine_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
)

// newTriedForLong makes a world with a reply that Parley has been trying to send for ten minutes, as if its provider had
// been away.
func newTriedForLong(t *testing.T, o options) (w *world, thread, reply string) {
	t.Helper()
	o.hold = time.Hour
	w = newWorld(t, o)
	thread = w.openThread()
	reply = w.replyInHold(thread, "Hi Kin")
	w.exec(`UPDATE deliveries SET first_at = clock_timestamp() - interval '10 min' WHERE kind = 'reply'`)
	return w, thread, reply
}

// If Parley finds an edit when it has tried to send a reply for long, it applies the edit and sends the new text
// (requirement R-249).
func TestEditFoundWhenAReplyWasTriedForLong(t *testing.T) {
	t.Parallel()
	w, _, reply := newTriedForLong(t, options{})

	release := w.holdQueues(w.surface)
	w.missEvents(func() { w.chat.Edit(support, reply, "Hi Kim") })
	w.endHoldAfterGap()

	const thrice = `SELECT count(*) FROM deliveries WHERE kind = 'reply' AND attempt >= 3`
	w.eventually("it waits until the edit is applied", func() bool { return w.count(thrice) == 1 })
	w.waitFate(reply, "waiting")

	release()
	w.waitText(reply, "Hi Kim")
	w.waitFate(reply, "waiting") // the edit starts the hold again

	w.advance(2 * time.Hour)
	w.provider.WaitTexts(t, "Hi Kim")
	w.waitDrained()
	w.provider.WaitTexts(t, "Hi Kim")
}

// If Parley finds a deletion when it has tried to send a reply for long, it takes the reply back (requirement R-249).
func TestDeletionFoundWhenAReplyWasTriedForLong(t *testing.T) {
	t.Parallel()
	w, _, reply := newTriedForLong(t, options{})
	w.missEvents(func() { w.chat.Delete(support, reply) })
	w.endHoldAfterGap()
	w.waitFate(reply, "undone")
	w.waitDrained()
	w.wantNothingSent()
}

// If Parley finds an edit after the text has left, the reply's other files still leave (requirement R-249).
func TestLateEditFoundBeforeTheOtherFilesLeave(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{backoff: hourBackoff(), caps: func(c *channels.Capabilities) { c.Files.PerMessage = 2 }})
	thread := w.openThread()
	w.provider.AddFault(retriedFile("c.txt"))
	reply := w.sayPlans(thread, 3)
	w.waitFailedAttempt()
	w.missEvents(func() { w.chat.Edit(support, reply, "New plans", plans(3)...) })
	w.endHoldAfterGap()
	w.waitLine(thread, bridge.LineEditLate)
	w.waitFate(reply, "out")
	w.wantSent(withFiles("Plans", "a.txt", "b.txt"), withFiles("", "c.txt"))
}

// An agent who deletes a sent reply is told that it was too late. A correction that was offered before can no longer be
// sent.
func TestDeletionAfterTheHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	said := w.reply(thread, "One")
	w.waitFate(said, "out")
	w.chat.Edit(support, said, "Uno")
	offered := w.waitLine(thread, bridge.LineEditLate)

	w.chat.Delete(support, said)
	w.waitLine(thread, bridge.LineDeleteLate)
	wantButtons(t, "the line about the edit", w.waitOutcome(offered, bridge.OutcomeDropped))

	w.waitDrained()
	w.provider.WaitTexts(t, "One")
}

// If a sent reply is deleted, a correction of it that was taken back can no longer be sent.
func TestDeletionAfterAnUndoneCorrection(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	said := w.replyInHold(thread, "One")
	w.advance(2 * time.Hour)
	w.waitFate(said, "out")

	w.chat.Edit(support, said, "Uno")
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineEditLate), bridge.VerbSend)
	w.eventually("the correction waits", func() bool { return w.count(`SELECT count(*) FROM messages WHERE fate = 'waiting'`) == 1 })

	w.reply(thread, "!undo")
	undone := w.waitLine(thread, bridge.LineUndone)

	w.chat.Delete(support, said)
	wantButtons(t, "the line about the undo", w.waitOutcome(undone, bridge.OutcomeDropped))
	w.provider.WaitTexts(t, "One")
}

// alwaysChanged is a surface that finds each reply changed, although no fact ever tells of the change.
type alwaysChanged struct{ bridge.Surface }

func (alwaysChanged) Confirm(context.Context, bridge.Place, string) (bridge.Confirmation, error) {
	return bridge.Changed, nil
}

// If no event ever tells of a found change, the reply fails in the end, and its author is told.
func TestChangeThatNobodyTells(t *testing.T) {
	t.Parallel()
	w, thread, reply := newTriedForLong(t, options{surface: func(inner bridge.Surface) bridge.Surface { return alwaysChanged{inner} }})
	w.endHoldAfterGap()
	w.waitFate(reply, "failed")
	w.waitLine(thread, bridge.LineFailed)
	w.wantNothingSent()
}

// flickering is a surface that finds each reply changed and fails at each second reading. No fact ever tells of the
// change.
type flickering struct {
	bridge.Surface
	reads atomic.Int32
}

func (f *flickering) Confirm(context.Context, bridge.Place, string) (bridge.Confirmation, error) {
	if f.reads.Add(1)%2 == 0 {
		return bridge.Unchanged, &channels.SendError{Class: channels.Retry, Wait: time.Millisecond}
	}
	return bridge.Changed, nil
}

// Parley found a change of which no event ever tells, and can't read the chat in between. The reply fails in the end,
// too.
func TestChangeThatNobodyTellsInAChatThatFlickers(t *testing.T) {
	t.Parallel()
	w, thread, reply := newTriedForLong(t, options{surface: func(inner bridge.Surface) bridge.Surface { return &flickering{Surface: inner} }})
	w.endHoldAfterGap()
	w.waitFate(reply, "failed")
	w.waitLine(thread, bridge.LineFailed)
	w.wantNothingSent()
}

// After a change was found, the reply doesn't leave with its old words, even if the chat can't be read the next time and
// tells of no gap.
func TestChangeFoundInAChatThatHidesGapsAndFlickers(t *testing.T) {
	t.Parallel()
	w, thread, reply := newTriedForLong(t, options{surface: func(inner bridge.Surface) bridge.Surface {
		return gapHider{Surface: &flickering{Surface: inner}}
	}})
	w.forgetGaps()
	w.advance(2 * time.Hour)
	w.waitFate(reply, "failed")
	w.waitLine(thread, bridge.LineFailed)
	w.wantNothingSent()
}
