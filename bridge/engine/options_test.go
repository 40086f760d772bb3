package engine

import (
	"testing"
	"time"
)

// TestRepliesAreTriedAgainSoon: a reply whose connection broke before anything was sent is tried
// again within seconds, and for hours after that.
func TestRepliesAreTriedAgainSoon(t *testing.T) {
	t.Parallel()
	pauses := Options{}.withDefaults().Backoff
	if first, last := pauses[0], pauses[len(pauses)-1]; first > 5*time.Second || last < time.Hour {
		t.Errorf("the pauses are %v: begin with seconds, end with hours", pauses)
	}
	for i := 1; i < len(pauses); i++ {
		if pauses[i] <= pauses[i-1] {
			t.Errorf("the pauses are %v: each is to be longer than the one before it", pauses)
		}
	}
}
