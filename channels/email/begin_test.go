package email

import (
	"testing"
	"time"

	"parley/channels/email/mailfake"
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

// Mails from before the set-up are also left alone if the server answers with flags instead of their times of arrival, as
// it may do while somebody marks them as read.
func TestFirstLookWhileSomebodyReads(t *testing.T) {
	t.Parallel()
	for nth := 1; nth <= 3; nth++ { // the number of the FETCH that is answered by flags
		w := newWorld(t)
		w.begins = time.Now().Add(-3 * time.Hour)
		w.appendReceived("INBOX", "an hour before", 4*time.Hour)
		w.appendReceived("INBOX", "soon after", 2*time.Hour)
		id := w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionFlagsOnly, Nth: nth})

		stop := w.start()
		w.waitFault(id, 1)
		w.waitActive()

		w.deliver("last")
		w.waitStored("soon after", "last")
		stop()
	}
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

// A mail that the server does not hand out at the first look is kept in quarantine, and comes in once the server does.
func TestUnreadableMailAtTheFirstLook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begins = time.Now().Add(-time.Hour)
	w.appendReceived("INBOX", "unreadable at first", time.Minute)
	w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionFlagsOnly, Times: mailfake.Forever})
	stop := w.start()
	w.waitStored(quarantined)
	w.journal.waitUntil(t, "a watermark", func() bool { return w.journal.state != nil })
	stop()

	w.ClearFaults()
	w.start()
	w.waitStored(quarantined, "unreadable at first")
}

// After the account is pointed at another folder, Parley takes the mails that arrived there since that change. A mail
// that the server doesn't hand out at this first look is put into quarantine.
func TestFirstLookIntoAnotherFolder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begins = time.Now().Add(-48 * time.Hour)
	stop := w.startAndWaitActive()
	w.deliver("in the inbox")
	w.waitStored("in the inbox")
	stop()

	w.begins = time.Now().Add(-time.Hour) // as the database notes it for changed settings
	w.config["folder"] = "Archive"
	w.appendReceived("Archive", "filed long ago", 24*time.Hour)
	w.appendReceived("Archive", "filed since", 30*time.Minute)
	const bodies = 2 // the first FETCH asks for the times of arrival
	w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionFlagsOnly, Nth: bodies, Times: mailfake.Forever})

	stop = w.start()
	w.waitStored("in the inbox", quarantined)
	stop()

	w.ClearFaults()
	w.start()
	w.waitStored("in the inbox", quarantined, "filed since")
}

// Before the first look, Check says from which time on mail will be taken. That is ten minutes before the set-up, since
// clocks differ.
func TestCheckBeforeTheFirstLook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begins = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)
	wantContains(t, "finding", w.findingText("IMAP folder"), "2026-11-21 09:20 UTC")
}

// Without the database, as "parley doctor" may be, Check can't say from when on mail will be taken.
func TestCheckWithoutState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begins = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)
	w.env.State = nil
	wantContains(t, "finding", w.findingText("IMAP folder"), "INBOX has 0 mails.")
	w.appendReceived("INBOX", "the only one", time.Minute)
	wantContains(t, "finding", w.findingText("IMAP folder"), "INBOX has 1 mail.")
}

// Mails that were sent before the account was set up are never taken, not even if the folder soon gets a new UIDVALIDITY.
func TestSentMailOfBeforeStaysOutAfterUIDValidity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opts.Timing.Poll = 10 * time.Millisecond
	w.begins = time.Now().Add(-time.Hour)
	w.appendReceived("Sent", "before", 3*time.Hour)
	w.appendReceived("Sent", "since", time.Minute)
	stop := w.startAndWaitActive()
	w.waitStored("since")
	w.waitSentFolderRead()
	stop()

	w.changeUIDValidity("Sent")
	w.start()
	w.appendReceived("Sent", "next", time.Second)
	w.waitStored("since", "next")
}
