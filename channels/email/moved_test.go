package email

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/channels/email/mailfake"
)

// These tests are about accounts that are given another mailbox, or another server. The UIDs that Parley noted in the
// first mailbox mean nothing in the second one.

// sameUIDValidity gives the folders of servers the same UIDVALIDITY, as it is with those of large providers.
func sameUIDValidity(o *mailfake.Options) { o.UIDValidity = 3 }

// numbered are the subjects of the mails with numbers up to n.
func numbered(n int) (subjects []string) {
	for i := range n {
		subjects = append(subjects, fmt.Sprint("mail ", i))
	}
	return subjects
}

// appendNumbered puts mails with these numbers into the inbox.
func (w *world) appendNumbered(numbers ...int) {
	w.t.Helper()
	for _, n := range numbers {
		w.appendMail("INBOX", fmt.Sprintf("Message-ID: <%d@x>\nSubject: mail %d\n\nHello\n", n, n), time.Now())
	}
}

// newFilledWorld makes a world whose inbox has the mails 0, 1 …, which are stored. Its channel doesn't run.
func newFilledWorld(t *testing.T, mails int) *world {
	t.Helper()
	w := newWorld(t, sameUIDValidity)
	stop := w.startAndWaitActive()
	for n := range mails {
		w.appendNumbered(n)
	}
	w.waitStored(numbered(mails)...)
	stop()
	return w
}

// moveTo gives the account the mailbox of an address at another server.
func (w *world) moveTo(address string) {
	w.t.Helper()
	other := newWorld(w.t, sameUIDValidity, func(o *mailfake.Options) { o.Mailboxes[0].Address = address })
	w.Server = other.Server
	w.pointTo(w.IMAPAddr(), w.SMTPAddr())
	w.config["imap.host"] = "localhost" // else servers of tests would differ by their ports alone
	w.config["address"] = address
}

// moveToServerWithTwoOfFive moves the account of a world with the mails 0 to 4 to another server. The mails 3 and 4 are
// there, too, and a new one.
func moveToServerWithTwoOfFive(t *testing.T) (w *world, stored []string) {
	t.Helper()
	w = newFilledWorld(t, 5)
	w.moveTo(support)
	w.appendNumbered(3, 4)
	w.deliver("there")
	return w, append(numbered(5), "there")
}

// Mails that were moved along to another server aren't stored again, and new mails there are fetched, even if UIDVALIDITY
// is the same.
func TestMailboxMovedToAnotherServer(t *testing.T) {
	t.Parallel()
	w, stored := moveToServerWithTwoOfFive(t)
	w.start()
	w.waitStored(stored...)
	w.deliver("there again")
	w.waitStored(append(stored, "there again")...)
}

// Mails aren't lost or stored twice if the first process after a move can store nothing, and ends after it has looked
// into the folder of sent mail.
func TestMailboxMovedWhileNothingCanBeStored(t *testing.T) {
	t.Parallel()
	const manyRefusals = 1_000_000
	w, stored := moveToServerWithTwoOfFive(t)

	saved := w.journal.snapshot().saves
	w.journal.change(func() { w.journal.refusals = slices.Repeat([]error{errors.New("no database")}, manyRefusals) })
	stop := w.start()
	w.journal.waitUntil(t, "a watermark of the folder of sent mail, and a refusal", func() bool {
		return w.journal.saves > saved && len(w.journal.refusals) < manyRefusals
	})
	stop()

	w.journal.change(func() { w.journal.refusals = nil })
	w.start()
	w.waitStored(stored...)
	w.deliver("there again")
	w.waitStored(append(stored, "there again")...)
}

// After a move and a restart, Parley fetches only the new mail.
func TestRestartAfterAMoveFetchesNothingTwice(t *testing.T) {
	t.Parallel()
	w, stored := moveToServerWithTwoOfFive(t)
	stop := w.start()
	w.waitStored(stored...)
	w.deliver("there again")
	w.waitStored(append(stored, "there again")...)
	stop()

	before := len(w.journal.snapshot().calls)
	w.deliver("after a restart")
	w.start()
	w.waitStored(append(stored, "there again", "after a restart")...)

	calls := w.journal.snapshot().calls[before:]
	if len(calls) != 1 {
		t.Fatalf("calls of Accept after the restart: got %d, want one", len(calls))
	}
	if got := subjectsOf(calls[0]); !slices.Equal(got, []string{"after a restart"}) {
		t.Errorf("mails of the call after the restart: got %q, want the new one", got)
	}
}

