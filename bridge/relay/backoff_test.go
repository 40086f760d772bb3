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
		if got := choosePause(waits, c.attempt, c.since); got != c.want {
			t.Errorf("attempt %d after %s: %s, want %s", c.attempt, c.since, got, c.want)
		}
	}
}

// TestBackoffIsSpread: what failed together is not tried again together, and a pause that was
// shortened counts as passed: it isn't made a second time.
func TestBackoffIsSpread(t *testing.T) {
	t.Parallel()
	waits := []time.Duration{time.Second, 10 * time.Second, time.Minute}
	pauses := map[time.Duration]bool{}
	for range 1000 {
		since := time.Duration(0)
		for attempt, wait := range waits {
			base := choosePause(waits, attempt+1, since)
			pause := spread(base)
			if base != wait || pause > wait || pause < wait*3/4 {
				t.Fatalf("pause %s (%s) after attempt %d, %s after the first one; want up to %s", pause, base, attempt+1, since, wait)
			}
			pauses[pause] = true
			since += pause
		}
	}
	if len(pauses) < 1000 {
		t.Errorf("3000 pauses had %d lengths", len(pauses))
	}
}
