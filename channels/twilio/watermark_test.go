package twilio

import (
	"testing"
	"time"
)

// A clock that ran ahead for one look, and was put right, keeps no message away, and brings nothing from before the set-up.
func TestLostAfterTheClockWasPutRight(t *testing.T) {
	t.Parallel()
	const ahead = 30 * 24 * time.Hour
	w := newWorld(t, viaSMS)
	w.fake.SetLost(true)
	w.annWrites("before the set-up")
	w.clock.move(2 * time.Hour)
	w.base.beginsAt = w.clock.now()
	w.clock.move(ahead)
	w.poll(w.loadMemory()) // sets the watermark
	w.clock.move(-ahead)
	w.writeLost(2, time.Hour)
	w.poll(w.loadMemory())
	w.wantLost(2)
}
