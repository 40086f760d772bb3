package demo_test

import (
	"testing"

	"parley/cmd/parley/demo"
)

// matchText returns how a message is recognised at the beginning of a text that arrived.
func matchText(sent, arrived string) demo.Match {
	return demo.WordingOf(demo.ReceivedText(arrived)).Match(demo.WordingOf(sent).MessageWords(), 0)
}

// Another text is not recognised as the message.
func TestMatchNothing(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		sent    string
		arrived string
	}{
		{name: "another text", sent: "one two three", arrived: "one two four"},
		{name: "only a part", sent: "one two three", arrived: "one two"},
		{name: "other order", sent: "one two three", arrived: "two one three"},
		{name: "not at the start", sent: "one two", arrived: "he wrote to us that one two"},
		{name: "text for emoji", sent: "👍", arrived: "one"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := matchText(tt.sent, tt.arrived)
			if m.Found != 0 {
				t.Errorf("%d words are recognised, want none", m.Found)
			}
			if m.Whole {
				t.Error("it is recognised word for word")
			}
		})
	}
}
