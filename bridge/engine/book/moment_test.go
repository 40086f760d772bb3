package book

import (
	"testing"
	"time"
)

// What comes long after it was typed is read again before it leaves.
func TestCameLate(t *testing.T) {
	t.Parallel()
	w := &Moment{DatabaseNow: time.Unix(1700000060, 0)}
	for order, want := range map[string]bool{"1700000059.000100": false, "1700000050.000100": true, "1700000070.000100": false, "": false} {
		if got := w.HasComeLate(order); got != want {
			t.Errorf("%q: %v", order, got)
		}
	}
}
