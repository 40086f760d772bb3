package relay

import (
	"testing"
	"time"
)

func TestBackoff(t *testing.T) {
	t.Parallel()
	waits := []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute}
	for _, c := range []struct {
		attempt int
		since   time.Duration
		want    time.Duration
	}{
		{0, 0, waits[0]},
		{1, 0, waits[0]},
		{1, time.Hour, waits[0]},
		{2, time.Minute, waits[1]},
		{3, 6 * time.Minute, waits[2]},
		{9, time.Hour, waits[2]},
		{9, 30 * time.Second, waits[0]}, // eight of them waited for a gap to be filled
		{9, 2 * time.Minute, waits[1]},
	} {
		if got := backoff(waits, c.attempt, c.since); got != c.want {
			t.Errorf("attempt %d after %s: %s, want %s", c.attempt, c.since, got, c.want)
		}
	}
}
