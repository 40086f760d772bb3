package engine_test

import (
	"testing"

	"parley/bridge"
)

// Somebody who isn't an agent is told so once. A program that answers each message would otherwise never end.
func TestNoAgentIsToldOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	first := w.chat.Say("dan", support, thread, "I am no agent")
	w.waitFate(first, "inside")
	w.waitLine(thread, bridge.LineNotMapped)
	for _, text := range []string{"again", "and again"} {
		w.waitMarked(w.chat.Say("dan", support, thread, text), string(bridge.MarkInside))
	}
	w.waitDrained()
	if n := w.countLines(thread, bridge.LineNotMapped); n != 1 {
		t.Errorf("told %d times, want 1", n)
	}
}
