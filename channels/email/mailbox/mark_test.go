package mailbox

import (
	"slices"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
)

// newMark returns a watermark after which the UIDs 1, 3 and 5 to 9 are done.
func newMark() *mark {
	m := &mark{}
	for _, uid := range []imap.UID{5, 9, 7, 6, 1, 8, 5, 3} {
		m.addDone(uid)
	}
	return m
}

func TestIsDone(t *testing.T) {
	t.Parallel()
	m := newMark()
	tests := []struct {
		uid  imap.UID
		want bool
	}{
		{uid: 7, want: true}, // inside a range
		{uid: 4, want: false},
		{uid: 10, want: false},
	}
	for _, tt := range tests {
		if got := m.isDone(tt.uid); got != tt.want {
			t.Errorf("isDone(%d) = %t, want %t", tt.uid, got, tt.want)
		}
	}
}

// Mails that were dealt with, or passed over, move the watermark, and a look back begins with the newest of them. It tries again the one
// that could not be read.
func TestNotedMailsMoveTheWatermark(t *testing.T) {
	t.Parallel()
	m := newMark()
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	mailAt := func(at time.Time) *fetched { return &fetched{arrivedAt: at} }
	m.noteOutcomes([]outcome{{uid: 10, mail: mailAt(noon)}, {uid: 11, result: resultUnreadable}, {uid: 12}}, noon.Add(time.Hour))
	m.noteSkipped(filedMail{uid: 13, arrivedAt: noon.Add(time.Minute)}, noon.Add(time.Hour))
	if m.Last != 13 || !m.NewestAt.Equal(noon.Add(time.Minute)) {
		t.Errorf("watermark: got UID %d at %v, want UID 13 at %v", m.Last, m.NewestAt, noon.Add(time.Minute))
	}
	if want := [][2]imap.UID{{1, 1}, {3, 3}, {5, 10}, {12, 13}}; !slices.Equal(m.Done, want) {
		t.Errorf("Done: got %v, want %v", m.Done, want)
	}
}

// A mail with a date in the future doesn't move the watermark beyond now.
func TestMailFromTheFutureMovesWatermarkToNow(t *testing.T) {
	t.Parallel()
	var m mark
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	m.raiseNewestAt(now.Add(time.Hour), now)
	if !m.NewestAt.Equal(now) {
		t.Errorf("NewestAt: got %v, want %v", m.NewestAt, now)
	}
}
