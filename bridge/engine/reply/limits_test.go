package reply

import (
	"testing"

	"parley/channels"
)

// sms is a channel that sends Markdown without its escapes.
type sms struct{ channels.Channel }

func (sms) Capabilities() channels.Capabilities { return channels.Capabilities{MaxTextRunes: 5} }

func (sms) TextRunes(text string) int { return len(text) - 2 }

// What counts is how long a text is when it leaves.
func TestLengthOfTextThatLeaves(t *testing.T) {
	t.Parallel()
	for text, fits := range map[string]bool{`a\_b\_c`: true, `a\_b\_cd`: false} {
		if problem := OverLimits(sms{}, "SMS", nil, text, nil); (problem == nil) != fits {
			t.Errorf("%q: got the problem %v, want it to fit: %v", text, problem, fits)
		}
	}
}
