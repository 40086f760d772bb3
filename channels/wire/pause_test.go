package wire

import (
	"context"
	"testing"
	"time"
)

// TestFor: a pause ends with its time, or with its context.
func TestFor(t *testing.T) {
	t.Parallel()
	if !For(t.Context(), time.Millisecond) {
		t.Error("a pause of a millisecond was ended by its context, which goes on")
	}
	ended, end := context.WithCancel(t.Context())
	end()
	for _, d := range []time.Duration{time.Hour, 0} {
		if For(ended, d) {
			t.Errorf("a pause of %s ended with its time, though its context had ended", d)
		}
	}
}
