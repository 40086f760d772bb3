package view

import (
	"strings"
	"testing"

	"parley/bridge"
)

// A card shows how the customer feels, and how that changed.
//
func TestMoodMark(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ now, was, want string }{
		{"", "", ""},
		{"negative", "", " Negative"},
		{"frustrated", "negative", " Frustrated, was negative"},
		{"", "frustrated", "Calm, was frustrated"},
		{"positive", "negative", " Positive, was negative"},
	} {
		var said strings.Builder
		for _, p := range moodMarkPieces(bridge.Facts{Traits: map[string]string{bridge.TraitSentiment: tt.now, bridge.TraitWas: tt.was}}) {
			if p.Kind == PieceText {
				said.WriteString(p.Text)
			}
		}
		if said.String() != tt.want {
			t.Errorf("%q after %q: %q, want %q", tt.now, tt.was, said.String(), tt.want)
		}
	}
}
