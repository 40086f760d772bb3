package relay

import (
	"testing"
	"time"

	"parley/store/dispatch"
)

// The pause after an attempt grows with the number of attempts, but only as far as fits the time since the first one.
func TestChoosePause(t *testing.T) {
	t.Parallel()
	const first, second, third = time.Minute, 5 * time.Minute, 15 * time.Minute
	tests := []struct {
		name    string
		attempt int
		since   time.Duration // since the first attempt
		want    time.Duration
	}{
		{name: "before any attempt", attempt: 0, since: 0, want: first},
		{name: "after the first attempt", attempt: 1, since: 0, want: first},
		{name: "after one that took an hour", attempt: 1, since: time.Hour, want: first},
		{name: "after the second attempt", attempt: 2, since: time.Minute, want: second},
		{name: "after the third attempt", attempt: 3, since: 6 * time.Minute, want: third},
		{name: "when there is no longer pause", attempt: 9, since: time.Hour, want: third},
		// Attempts that only waited for something follow each other quickly, and don't lengthen the pause.
		{name: "nine attempts in half a minute", attempt: 9, since: 30 * time.Second, want: first},
		{name: "nine attempts in two minutes", attempt: 9, since: 2 * time.Minute, want: second},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := choosePause([]time.Duration{first, second, third}, tt.attempt, tt.since)
			if got != tt.want {
				t.Errorf("attempt %d, %s after the first one: got %s, want %s", tt.attempt, tt.since, got, tt.want)
			}
		})
	}
}

// A reply waited for a quarter of an hour until the chat could be read, in fifty attempts without a call. After its
// first call that fails the pause is short, as after a first attempt. After the second it is longer.
func TestWaitsLengthenNoPause(t *testing.T) {
	t.Parallel()
	const first, second, third = 2 * time.Second, 10 * time.Second, time.Hour
	p := Policy{Backoff: []time.Duration{first, second, third}, Uncounted: 50}
	waited := dispatch.Claimed{FirstAgo: (15 * time.Minute).Seconds()}
	for attempt, longest := range map[int]time.Duration{50: first, 51: first, 52: second, 53: third} {
		waited.Attempt = attempt
		if got := p.pauseAfterCall(waited); got > longest || got < longest*3/4 {
			t.Errorf("the pause after attempt %d is %s, want %s or a quarter less", attempt, got, longest)
		}
	}
}

// Deliveries that failed together aren't tried again together: each pause is shortened at random by up to a quarter.
func TestPausesAreSpread(t *testing.T) {
	t.Parallel()
	const rounds = 1000
	for _, pause := range []time.Duration{time.Second, 10 * time.Second, time.Minute} {
		shortest := pause * 3 / 4
		lengths := map[time.Duration]bool{}
		for range rounds {
			got := spread(pause)
			if got > pause || got < shortest {
				t.Fatalf("spread(%s) = %s, want %s to %s", pause, got, shortest, pause)
			}
			lengths[got] = true
		}
		if len(lengths) < rounds/2 {
			t.Errorf("different lengths of %d pauses of %s: got %d, want at least %d", rounds, pause, len(lengths), rounds/2)
		}
	}
}

// A pause that was shortened counts as passed: the next pause is the next longer one, not the same one again.
func TestShortenedPauseCountsAsPassed(t *testing.T) {
	t.Parallel()
	pauses := []time.Duration{time.Second, 10 * time.Second, time.Minute}
	for range 1000 { // since the lengths are random
		since := time.Duration(0)
		for i, want := range pauses {
			got := choosePause(pauses, i+1, since)
			if got != want {
				t.Fatalf("attempt %d, %s after the first one: got %s, want %s", i+1, since, got, want)
			}
			since += spread(got)
		}
	}
}
