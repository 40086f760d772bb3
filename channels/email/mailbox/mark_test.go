package mailbox

import (
	"slices"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
)

func TestMarkRanges(t *testing.T) {
	t.Parallel()
	var m mark
	for _, uid := range []imap.UID{5, 9, 7, 6, 1, 8, 5, 3} {
		m.addDone(uid)
	}
	if want := [][2]imap.UID{{1, 1}, {3, 3}, {5, 9}}; !slices.Equal(m.Done, want) {
		t.Errorf("Done = %v, want %v", m.Done, want)
	}
	if !m.isDone(7) || m.isDone(4) || m.isDone(10) {
		t.Error("has")
	}
	m.dropDoneBelow(6)
	if want := [][2]imap.UID{{6, 9}}; !slices.Equal(m.Done, want) {
		t.Errorf("after forget: %v, want %v", m.Done, want)
	}
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	m.raiseNewestAt(now.Add(time.Hour), now)
	if !m.NewestAt.Equal(now) {
		t.Errorf("a date in the future moved the watermark to %v", m.NewestAt)
	}
}
