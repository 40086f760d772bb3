package engine_test

import (
	"testing"

	"parley/bridge"
)

// Who is no agent is told so once; a program that answers each message would else never end.
func TestNoAgentIsToldOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.writes("kim", "Hello")
	thread := w.thread("Hello")
	first := w.chat.Say("dan", support, thread, "I am no agent")
	w.fate(first, "inside")
	w.line(thread, bridge.LineNotMapped)
	for _, text := range []string{"again", "and again"} {
		w.marked(w.chat.Say("dan", support, thread, text), string(bridge.MarkInside))
	}
	w.settled()
	if n := w.lines(thread, bridge.LineNotMapped); n != 1 {
		t.Errorf("told %d times", n)
	}
}
