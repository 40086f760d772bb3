package offline

import (
	"strings"
	"testing"

	"parley/bridge/analysis"
)

// Of a burst that is too long to be read as a whole, the beginning and the last message's end are read, whether that message
// is long or short.
func TestEndOfLongBurstIsRead(t *testing.T) {
	long := strings.Repeat("We looked at the lamp again. ", 500)
	for _, last := range []string{"Please cancel order 4711.", long + "Please cancel order 4711."} {
		read := readText([]analysis.Message{{Text: "Good morning. " + long}, {Text: last}})
		if !strings.HasPrefix(read.all, "Good morning.") || !strings.Contains(read.all, "order 4711") {
			t.Errorf("of a last message of %d bytes, the end isn't read", len(last))
		}
		if most := headBytes + tailBytes + 2; len(read.all) > most {
			t.Errorf("%d bytes are read, more than %d", len(read.all), most)
		}
	}
}

func TestSubjectOfForwardedMail(t *testing.T) {
	for subject, want := range map[string]bool{"FW: lamp": true, "Fwd: lamp": true, "WG: Lampe": true, "Doorst: lamp": true, " i: lampe": true,
		"Re: lamp": false, "Forwarding address": false, "fw": false, "order: fw: lamp": false} {
		if isForward(subject) != want {
			t.Errorf("%q counts as forwarded: %t", subject, !want)
		}
	}
}
