package engine

import (
	"testing"

	"parley/bridge"
)

// A note that is changed keeps the buttons that nobody has clicked yet.
func TestChangedNoteKeepsItsButtons(t *testing.T) {
	t.Parallel()
	before := bridge.Line{Content: &bridge.AnalysisLine{Until: "2026-12-05"}}
	for name, now := range map[string]*bridge.AnalysisLine{
		"nothing new": {},
		"other ones":  {Until: "2026-12-24"},
	} {
		joined := joinNotes(before, bridge.Line{Content: now}, false).Content.(*bridge.AnalysisLine)
		want := now
		if name == "nothing new" {
			want = before.Content.(*bridge.AnalysisLine)
		}
		if joined.Until != want.Until {
			t.Errorf("%s: the note has %q, want %q", name, joined.Until, want.Until)
		}
	}
}
