package engine_test

import (
	"testing"

	"parley/bridge"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which customers
// write and are answered, and a fake chat, in whose channel "support" agents work.

// A question for colleagues that its author keeps inside was no answer: whoever set the conversation pending doesn't wait for us again.
func TestKeepInsideLeavesTheConversationPending(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.assign(thread, "ann")
	w.reply(thread, "!pending")
	w.waitCard(thread, "#1 pending")
	asked := w.reply(thread, "!frob of ann")
	w.waitFate(asked, "ask")
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineAsk), bridge.VerbKeep)
	w.waitFate(asked, "inside")
	w.waitDrained()
	w.waitCard(thread, "#1 pending")
}
