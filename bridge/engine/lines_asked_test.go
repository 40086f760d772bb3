package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.
//
// A line is a remark of Parley's in a thread. These tests press the buttons that a line has now, not those that it was
// posted with.

// pressNow lets an agent press a button that a line has at this moment.
func (w *world) pressNow(agent string, line bridgetest.Message, verb bridge.Verb) {
	w.t.Helper()
	w.chat.Press(w.t, agent, w.chat.Get(support, line.ID), verb)
}

// An agent presses Send again below words that were edited meanwhile: the new words are shown first, with a button of
// their own.
func TestSendAgainUnderOldWordsAsks(t *testing.T) {
	t.Parallel()
	w, _, reply, failed := newFailedReply(t)
	w.chat.Edit(support, reply, "One")
	w.waitText(reply, "One")
	w.chat.Press(t, "ann", failed, bridge.VerbSendAgain)
	shown := w.waitWhisper("ann", "One")
	w.waitFate(reply, "failed")
	w.chat.Press(t, "ann", shown, bridge.VerbSendAgain)
	w.waitFate(reply, "out")
	wantList(t, "what the customer got", w.sentTexts(), []string{"One"})
}
