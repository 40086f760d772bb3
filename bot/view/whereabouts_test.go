package view

import (
	"testing"

	"parley/bridge"
)

// A thread in another chat can't be linked to: that chat is named instead.
func TestThreadInAnotherChat(t *testing.T) {
	t.Parallel()
	f := full(t)
	f.Thread.Root, f.Thread.Elsewhere = bridge.Place{}, "Matrix\n<b>"
	for name, c := range map[string]Card{
		"list":        List(bridge.Listing{Rows: []bridge.Facts{f}}, nil),
		"details":     Details(f),
		"exists":      Line(bridge.Line{Content: bridge.LineExists, Other: f, Text: "Hello"}, facts(t)),
		"same person": Line(bridge.Line{Content: bridge.LineSamePerson, Other: f}, facts(t)),
		"continued":   Line(bridge.Line{Content: bridge.LineContinued, Other: f}, facts(t)),
		"evening":     Evening(&bridge.EveningLine{Rows: []bridge.Facts{f}}),
	} {
		t.Run(name, func(t *testing.T) {
			checkCard(t, name, c)
			wantWords(t, Plain(c), "in Matrix <b>")
		})
	}
}
