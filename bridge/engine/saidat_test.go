package engine

import "testing"

// An order begins with seconds or milliseconds; what begins otherwise tells no time.
func TestTime(t *testing.T) {
	t.Parallel()
	for order, want := range map[string]int64{
		"1700000000.000100":    1_700_000_000_000,
		"1700000000":           1_700_000_000_000,
		"1700000000101":        1_700_000_000_101,
		"00000001700000000101": 1_700_000_000_101,
		"1700000000101-7":      1_700_000_000_101,
	} {
		if got := Time(order).UnixMilli(); got != want {
			t.Errorf("%q is at %d ms, want %d", order, got, want)
		}
	}
	for _, order := range []string{"", "0", "000", "x1700000000", "99999999999999999999999"} {
		if got := Time(order); !got.IsZero() {
			t.Errorf("%q is at %v, want no time", order, got)
		}
	}
}
