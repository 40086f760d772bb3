package slack

import "testing"

// A connection that breaks tells that events may be missed.
func TestGapsAreNoticedInSocketMode(t *testing.T) {
	t.Parallel()
	wantEqual(t, "hides gaps", newWorld(t).surface.HidesGaps("C1"), false)
}

// Nobody notices when a request of Slack's doesn't get here.
func TestGapsAreHiddenByHTTP(t *testing.T) {
	t.Parallel()
	w, _ := newHTTPWorld(t)
	wantEqual(t, "hides gaps", w.surface.HidesGaps(w.channel), true)
}
