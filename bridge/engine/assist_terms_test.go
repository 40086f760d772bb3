package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/engine/own"
	"parley/store"
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

// newWorldWithoutTokens makes a world whose model has no tokens left for today. It returns the thread of kim's
// conversation.
func newWorldWithoutTokens(t *testing.T, model fakeModel) (w *world, thread string) {
	t.Helper()
	w = newWorld(t, options{analyzer: model, settings: map[string]string{"ai_tokens_a_day": "1"}})
	return w, w.openThread()
}

// When a day's tokens are used up, a summary is made without the model.
func TestSummaryWithoutTokens(t *testing.T) {
	t.Parallel()
	model := newFakeModel(t)
	w, thread := newWorldWithoutTokens(t, model)
	w.reply(thread, "!ai")
	wantWords(t, "the summary", w.waitLine(thread, bridge.LineWritten).Plain(), "Hello")
	w.waitWritten()
	wantEqual(t, "requests to the model", len(model.fake.Requests()), 0)
}

// When a day's tokens are used up, an agent who asks for a translation is told when there will be new tokens.
func TestTranslationWithoutTokens(t *testing.T) {
	t.Parallel()
	model := newFakeModel(t)
	w, thread := newWorldWithoutTokens(t, model)
	w.reply(thread, "!ai translate:de Your parcel left.")
	wantWords(t, "what ann is told", w.waitWhisper("ann", "tokens are used up").Plain(), "after midnight")
	w.waitWritten()
	wantEqual(t, "requests to the model", len(model.fake.Requests()), 0)
}

// writtenForAnn stores that a text about the first conversation, for which ann asked in a thread, has been written.
func (w *world) writtenForAnn(thread string) {
	w.t.Helper()
	ask := &own.Ask{Task: analysis.Explain, Text: "What did she order?",
		Asker: own.Asker{Agent: w.agents["ann"], Surface: w.surface, User: "ann", Place: bridge.Place{Channel: support, Thread: thread}}}
	written := own.Fact{Kind: own.Written, Conversation: 1,
		WrittenText: own.WrittenText{Ask: ask, Written: &analysis.Text{Text: "Two lamps.", By: "offline"}}}
	must(store.InsertEvents(w.t.Context(), w.pool, []store.NewEvent{written.Event("written:1")}))(w.t)
	w.engines[0].Relay().Wake()
}

// wantNotShown checks that the text of writtenForAnn isn't in a thread.
func (w *world) wantNotShown(thread string) {
	w.t.Helper()
	w.waitDrained()
	for _, m := range w.chat.Messages(support, thread) {
		wantNoWords(w.t, "the thread", m.Plain(), "lamps")
	}
}

// If the analysis is switched off while a text is being written, the text isn't shown, and the asker is told why.
func TestSwitchedOffWhileATextIsWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.reply(thread, "!analysis off")
	w.waitShown("[done] Ann analysis")
	w.writtenForAnn(thread)
	w.waitWhisper("ann", "switched off: nothing of it is sent to a model")
	w.wantNotShown(thread)
}

// So it is if an admin switches off the analysis of the whole account meanwhile.
func TestAccountSwitchedOffWhileATextIsWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"ai": "off"}})
	thread := w.openThread()
	w.writtenForAnn(thread)
	wantWords(t, "what ann is told", w.waitWhisper("ann", "is switched off").Plain(), "ai: on")
	w.wantNotShown(thread)
}

// If the analysis of a conversation is switched off, no text is written for it, and the asker is told why.
func TestTextOfAConversationThatIsNotAnalysed(t *testing.T) {
	t.Parallel()
	model := newFakeModel(t)
	w, thread := newWorldWithoutTokens(t, model)
	w.reply(thread, "!analysis off")
	w.waitShown("[done] Ann analysis")
	w.reply(thread, "!ai explain what did she order?")
	w.waitWhisper("ann", "switched off: nothing of it is sent to a model")
	w.waitWritten()
	wantEqual(t, "requests to the model", len(model.fake.Requests()), 0)
}
