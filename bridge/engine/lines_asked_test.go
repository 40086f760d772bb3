package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/store"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which customers
// write and are answered, and a fake chat, in whose channel "support" agents work.
//
// These tests press the buttons that a line has in the thread now, not those that it had when it was posted.

// pressNow lets an agent press a button that a line has now.
func (w *world) pressNow(agent string, line bridgetest.Message, verb bridge.Verb) {
	w.t.Helper()
	w.chat.Press(w.t, agent, w.chat.Get(support, line.ID), verb)
}

// A reply that was taken back, sent by the button of the line that says so, and then deleted in its hold, is taken back for that line, too.
func TestTakenBackTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	said := w.replyInHold(thread, "See you")
	w.reply(thread, "!undo")
	undone := w.waitLine(thread, bridge.LineUndone)
	w.pressNow("ann", undone, bridge.VerbSend)
	w.waitOutcome(undone, bridge.OutcomeWaiting)
	w.chat.Delete(support, said)
	wantButtons(t, "once it was deleted", w.waitOutcome(undone, bridge.OutcomeUndone))
}

// A text that stayed inside, was sent by the button of the line that says so, and was then made a note, is inside for that line, too.
func TestKeptInsideTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour, account: func(a *store.Account) { a.ReplyMode = "explicit" }})
	thread := w.openThread()
	said := w.reply(thread, "See you")
	inside := w.waitLine(thread, bridge.LineInside)
	w.pressNow("ann", inside, bridge.VerbSend)
	w.waitOutcome(inside, bridge.OutcomeWaiting)
	w.chat.Edit(support, said, "note: he lies")
	wantButtons(t, "once it is a note", w.waitOutcome(inside, bridge.OutcomeInside))
}

// A text about which its author is asked, and that she deleted before Parley looked at it, is not asked about any more.
func TestAskedAndDeletedInOneBatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	release := w.holdQueues(w.surface)
	said := w.reply(thread, "resolve")
	w.chat.Delete(support, said)
	w.waitQueued(2)
	release()
	w.waitFate(said, "dropped")
	wantButtons(t, "the question", w.waitOutcome(w.waitLine(thread, bridge.LineAsk), bridge.OutcomeDropped))
}

// A parked reply is kept for later, and the customer writes at once: what offers the reply then has its buttons, though both are applied
// together.
func TestKeptAndOfferedInOneBatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0)})
	thread := w.openThread()
	w.advance(25 * time.Hour)
	said := w.reply(thread, "Still there?")
	w.waitFate(said, "parked")
	parked := w.waitLine(thread, bridge.LineParked)
	w.waitDrained()
	release := w.holdAllQueues()
	w.pressNow("ann", parked, bridge.VerbKeep)
	w.waitQueued(1)
	w.customerWrites("kim", "Yes")
	w.waitQueued(2)
	w.stops[0]()
	release()
	w.startReplica() // it finds both at once
	offered := w.waitLine(thread, bridge.LineOffered)
	w.waitDrained()
	w.pressNow("ann", offered, bridge.VerbSend)
	w.waitFate(said, "out")
}
