package engine

import (
	"slices"
	"testing"
)

// Replies typed in any surface and those of forms stand in the order of time. An order that tells no time stays as it is.
func TestLaneOrder(t *testing.T) {
	t.Parallel()
	inTime := []string{"1700000000.000100", "00000001700000000101", "1700000000.101500", "1700000000102", "1700000001.000000"}
	var orders []string
	for _, order := range inTime {
		orders = append(orders, laneOrder(order))
	}
	if !slices.IsSorted(orders) {
		t.Errorf("the orders of a lane are %q, want them sorted", orders)
	}
	for _, order := range []string{"x", ""} {
		if got := laneOrder(order); got != order {
			t.Errorf("the order %q becomes %q, want it unchanged", order, got)
		}
	}
}
