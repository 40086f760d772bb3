package bridge

import "testing"

// TestOrderTime: an order begins with seconds or milliseconds.
func TestOrderTime(t *testing.T) {
	t.Parallel()
	for order, want := range map[string]int64{
		"1700000000.000100": 1_700_000_000_000, "1700000000": 1_700_000_000_000, "1700000000101": 1_700_000_000_101,
		"00000001700000000101": 1_700_000_000_101, "1700000000101-7": 1_700_000_000_101,
	} {
		if got := orderTime(order).UnixMilli(); got != want {
			t.Errorf("%q is at %d, want %d", order, got, want)
		}
	}
	for _, order := range []string{"", "0", "000", "x1700000000", "99999999999999999999999"} {
		if got := orderTime(order); !got.IsZero() {
			t.Errorf("%q is at %v", order, got)
		}
	}
}
