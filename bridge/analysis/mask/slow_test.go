package mask

import (
	"strings"
	"testing"
	"time"
)

// TestFindBounded: no text takes long, whatever it is made of.
func TestFindBounded(t *testing.T) {
	t.Parallel()
	const size = 8 << 10
	for _, unit := range []string{"1", "0", "+", "a@", "+1", "0 ", "DE89", "DE89 3704 ", "(0", "4111111111111111", "4111 1111 1111 1111 ",
		"1/", "a", "a1", "\u0660", "\u200b", "555-010-0199", "612 34 ", "612345678 ", "[", "@"} {
		text := strings.Repeat(unit, size/len(unit))
		begun := time.Now()
		Find(text)
		t.Logf("%q took %v", unit, time.Since(begun))
		if d := time.Since(begun); d > 10*time.Second {
			t.Errorf("%q took %v, want at most %v", unit, d, 10*time.Second)
		}
	}
}
