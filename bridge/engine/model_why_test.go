package engine_test

import (
	"strings"
	"testing"
	"time"

	"parley/store"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// newSealer returns a Sealer with a new key.
func newSealer(t *testing.T) *store.Sealer {
	t.Helper()
	return must(store.NewSealer(store.NewMasterKey()))(t)
}

// Parley keeps what a model was asked and answered, sealed with a key. The agent who types !why sees it alone. It is
// removed after the account's number of days.
// Requirement R-263: Why something was done.
func TestWhyTellsWhatAModelWasAsked(t *testing.T) {
	t.Parallel()
	model := newFakeModel(t)
	w := newWorld(t, options{analyzer: model, sealer: newSealer(t), settings: map[string]string{"ai_audit": "7"}})
	w.writeAndAnalyse("Call +49 170 1234567, where is my parcel?")
	n := w.count(`SELECT count(*) FROM ai_exchanges WHERE position('parcel'::bytea IN sealed) > 0 OR position('1234567'::bytea IN sealed) > 0`)
	if n != 0 {
		t.Error("what the model was asked is stored in plain words, want it sealed")
	}

	thread := w.waitThread("Call +49 170 1234567, where is my parcel?")
	w.reply(thread, "!why")
	told := w.waitWhisper("ann", "gpt-test").Plain()
	wantWords(t, "the answer to !why", told, "gpt-test", "neutral", "where is my parcel?", "PHONE_1_", `"sentiment":"neutral"`, "tokens")
	wantNoWords(t, "the answer to !why, since the model was sent masked words", told, "1234567")
	wantNoWords(t, "the thread, which others read", strings.Join(w.threadTexts(thread), "\n"), "gpt-test")

	w.advance(8 * 24 * time.Hour)
	w.stops[0]()
	w.startReplica() // it tidies when it begins
	w.eventually("it is forgotten", func() bool { return w.count(`SELECT count(*) FROM ai_exchanges`) == 0 })
}

// Nothing is kept if the account doesn't want it, or if there is no key to seal it with.
func TestNoAudit(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		settings map[string]string
		sealer   *store.Sealer
	}{{name: "the account doesn't want it", settings: map[string]string{"ai_audit": "0"}, sealer: newSealer(t)}, {name: "there is no key"}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{analyzer: newFakeModel(t), settings: tt.settings, sealer: tt.sealer})
			w.writeAndAnalyse("Where is my parcel?")
			wantEqual(t, "records of what the model was asked", w.count(`SELECT count(*) FROM ai_exchanges`), 0)
		})
	}
}
