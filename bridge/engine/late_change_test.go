package engine_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
)

// newTriedForLong makes a world with a reply that has been tried for ten minutes, since its provider was away, say.
func newTriedForLong(t *testing.T, o options) (w *world, thread, reply string) {
	t.Helper()
	o.hold = time.Hour
	w = newWorld(t, o)
	thread = w.openThread()
	reply = w.replyInHold(thread, "Hi Kin")
	w.exec(`UPDATE deliveries SET first_at = clock_timestamp() - interval '10 min' WHERE kind = 'reply'`)
	return w, thread, reply
}

// an edit that is found in the chat when a reply has been tried for long already is applied, and what it says leaves.
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
	w.waitFate(reply, "waiting") // it begins the hold anew
	w.advance(2 * time.Hour)
	w.provider.WaitTexts(t, "Hi Kim")
	w.waitDrained()
	w.provider.WaitTexts(t, "Hi Kim")
}

// one that was deleted meanwhile is taken back.
func TestDeletionFoundWhenAReplyWasTriedForLong(t *testing.T) {
	t.Parallel()
	w, _, reply := newTriedForLong(t, options{})
	w.missEvents(func() { w.chat.Delete(support, reply) })
	w.endHoldAfterGap()
	w.waitFate(reply, "undone")
	w.waitDrained()
	w.wantNothingSent()
}

// one that is found after the text has left doesn't keep its other files from leaving.
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

// Whoever deletes a reply that has left is told that it was too late. A correction that was offered before can't be sent any more.
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

// A correction that was taken back can't be sent any more either, once its reply was deleted.
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

// alwaysChanged is a surface that finds each reply changed, of which no fact ever tells.
type alwaysChanged struct{ bridge.Surface }

func (alwaysChanged) Confirm(context.Context, bridge.Place, string) (bridge.Confirmation, error) {
	return bridge.Changed, nil
}

// A change that nobody ever tells of doesn't hold a reply up for ever: its author is told that it failed.
func TestChangeThatNobodyTells(t *testing.T) {
	t.Parallel()
	w, thread, reply := newTriedForLong(t, options{surface: func(inner bridge.Surface) bridge.Surface { return alwaysChanged{inner} }})
	w.endHoldAfterGap()
	w.waitFate(reply, "failed")
	w.waitLine(thread, bridge.LineFailed)
	w.wantNothingSent()
}

// flickering is a surface that finds each reply changed, of which no fact ever tells, and of which each second reading fails.
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

// Nor does it if the chat can't be read between: the change was found before.
func TestChangeThatNobodyTellsInAChatThatFlickers(t *testing.T) {
	t.Parallel()
	w, thread, reply := newTriedForLong(t, options{surface: func(inner bridge.Surface) bridge.Surface { return &flickering{Surface: inner} }})
	w.endHoldAfterGap()
	w.waitFate(reply, "failed")
	w.waitLine(thread, bridge.LineFailed)
	w.wantNothingSent()
}

// Once a change was found, reading the reply again is no mere precaution any more: the reply doesn't leave with its old words because
// the chat could not be read the next time.
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
