package twilio

import (
	"testing"
	"time"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
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

// A clock that ran ahead by little more than the overlap, and was put right, keeps no message away either.
func TestLostAfterTheClockWasSlightlyAhead(t *testing.T) {
	t.Parallel()
	const ahead = overlap + 3*time.Minute
	w := newWorld(t, viaSMS)
	w.fake.SetLost(true)
	w.base.beginsAt = w.clock.now().Add(-time.Hour)
	w.clock.move(ahead)
	w.poll(w.loadMemory()) // sets the watermark
	w.clock.move(-ahead)
	w.writeLost(2, 2*time.Minute)
	w.poll(w.loadMemory())
	w.wantLost(2)
}

// A clock that shows a time from before the set-up doesn't set the watermark back: all since then would be read again.
func TestClockFromBeforeTheSetUp(t *testing.T) {
	t.Parallel()
	const behind = 30 * 24 * time.Hour
	w := newWorld(t, viaSMS)
	w.base.beginsAt = w.clock.now().Add(-time.Hour)
	w.poll(w.loadMemory())
	before := w.loadMemory().Since
	w.clock.move(-behind)
	w.poll(w.loadMemory())
	wantEqual(t, "watermark", w.loadMemory().Since, before)
}

// An account that gets another number begins anew: what that number got before isn't taken, however long the account was
// paused.
func TestAnotherNumberBeginsAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaSMS, func(o *twiliofake.Options, _ channels.Config) {
		o.Numbers = append(o.Numbers, twiliofake.Number{Address: otherNumber})
	})
	w.base.beginsAt = w.clock.now()
	w.poll(w.loadMemory()) // sets the watermark
	w.ann = w.fake.Phone(annPhone, otherNumber, "Ann Lee")
	w.clock.move(time.Hour)
	w.annWrites("before")
	w.clock.move(time.Hour)
	w.base.number.from, w.base.beginsAt = otherNumber, w.clock.now()
	w.clock.move(time.Minute)
	w.annWrites("after")
	w.clock.move(time.Minute)
	w.poll(w.loadMemory())
	wantEqual(t, "text", w.takeMessages(1)[0].Text, "after")
}

// The version before stored the watermark without the number. It counts for the account's number.
func TestWatermarkOfTheVersionBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaSMS)
	since := w.clock.now().Add(-time.Hour).UTC()
	w.state = []byte(`{"since":"` + since.Format(time.RFC3339Nano) + `"}`)
	w.base.beginsAt = since.Add(time.Minute)
	wantEqual(t, "watermark", w.loadMemory().Since, since)
}
