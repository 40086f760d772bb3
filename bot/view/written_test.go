package view

import (
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/analysis"
)

// Without a model a summary quotes the customer in their own language, and its heading doesn't claim another one.
func TestSummaryWithoutModel(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		line    bridge.WrittenLine
		heading string
	}{
		{name: "by a model", line: bridge.WrittenLine{Language: "fr", WrittenBy: "m-1"},
			heading: "Summary in French · by m-1, not checked by anybody"},
		{name: "in the language of the rules", line: bridge.WrittenLine{Language: "en", WrittenBy: "offline"},
			heading: "Summary · taken from the messages, without a model"},
		{name: "in another language", line: bridge.WrittenLine{Language: "fr", WrittenBy: "offline"},
			heading: "Summary · taken from the messages, in their own words (French needs a model)"},
		{name: "in place of a model's answer", line: bridge.WrittenLine{Language: "fr", WrittenBy: "offline", Degraded: true},
			heading: "Summary · the model gave no answer: taken from the messages, in their own words (French needs a model)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.line.Task, tt.line.Words = analysis.Summarise, "- Where is it?"
			if got := textOf(writtenLine(bridge.Line{}, &tt.line, bridge.Facts{})[0].Pieces); !strings.HasSuffix(got, " "+tt.heading) {
				t.Errorf("the heading is %q, want it to end with %q", got, tt.heading)
			}
		})
	}
}
