package relay

import (
	"testing"
	"time"
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
