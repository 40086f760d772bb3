package engine

import (
	"testing"
	"time"
)

// A reply whose connection broke before anything was sent is tried
// again within seconds, and for hours after that.
func TestRepliesAreTriedAgainSoon(t *testing.T) {
	t.Parallel()
	pauses := Options{}.withDefaults().Backoff
	if first := pauses[0]; first > 5*time.Second {
		t.Errorf("the first pause is %v, want at most 5 s", first)
	}
	if last := pauses[len(pauses)-1]; last < time.Hour {
		t.Errorf("the last pause is %v, want an hour at least", last)
	}
	for i := 1; i < len(pauses); i++ {
		if pauses[i] <= pauses[i-1] {
			t.Errorf("the pauses are %v: each is to be longer than the one before it", pauses)
		}
	}
}
