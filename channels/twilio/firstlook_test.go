package twilio

import (
	"testing"
	"time"

	"parley/channels"
	"parley/channels/twilio/twiliofake"
)

// without an address from which Twilio can fetch them files are not offered, and the reason is told.
func TestNoFilesWithoutAPublicAddress(t *testing.T) {
	t.Parallel()
	for _, by := range []medium{viaWhatsApp, viaSMS} {
		w := newWorld(t, by, func(_ *twiliofake.Options, c channels.Config) { c[fieldMMS] = "true" })
		files := w.base.Capabilities().Files
		wantEqual(t, "files are offered with an address", files.PerMessage > 0, true)
		wantEqual(t, "reason with an address", files.Unavailable, "")
		w.base.callbacks.address = ""
		files = w.base.Capabilities().Files
		wantEqual(t, "files in a message without an address", files.PerMessage, 0)
		wantText(t, "reason without an address", files.Unavailable, "PARLEY_PUBLIC_URL")
	}
}

// What customers wrote between the set-up of an account and its first look is brought.
func TestFirstLookReachesBackToTheSetUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, viaWhatsApp)
	w.fake.SetLost(true)
	for _, text := range []string{"before", "after"} {
		w.clock.move(time.Hour)
		w.base.beginsAt = w.clock.now() // the last time counts
		w.clock.move(time.Minute)
		w.annWrites(text)
	}
	w.clock.move(5 * time.Hour)
	w.poll(w.loadMemory())
	wantEqual(t, "the one message that was brought", w.takeMessages(1)[0].Text, "after")
}
