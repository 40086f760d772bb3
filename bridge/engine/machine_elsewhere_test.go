package engine_test

import (
	"testing"
	"time"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// answerByMachine lets a machine of the company's page answer kim at once, outside of Parley.
func (w *world) answerByMachine() {
	w.t.Helper()
	e := foreignAnswer("away", "We are away")
	e.At = time.Now()
	w.postChatEvent(e)
	w.waitShown("We are away")
	w.waitIdle()
}

// While a reply is held (waits so that it can be taken back), the customer asks once more and a machine answers at once.
// The reply answers only the first question, so the customer waits on.
func TestMachineElsewhereInTheHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour, caps: withWindow(0)})
	thread := w.openThread()
	held := w.replyInHold(thread, "It is black")
	w.customerWrites("kim", "And the other one?")
	w.waitShown("And the other one?")
	w.answerByMachine()

	w.advance(2 * time.Hour)
	w.waitFate(held, "out")
	w.waitDrained()
	wantEqual(t, "customers who wait", w.countWaiting(), 1)
}

// Lists show as the last message what a person said, not what a machine answered outside of Parley.
func TestMachineElsewhereIsNotSaidLast(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0)})
	w.openThread()
	before := w.annsFacts().LastMessage
	w.answerByMachine()
	wantEqual(t, "the last message", w.annsFacts().LastMessage, before)
}
