package engine_test

import (
	"strings"
	"testing"

	"parley/bridge/analysis/openai/openaifake"
	"parley/store"
)

func newSealer(t *testing.T) *store.Sealer {
	t.Helper()
	return must(store.NewSealer(store.NewMasterKey()))(t)
}

// What a model was asked and answered is kept sealed, with what was found and what it cost; whoever asks why is told,
// alone. It goes after the account's days, and with its conversation.
//
func TestWhyTellsWhatAModelWasAsked(t *testing.T) {
	t.Parallel()
	model := newFakeModel(t)
	w := newWorld(t, options{analyzer: model, sealer: newSealer(t), settings: map[string]string{"ai_audit": "7"}})
	w.writeAndAnalyse("Call +49 170 1234567, where is my parcel?")
	if n := w.count(`SELECT count(*) FROM ai_exchanges WHERE position('parcel'::bytea IN sealed) > 0 OR position('1234567'::bytea IN sealed) > 0`); n != 0 {
		t.Error("it is not sealed")
	}
	thread := w.waitThread("Call +49 170 1234567, where is my parcel?")
	w.reply(thread, "!why")
	told := w.waitWhisper("ann", "gpt-test").Plain()
	for _, want := range []string{"gpt-test", "neutral", "where is my parcel?", "PHONE_1_", `"sentiment":"neutral"`, "tokens"} {
		if !strings.Contains(told, want) {
			t.Errorf("without %q: %s", want, told)
		}
	}
	if strings.Contains(told, "1234567") {
		t.Errorf("what was sent was masked: %s", told)
	}
	if got := strings.Join(w.customerTexts(thread), "\n"); strings.Contains(got, "gpt-test") {
		t.Errorf("others read it, too: %s", got)
	}
	w.advance(8 * 24 * 60 * 60 * 1e9)
	w.stops[0]()
	w.startReplica() // it tidies when it begins
	w.eventually("it is forgotten", func() bool { return w.count(`SELECT count(*) FROM ai_exchanges`) == 0 })
}

// A model that gave no answer is in it, too: what left had left.
func TestWhyTellsOfAFailure(t *testing.T) {
	t.Parallel()
	model := newFakeModel(t)
	refuses := openaifake.Refuse()
	model.fake.Always(&refuses)
	w := newWorld(t, options{analyzer: model, sealer: newSealer(t)})
	w.writeAndAnalyse("Where is my parcel?")
	w.reply(w.waitThread("Where is my parcel?"), "!why")
	if told := w.waitWhisper("ann", "refused").Plain(); !strings.Contains(told, "offline") || !strings.Contains(told, "Where is my parcel?") {
		t.Errorf("told %s", told)
	}
	if n := w.count(`SELECT count(*) FROM pg_constraint WHERE conrelid = 'ai_exchanges'::regclass AND confrelid = 'conversations'::regclass AND confdeltype = 'c'`); n != 1 {
		t.Error("records stay when their conversation is erased")
	}
}

// Nothing is kept of accounts that don't want it, nor without a key to seal it with.
func TestNoAudit(t *testing.T) {
	t.Parallel()
	for _, o := range []options{{settings: map[string]string{"ai_audit": "0"}, sealer: newSealer(t)}, {}} {
		o.analyzer = newFakeModel(t)
		w := newWorld(t, o)
		w.writeAndAnalyse("Where is my parcel?")
		if n := w.count(`SELECT count(*) FROM ai_exchanges`); n != 0 {
			t.Errorf("%d records, want none", n)
		}
	}
}
