package book

import (
	"slices"
	"testing"
)

// An order begins with seconds or milliseconds; what begins otherwise tells no time.
func TestOrderTime(t *testing.T) {
	t.Parallel()
	for order, want := range map[string]int64{
		"1700000000.000100":    1_700_000_000_000,
		"1700000000":           1_700_000_000_000,
		"1700000000101":        1_700_000_000_101,
		"00000001700000000101": 1_700_000_000_101,
		"1700000000101-7":      1_700_000_000_101,
	} {
		if got := OrderTime(order).UnixMilli(); got != want {
			t.Errorf("%q is at %d ms, want %d", order, got, want)
		}
	}
	for _, order := range []string{"", "0", "000", "x1700000000", "99999999999999999999999"} {
		if got := OrderTime(order); !got.IsZero() {
			t.Errorf("%q is at %v, want no time", order, got)
		}
	}
}

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
