package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
)

// An agent whom the chat takes for somebody of another organisation is told, in the thread, that the customer got nothing.
func TestForeignAgentIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.journalSurfaceFact("say", bridgetest.Message{Channel: support, ID: "m900001", Thread: thread, User: "ann", By: bridge.ActorForeign,
		Text: "On our way", Order: "1700000000.000001"})
	wantWords(t, "the line", w.waitLine(thread, bridge.LineInside).Plain(), "foreign_agent", "On our way")
	w.waitDrained()
	w.wantNothingSent()
}
