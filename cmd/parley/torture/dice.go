package torture

import (
	"fmt"
	"math/rand/v2"
)

// dice decide what people do by chance. The same seed makes the same run.
type dice struct{ *rand.Rand }

// percent returns true with the given probability: percent(20) is true in 20 of 100 cases.
func (r dice) percent(percent int) bool { return r.IntN(100) < percent }

// composeText makes a text around a marker. It ends with the marker's EndWord.
func (r dice) composeText(m Marker) string {
	texts := []string{
		"Thank you for your patience, this is %s.",
		"Here is what I found: %s",
		"Please look at %s and tell me whether it works now.",
		"About %s:\n\nit was the cable.",
		"Hello again, %s.\nBest wishes",
		"%s",
	}
	return fmt.Sprintf(texts[r.IntN(len(texts))], m) + " " + m.EndWord()
}
