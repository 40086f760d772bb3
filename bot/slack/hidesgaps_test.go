package slack

import "testing"

// In Socket Mode, a connection that breaks shows that events may be missed.
func TestGapsAreNoticedInSocketMode(t *testing.T) {
	t.Parallel()
	wantEqual(t, "hides gaps", newWorld(t).surface.HidesGaps("C1"), false)
}

// By HTTP, Parley doesn't notice if a request of Slack's never arrives.
func TestGapsAreHiddenByHTTP(t *testing.T) {
	t.Parallel()
	w, _ := newHTTPWorld(t)
	wantEqual(t, "hides gaps", w.surface.HidesGaps(w.channel), true)
}
