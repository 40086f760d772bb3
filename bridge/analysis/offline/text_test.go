package offline

import (
	"strings"
	"testing"

	"parley/bridge/analysis"
)

// A burst, which is what a customer writes in one go, may be too long to be read as a whole. Then its beginning and
// the end of its last message are read, whether that message is long or short.
func TestEndOfLongBurstIsRead(t *testing.T) {
	long := strings.Repeat("We looked at the lamp again. ", 500)
	tests := []struct {
		name string
		last string // message
	}{
		{name: "short last message", last: "Please cancel order 4711."},
		{name: "long last message", last: long + "Please cancel order 4711."},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := readText([]analysis.Message{{Text: "Good morning. " + long}, {Text: tt.last}}).all
			if want := "Good morning."; !strings.HasPrefix(got, want) {
				t.Errorf("the text begins with %.20q, want %q", got, want)
			}
			if want := "order 4711"; !strings.Contains(got, want) {
				t.Errorf("the text lacks %q, which stands at the end", want)
			}

			const between = 2 // bytes
			if maxBytes := headBytes + tailBytes + between; len(got) > maxBytes {
				t.Errorf("got %d bytes, want at most %d", len(got), maxBytes)
			}
		})
	}
}
