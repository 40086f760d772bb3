package mailbox

import (
	"slices"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
)

// UIDs that are done are kept as ranges, and those below a bound are dropped.
func TestMarkRanges(t *testing.T) {
	t.Parallel()
	var m mark
	for _, uid := range []imap.UID{5, 9, 7, 6, 1, 8, 5, 3} {
		m.addDone(uid)
	}
	if want := [][2]imap.UID{{1, 1}, {3, 3}, {5, 9}}; !slices.Equal(m.Done, want) {
		t.Errorf("Done = %v, want %v", m.Done, want)
	}
	for uid, want := range map[imap.UID]bool{7: true, 4: false, 10: false} {
		if got := m.isDone(uid); got != want {
			t.Errorf("isDone(%d) = %v, want %v", uid, got, want)
		}
	}
	m.dropDoneBelow(6)
	if want := [][2]imap.UID{{6, 9}}; !slices.Equal(m.Done, want) {
		t.Errorf("Done without what is below 6 = %v, want %v", m.Done, want)
	}
}

// A mail with a date in the future doesn't move the watermark beyond now.
func TestMarkNewestAt(t *testing.T) {
	t.Parallel()
	var m mark
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	m.raiseNewestAt(now.Add(time.Hour), now)
	if !m.NewestAt.Equal(now) {
		t.Errorf("the watermark is at %v, want %v", m.NewestAt, now)
	}
}
