package engine_test

import (
	"testing"

	"parley/bridge"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// A request for a text is treated like an analysis: personal details are masked, tokens are counted, and the exchange is
// kept for !why.
func TestTextsAreAskedUnderTheSameTerms(t *testing.T) {
	t.Parallel()
	model := newFakeModel(t)
	w := newWorld(t, options{analyzer: model, sealer: newSealer(t)})
	thread := w.openThread()
	w.exec(`DELETE FROM bursts`) // the analysis of the first message would be another request
	const address = "maria@lopez.test"

	w.reply(thread, "!ai translate:de Write to "+address+", please")
	wantWords(t, "what is written", w.waitLine(thread, bridge.LineWritten).Plain(), address)
	w.waitWritten()
	wantWords(t, "what the model was sent", model.received(), "please")
	wantNoWords(t, "what the model was sent", model.received(), address)

	if n := w.count(`SELECT coalesce(sum(tokens), 0) FROM ai_tokens`); n == 0 {
		t.Error("0 tokens are counted, want those of the text")
	}
	kept := w.count(`SELECT count(*) FROM ai_exchanges WHERE conversation_id = 1`)
	wantEqual(t, "records of what the model was asked", kept, 1)

	w.reply(thread, "!why")
	told := w.waitWhisper("ann", "gpt-test").Plain()
	wantWords(t, "the answer to !why", told, "please")
	wantNoWords(t, "the answer to !why", told, "maria@")
}
