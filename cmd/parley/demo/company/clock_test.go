package company

import (
	"testing"
	"time"
)

// The next morning begins at nine o'clock of the zone.
func TestUntilMorning(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("east", 5*3600)
	for at, want := range map[string]time.Duration{
		"2026-11-20T08:00:00Z": 20 * time.Hour,            // 13:00 there
		"2026-11-20T18:59:00Z": 9*time.Hour + time.Minute, // 23:59 there
	} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := UntilMorning(now.In(zone)); got != want {
			t.Errorf("%s: got %s, want %s", at, got, want)
		}
	}
}
