package slackfake

import "testing"

// FuzzTS: time stamps survive a round trip.
func FuzzTS(f *testing.F) {
	for _, seed := range []string{"1795165200.000001", "1.1", "", ".", "-1.0", "999999999999.999999", "1795165200"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, ts string) {
		us, ok := ParseTS(ts)
		if !ok {
			return
		}
		if back, ok := ParseTS(FormatTS(us)); !ok || back != us {
			t.Fatalf("%q is %d, comes back as %d", ts, us, back)
		}
	})
}
