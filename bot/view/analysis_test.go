package view

import (
	"strings"
	"testing"

	"parley/bridge"
)

// A card says how the customer feels, and how that changed.
// Requirement R-187: Mood over time.
func TestMoodMark(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, now, before, want string }{
		{name: "unknown"},
		{name: "known for the first time", now: "negative", want: " Negative"},
		{name: "worse than before", now: "frustrated", before: "negative", want: " Frustrated, was negative"},
		{name: "calm again", before: "frustrated", want: "No longer frustrated"},
		{name: "better than before", now: "positive", before: "negative", want: " Positive, was negative"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			traits := map[string]string{bridge.TraitSentiment: tt.now, bridge.TraitWas: tt.before}
			var got strings.Builder
			for _, p := range moodMarkPieces(bridge.Facts{Traits: traits}) {
				if p.Kind == PieceText {
					got.WriteString(p.Text)
				}
			}
			wantEqual(t, "words of the mark", got.String(), tt.want)
		})
	}
}
