package relay

import (
	"testing"
	"time"
)

// The pause before an attempt goes by the attempts, but is no longer than what fits to the time since the first one.
func TestBackoff(t *testing.T) {
	t.Parallel()
	waits := []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute}
	for _, c := range []struct {
		attempt int
		since   time.Duration
		want    time.Duration
	}{
		{attempt: 0, since: 0, want: waits[0]},
		{attempt: 1, since: 0, want: waits[0]},
		{attempt: 1, since: time.Hour, want: waits[0]},
		{attempt: 2, since: time.Minute, want: waits[1]},
		{attempt: 3, since: 6 * time.Minute, want: waits[2]},
		{attempt: 9, since: time.Hour, want: waits[2]},
		{attempt: 9, since: 30 * time.Second, want: waits[0]}, // eight of them waited for a gap to be filled
		{attempt: 9, since: 2 * time.Minute, want: waits[1]},
	} {
		if got := choosePause(waits, c.attempt, c.since); got != c.want {
			t.Errorf("after attempt %d, %s after the first one, the pause is %s, want %s", c.attempt, c.since, got, c.want)
		}
	}
}

// What failed together is not tried again together, and a pause that was shortened counts as passed: it isn't made a second time.
func TestBackoffIsSpread(t *testing.T) {
	t.Parallel()
	waits := []time.Duration{time.Second, 10 * time.Second, time.Minute}
	pauses := map[time.Duration]bool{}
	const rounds = 1000
	for range rounds {
		since := time.Duration(0)
		for attempt, wait := range waits {
			base := choosePause(waits, attempt+1, since)
			if base != wait {
				t.Fatalf("after attempt %d, %s after the first one, the pause is %s, want %s", attempt+1, since, base, wait)
			}
			pause := spread(base)
			if pause > wait || pause < wait*3/4 {
				t.Fatalf("the pause of %s is spread to %s, want %s to %s", base, pause, wait*3/4, wait)
			}
			pauses[pause] = true
			since += pause
		}
	}
	if len(pauses) < rounds {
		t.Errorf("%d pauses had %d lengths, want at least %d", rounds*len(waits), len(pauses), rounds)
	}
}