// A watermark of an earlier version doesn't name its mailbox. Parley takes it for the current mailbox and adds that
// mailbox's name before new mail comes.
func TestWatermarkLearnsItsMailbox(t *testing.T) {
	t.Parallel()
	w := newFilledWorld(t, 3)
	w.changeWatermark(func(m map[string]any) {
		delete(m, "server")
		delete(m, "address")
	})
	before := w.journal.snapshot()
	stop := w.start()
	w.journal.waitUntil(t, "the watermark", func() bool { return w.journal.saves > before.saves })
	stop()
	wantEqual(t, "calls of Accept", len(w.journal.snapshot().calls), len(before.calls))

	w.moveTo(support)
	w.deliver("there")
	w.start()
	w.waitStored(append(numbered(3), "there")...)
}

// After an account is given another mailbox, Parley takes the mails that came there since that change.
func TestAnotherMailboxBegins(t *testing.T) {
	t.Parallel()
	w := newFilledWorld(t, 5)
	w.moveTo("sales@acme.test")
	w.begins = time.Now().Add(-time.Hour) // as the database notes it for changed settings
	w.appendReceived("INBOX", "a day ago", 24*time.Hour)
	w.appendReceived("INBOX", "since then", time.Minute)
	w.start()
	w.waitStored(append(numbered(5), "since then")...)

	w.deliver("now")
	w.waitStored(append(numbered(5), "since then", "now")...)
}

// Parley doesn't apply what it noted of the former mailbox's sent mail to another mailbox, even if the UIDs are the same.
func TestSentMailOfAnotherMailbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sameUIDValidity)
	w.opts.Timing.Poll = 10 * time.Millisecond
	w.begins = time.Now().Add(-time.Hour)
	w.appendReceived("Sent", "there before", time.Minute)
	stop := w.startAndWaitActive()
	w.waitStored("there before")
	w.waitSentFolderRead()
	stop()

	w.moveTo("sales@acme.test")
	w.appendReceived("Sent", "here before", time.Minute)
	w.start()
	w.waitStored("there before", "here before")
}

// A mailbox was renamed, and its login failed until an admin entered the new name hours later. The mails that came in
// between are taken, too.
func TestRenamedMailbox(t *testing.T) {
	t.Parallel()
	const renamed = 6 * time.Hour // ago
	w := newWorld(t, sameUIDValidity)
	stop := w.startAndWaitActive()
	w.appendReceived("INBOX", "the last one", renamed)
	w.waitStored("the last one")
	stop()
	w.changeWatermark(func(m map[string]any) { m["newest_at"] = time.Now().Add(-renamed) })

	w.moveTo("help@new-name.test")

	w.begins = time.Now()
	w.appendReceived("INBOX", "before that", renamed+time.Hour)
	w.appendReceived("INBOX", "in between", renamed-3*time.Hour)
	lost := w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionDropBefore, Times: 2}) // so that it begins again

	w.start()
	w.waitFault(lost, 2)
	w.waitStored("the last one", "in between")

	w.deliver("now")
	w.waitStored("the last one", "in between", "now")
}

// If no mail has come for ten days before a move, Parley takes only the mails of the last days. It may be another
// mailbox, full of other mail.
func TestOtherMailboxAfterALongSilence(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	w := newWorld(t, sameUIDValidity)
	stop := w.startAndWaitActive()
	stop()
	w.changeWatermark(func(m map[string]any) { m["newest_at"] = time.Now().Add(-10 * day) })

	w.moveTo("help@new-name.test")
	w.begins = time.Now()
	w.appendReceived("INBOX", "long before", 5*day)
	w.appendReceived("INBOX", "a day before", day)
	w.start()
	w.waitStored("a day before")
}
