package pause

import (
	"context"
	"testing"
	"time"
)

// TestFor: a pause ends with its time, or with its context.
func TestFor(t *testing.T) {
	t.Parallel()
	if !For(t.Context(), time.Millisecond) {
		t.Error("the context went on")
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if For(ended, time.Hour) || For(ended, 0) {
		t.Error("the context had ended")
	}
}
