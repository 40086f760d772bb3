package teams

import (
	"testing"
	"time"
)

// timedMessage is a message that comes at some time after a test has begun, and took some time from Teams to us, by
// the difference of the clocks.
type timedMessage struct {
	at   time.Duration
	took time.Duration
	want bool // it is late
}

// checkLateness checks which of several messages that come one after the other are late.
func checkLateness(t *testing.T, messages []timedMessage) {
	t.Helper()
	var l Lateness
	began := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	for i, m := range messages {
		if got := l.RecordArrival(began.Add(m.at), m.took); got != m.want {
			t.Errorf("message %d, which came after %s and took %s, is late: got %v, want %v", i, m.at, m.took, got, m.want)
		}
	}
}

// A message is late if it took much longer than usual, however many late ones came before it.
func TestLateMessages(t *testing.T) {
	t.Parallel()
	checkLateness(t, []timedMessage{
		{took: lateThreshold, want: false},
		{took: 11 * time.Second, want: true},
		{took: 6500 * time.Millisecond, want: true},
		{took: 11 * time.Second, want: true},
		{at: 50 * time.Second, took: 0, want: false},
		{at: 70 * time.Second, took: 11 * time.Second, want: true},
	})
}
