package engine_test

import (
	"strings"
	"testing"

	"parley/bridge"
)

// A text that somebody asks for goes to the model under the same terms as an analysis: it is masked, counted, and
// kept for !why.
func TestTextsAreAskedUnderTheSameTerms(t *testing.T) {
	t.Parallel()
	model := newFakeModel(t)
	w := newWorld(t, options{analyzer: model, sealer: newSealer(t)})
	thread := w.openThread()
	w.exec(`DELETE FROM bursts`) // the analysis of the first message is another request
	w.reply(thread, "!ai translate:de Write to maria@lopez.test, please")
	if line := w.waitLine(thread, bridge.LineWritten); !strings.Contains(line.Plain(), "maria@lopez.test") {
		t.Errorf("what is written is without the address: %s", line.Plain())
	}
	w.waitWritten()
	wantWords(t, "what the model was sent", model.received(), "please")
	wantNoWords(t, "what the model was sent", model.received(), "maria@lopez.test")
	if n := w.count(`SELECT coalesce(sum(tokens), 0) FROM ai_tokens`); n == 0 {
		t.Error("its tokens are not counted")
	}
	if n := w.count(`SELECT count(*) FROM ai_exchanges WHERE conversation_id = 1`); n != 1 {
		t.Errorf("%d records are kept, want 1", n)
	}
	w.reply(thread, "!why")
	told := w.waitWhisper("ann", "gpt-test").Plain()
	wantWords(t, "the answer to !why", told, "please")
	wantNoWords(t, "the answer to !why", told, "maria@")
}

// Where the analysis of a conversation is switched off, nothing of it is sent for a text either, and whoever asked
// is told why there is none. Where a day's tokens are used up, a summary is made without the model, and whoever asks for
// something else is told so.
func TestTextsWithoutTheModel(t *testing.T) {
	t.Parallel()
	model := newFakeModel(t)
	w := newWorld(t, options{analyzer: model, settings: map[string]string{"ai_tokens_a_day": "1"}})
	thread := w.openThread()
	w.reply(thread, "!ai")
	if line := w.waitLine(thread, bridge.LineWritten); !strings.Contains(line.Plain(), "Hello") {
		t.Errorf("the summary is %s", line.Plain())
	}
	w.reply(thread, "!ai translate:de Your parcel left.")
	if told := w.waitWhisper("ann", "tokens are used up").Plain(); !strings.Contains(told, "after midnight") {
		t.Errorf("ann is told %s", told)
	}
	w.reply(thread, "!analysis off")
	w.waitShown("[done] Ann analysis")
	w.reply(thread, "!ai explain what did she order?")
	w.waitWhisper("ann", "switched off: nothing of it is sent to a model")
	w.waitWritten()
	if n := len(model.fake.Requests()); n != 0 {
		t.Errorf("%d requests left: %s, want none", n, model.received())
	}
}
