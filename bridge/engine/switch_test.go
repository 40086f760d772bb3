package engine_test

import (
	"slices"
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/channels/channelstest"
)

// In a conversation whose analysis is switched off, nothing is analysed or sent to a model, not even what waited for
// it. Other conversations are still analysed. When it is switched on again, new messages are analysed.
func TestAnalysisIsSwitchedOff(t *testing.T) {
	t.Parallel()
	m := &modelled{condition: analysis.Condition{Status: analysis.Working}}
	m.find = func(analysis.Question) (analysis.Answer, error) {
		return analysis.Answer{Sentiment: analysis.Frustrated, Intents: []string{"problem"}}, nil
	}
	w := newWorld(t, options{analyzer: m})
	thread := w.openThread()

	w.reply(thread, "!analysis of")
	w.waitWhisper("ann", "switched off or on")
	w.reply(thread, "!analysis off")
	w.waitLine(thread, bridge.LineDone)

	// Kim's message isn't analysed, but a message in another conversation is.
	w.customerWrites("kim", "My secret")
	w.waitShown("My secret")
	w.exec(`UPDATE bursts SET due_at = parley_now()`)
	w.eventually("nothing waits", func() bool { return w.countBursts() == 0 })
	w.customerSends(mail, channelstest.Event{From: "lee@x.test", Text: "Something else"})
	other := w.waitThread("Something else")
	w.makeBurstsDue()
	w.waitLine(other, bridge.LineAnalysis)

	for _, q := range m.questions() {
		if all := textsOf(slices.Concat(q.Burst, q.Before)); strings.Join(all, "") != "Something else" {
			t.Errorf("it was asked about %q", all)
		}
	}
	if n := w.countLines(thread, bridge.LineAnalysis); n != 0 {
		t.Errorf("%d notes, want none", n)
	}

	// The analysis is switched on again.
	w.reply(thread, "!analysis ON")
	w.eventually("it is on", func() bool { return w.count(`SELECT count(*) FROM conversations WHERE traits ? 'analysis'`) == 0 })
	w.customerWrites("kim", "And now?")
	w.waitShown("And now?")
	w.makeBurstsDue()
	w.waitLine(thread, bridge.LineAnalysis)
}
