package engine_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"parley/bridge/analysis"
	"parley/bridge/analysis/offline"
	"parley/bridge/analysis/openai"
	"parley/bridge/analysis/openai/openaifake"
	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// fakeModel is a model that answers over TCP, with the Analyzer that asks it.
type fakeModel struct {
	*openai.Analyzer
	fake *openaifake.Server
}

// newFakeModel starts a model that finds nothing, with rules as its fallback. Private details are masked. The time limit
// is long and no question waits for another one, so that the model answers even on a busy machine.
func newFakeModel(t *testing.T) fakeModel {
	t.Helper()
	fake := openaifake.New(openaifake.Options{Models: []string{"gpt-test"}, Abilities: openaifake.Modern(), Answers: plainly{}})
	server := httptest.NewServer(fake)
	a := must(openai.New(t.Context(), openai.Options{BaseURL: server.URL, Model: "gpt-test", Mask: true, Fallback: offline.New(),
		Timeout: time.Minute, Concurrency: 64}))(t)
	t.Cleanup(func() {
		_ = a.Close()
		fake.Close()
		server.Close()
	})
	return fakeModel{a, fake}
}

// plainly answers that a customer is neutral.
type plainly struct{}

func (plainly) Analyze(context.Context, analysis.Question) (analysis.Answer, error) {
	return analysis.Answer{Language: "en", Sentiment: analysis.Neutral}, nil
}

// received returns all bytes that the model's server was sent.
func (a fakeModel) received() string {
	var all strings.Builder
	for _, r := range a.fake.Requests() {
		all.Write(r.Body)
	}
	return all.String()
}

// The model is never sent what colleagues say among themselves (remarks, notes, commands, names that they gave), nor
// texts by another customer or by people who aren't agents. Each such text has a canary word here, which must not reach
// the model's server. What the customer was told does reach it.
// Requirement R-178: Each message is looked at.
func TestNothingInternalIsSent(t *testing.T) {
	t.Parallel()
	model := newFakeModel(t)
	w := newWorld(t, options{analyzer: model, settings: map[string]string{"reply_after_resolve": "reopen"}})
	thread := w.openThread()
	for _, inside := range []string{
		"note: she owes us canaryNote", "// canaryAside", "!take", "!topic canaryTopic", "!rename canaryName", "!priority high",
		"<@ben> what do you think, canaryColleague", "!snooze canarySnooze", "!nosuchverb canaryVerb", "!find canaryFind",
	} {
		w.reply(thread, inside)
	}
	w.chat.Say("dan", support, thread, "canaryStranger wrote this")
	w.chat.Say("eve", support, thread, "canaryGuest wrote this")
	w.chat.Say("bot", support, thread, "canaryBot wrote this")

	// A reply is sent, the conversation is resolved, and another customer writes.
	w.reply(thread, "!reply We look into it, toldTheCustomer.")
	w.eventually("the reply arrives", func() bool { return len(w.sentTexts()) == 1 })
	w.reply(thread, "!resolve canaryResolve")
	w.eventually("it is resolved", func() bool { return w.count(`SELECT count(*) FROM conversations WHERE status = 'resolved'`) == 1 })
	w.customerSends(chat, channelstest.Event{From: "other", Text: "Somebody else's canaryOther"})
	w.waitThread("Somebody else's canaryOther")
	// The other customer's own analysis is another question, which may have her words.
	w.exec(`DELETE FROM bursts WHERE conversation_id <> 1`)
	w.writeAndAnalyse("Where is it now?")
	sent := model.received()
	for _, must := range []string{"Where is it now?", "Hello", "toldTheCustomer"} {
		if !strings.Contains(sent, must) {
			t.Errorf("the model is not told %q", must)
		}
	}

	for _, name := range []string{
		"Note", "Aside", "Topic", "Name", "Colleague", "Snooze", "Verb", "Find", "Stranger", "Guest", "Bot", "Resolve",
		"Other",
	} {
		if strings.Contains(sent, "canary"+name) {
			t.Errorf("canary%s left the house", name)
		}
	}

	for _, person := range []string{"acme.test", "Ann", "Ben"} {
		if strings.Contains(sent, person) {
			t.Errorf("%q left the house", person)
		}
	}
}

// Addresses, phone numbers and card numbers are masked before a text is sent to the model, unless the account allows
// them.
func TestMaskIsAChoice(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		settings   map[string]string
		wantLeaves bool
	}{
		{name: "nothing is chosen", settings: nil, wantLeaves: false},
		{name: "on", settings: map[string]string{"ai_mask": "on"}, wantLeaves: false},
		{name: "off", settings: map[string]string{"ai_mask": "off"}, wantLeaves: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			model := newFakeModel(t)
			w := newWorld(t, options{analyzer: model, settings: tt.settings})
			w.writeAndAnalyse("Write to maria@lopez.test or call +49 170 1234567, card 4111 1111 1111 1111")
			for _, private := range []string{"maria@lopez.test", "+49 170 1234567", "4111 1111 1111 1111"} {
				wantEqual(t, "whether "+private+" leaves for the model", strings.Contains(model.received(), private), tt.wantLeaves)
			}
		})
	}
}

// All processes together count the tokens that an account uses on one day. When they are used up, rules answer instead of
// the model. Other accounts aren't affected.
func TestTokensOfAnAccount(t *testing.T) {
	t.Parallel()
	model := newFakeModel(t)
	const aDay, usedAtLeast, mostQuestions = 9000, 3000, 40
	w := newWorld(t, options{analyzer: model, engines: 2, settings: map[string]string{"ai_tokens_a_day": fmt.Sprint(aDay)}})
	w.saveAccount(mail, nil)
	countDegraded := func() (n int64) {
		for _, e := range w.engines {
			n += e.AnalysisCounts().Degraded
		}
		return n
	}

	for i := 0; countDegraded() == 0; i++ {
		if i > mostQuestions {
			t.Fatalf("%d tokens are used and nothing is refused", w.count(`SELECT tokens FROM ai_tokens`))
		}
		w.writeAndAnalyse(strings.Repeat("Where is my parcel? ", 3) + string(rune('a'+i)))
	}

	if used := w.count(`SELECT tokens FROM ai_tokens`); used > aDay || used < usedAtLeast {
		t.Errorf("%d tokens are used when the first question is refused, want between %d and %d", used, usedAtLeast, aDay)
	}

	// A process that begins on the same day knows what was used.
	requests := len(model.fake.Requests())
	w.stops[0]()
	w.startReplica()
	before := countDegraded()
	w.writeAndAnalyse("And now?")
	wantEqual(t, "requests to the model by a new process", len(model.fake.Requests())-requests, 0)
	wantEqual(t, "answers of rules in a new process", countDegraded()-before, 1)

	// The next day begins.
	w.advance(24 * time.Hour)
	w.writeAndAnalyse("And on the next day?")
	if len(model.fake.Requests()) == requests {
		t.Error("the model isn't asked on the next day")
	}
}
