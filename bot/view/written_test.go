package view

import (
	"strings"
	"testing"

	"parley/bridge"
	"parley/bridge/analysis"
)

// TestSummaryWithoutModel: without a model a summary is in nobody's language but the customer's, and doesn't claim to be.
func TestSummaryWithoutModel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line bridge.WrittenLine
		says string
	}{
		{bridge.WrittenLine{Task: analysis.Summarise, Language: "fr", WrittenBy: "m-1"}, "Summary in French · by m-1, not checked by anybody"},
		{bridge.WrittenLine{Task: analysis.Summarise, Language: "en", WrittenBy: "offline"}, "Summary · taken from the messages, without a model"},
		{bridge.WrittenLine{Task: analysis.Summarise, Language: "fr", WrittenBy: "offline"},
			"Summary · taken from the messages, in their own words (French needs a model)"},
		{bridge.WrittenLine{Task: analysis.Summarise, Language: "fr", WrittenBy: "offline", Degraded: true},
			"Summary · the model gave no answer: taken from the messages, in their own words (French needs a model)"},
	} {
		c.line.Words = "- Where is it?"
		var said strings.Builder
		for _, p := range writtenLine(bridge.Line{}, &c.line, bridge.Facts{})[0].Pieces {
			said.WriteString(p.Text)
		}
		if !strings.HasSuffix(said.String(), " "+c.says) {
			t.Errorf("%+v says %q", c.line, said.String())
		}
	}
}
