package book

import (
	"slices"
	"testing"
)

// TestOrderTime: an order begins with seconds or milliseconds.
func TestOrderTime(t *testing.T) {
	t.Parallel()
	for order, want := range map[string]int64{
		"1700000000.000100": 1_700_000_000_000, "1700000000": 1_700_000_000_000, "1700000000101": 1_700_000_000_101,
		"00000001700000000101": 1_700_000_000_101, "1700000000101-7": 1_700_000_000_101,
	} {
		if got := OrderTime(order).UnixMilli(); got != want {
			t.Errorf("%q is at %d, want %d", order, got, want)
		}
	}
	for _, order := range []string{"", "0", "000", "x1700000000", "99999999999999999999999"} {
		if got := OrderTime(order); !got.IsZero() {
			t.Errorf("%q is at %v", order, got)
		}
	}
}

// TestLaneOrder: replies typed in any surface and those of forms stand in the order of time.
func TestLaneOrder(t *testing.T) {
	t.Parallel()
	inTime := []string{"1700000000.000100", "00000001700000000101", "1700000000.101500", "1700000000102", "1700000001.000000"}
	var orders []string
	for _, order := range inTime {
		orders = append(orders, laneOrder(order))
	}
	if !slices.IsSorted(orders) {
		t.Errorf("%q", orders)
	}
	if laneOrder("x") != "x" || laneOrder("") != "" {
		t.Error("an order that tells no time is changed")
	}
}
