package analysis

import (
	"strings"
	"testing"
	"time"
)

// Find takes a short time for each text, whatever is repeated in it. The time doesn't grow with the square of the length.
func TestFindIsBounded(t *testing.T) {
	t.Parallel()
	const (
		size = 8 << 10
		// maxTime is far more than Find needs, even on a busy machine.
		maxTime = 10 * time.Second
	)
	for _, unit := range []string{
		// Digits, and characters between them.
		"1", "0", "+", "+1", "0 ", "(0", "1/", "\u0660", "[",
		// Beginnings of addresses, cards, accounts and phones.
		"@", "a@", "a", "a1",
		"4111111111111111", "4111 1111 1111 1111 ",
		"DE89", "DE89 3704 ",
		"555-010-0199", "612 34 ", "612345678 ",
		// A space that isn't seen.
		"\u200b",
	} {
		text := strings.Repeat(unit, size/len(unit))
		begun := time.Now()
		Find(text)
		if took := time.Since(begun); took > maxTime {
			t.Errorf("%q repeated took %v, want at most %v", unit, took, maxTime)
		}
	}
}
