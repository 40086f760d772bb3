package email

import (
	"testing"
	"time"
)

// These tests are about the first look into a folder: it decides which of the mails that are already there are taken.

// newBegunWorld makes a world whose account was set up five days ago, which is farther back than later looks reach. Three
// of the six mails in its inbox arrived since then. One of these has a time that is five minutes too early, since the
// server's clock is behind.
func newBegunWorld(t *testing.T) *world {
	t.Helper()
	const setUp = 5 * 24 * time.Hour
	w := newWorld(t)
	w.begins = time.Now().Add(-setUp)
	w.appendReceived("INBOX", "a year old", 365*24*time.Hour)
	w.appendReceived("INBOX", "an hour before", setUp+time.Hour)
	w.appendReceived("INBOX", "by a slow clock", setUp+5*time.Minute)
	w.appendReceived("INBOX", "moved in again", 30*24*time.Hour)
	w.appendReceived("INBOX", "soon after", setUp-time.Hour)
	w.appendReceived("INBOX", "just now", time.Minute)
	return w
}

// Mails that arrived between the set-up of an account and the first look are taken in order, even if the server's clock
// is some minutes behind. Mails that arrive later are taken as well.
func TestFirstLookTakesWhatCameSinceTheSetUp(t *testing.T) {
	t.Parallel()
	w := newBegunWorld(t)
	w.startAndWaitActive()
	w.waitStored("by a slow clock", "soon after", "just now")
	w.deliver("while it looks")
	w.waitStored("by a slow clock", "soon after", "just now", "while it looks")
}

// Mails that were there before the set-up are not taken, neither at first nor when Parley looks back later. Check says
// how many they are.
func TestFirstLookLeavesWhatWasThereBefore(t *testing.T) {
	t.Parallel()
	w := newBegunWorld(t)
	stop := w.startAndWaitActive()
	w.waitStored("by a slow clock", "soon after", "just now")
	stop()

	w.opts.Timing.Rescan = 20 * time.Millisecond // look back often
	w.deliver("while away")
	w.start()
	w.waitStored("by a slow clock", "soon after", "just now", "while away")
	w.deliver("last")
	w.waitStored("by a slow clock", "soon after", "just now", "while away", "last")
	wantContains(t, "finding", w.findingText("IMAP folder"), "3 that were there before")
}

// If the process ends after it has stored the first mails and before it has noted that, it finds them again at the next
// start.
func TestFirstLookIsRepeatedAfterACrash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begins = time.Now().Add(-time.Hour)
	w.appendReceived("INBOX", "before", 2*time.Hour)
	w.appendReceived("INBOX", "after", time.Minute)
	stop := w.startAndWaitActive()
	w.waitStored("after")
	stop()

	w.journal.state = nil // as if the process had ended before the watermark was saved
	w.start()
	w.journal.waitUntil(t, "a watermark", func() bool { return w.journal.state != nil })
	w.deliver("next")
	w.waitStored("after", "next")
}
