package view

import (
	"strings"
	"testing"

	"parley/bridge"
)

// What has its thread in another chat is not linked to: that chat is named.
func TestWhereabouts(t *testing.T) {
	t.Parallel()
	f := full(t)
	f.Thread.Root, f.Thread.Elsewhere = bridge.Place{}, "Matrix\n<b>"
	for name, c := range map[string]Card{
		"list": List(bridge.Listing{Rows: []bridge.Facts{f}}, nil), "details": Details(f),
		"exists":    Line(bridge.Line{Content: bridge.LineExists, Other: f, Text: "Hello"}, facts(t)),
		"same":      Line(bridge.Line{Content: bridge.LineSamePerson, Other: f}, facts(t)),
		"continued": Line(bridge.Line{Content: bridge.LineContinued, Other: f}, facts(t)),
		"evening":   Evening(&bridge.EveningLine{Rows: []bridge.Facts{f}}),
	} {
		checkCard(t, name, c)
		if plain := Plain(c); !strings.Contains(plain, "in Matrix <b>") {
			t.Errorf("%s doesn't say where it is:\n%s", name, plain)
		}
	}
}
