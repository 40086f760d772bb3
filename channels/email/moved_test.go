package email

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/channels/email/mailfake"
)

// These tests are about accounts that are given another mailbox, or another server: what was noted of the mails of the first one, by
// their UIDs, says nothing there.

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

// moveToServerWithTwoOfFive moves the account of a world with the mails 0 to 4. At the other server lie the last two of them, and a new
// one; the others were filed elsewhere.
func moveToServerWithTwoOfFive(t *testing.T) (w *world, stored []string) {
	t.Helper()
	w = newFilledWorld(t, 5)
	w.moveTo(support)
	w.appendNumbered(3, 4)
	w.deliver("there")
	return w, append(numbered(5), "there")
}

// What came along to another server is known, and what comes there is fetched, even if UIDVALIDITY is the same.
func TestMailboxMovedToAnotherServer(t *testing.T) {
	t.Parallel()
	w, stored := moveToServerWithTwoOfFive(t)
	w.start()
	w.waitStored(stored...)
	w.deliver("there again")
	w.waitStored(append(stored, "there again")...)
}

// The same holds if the first process ends after it has looked into the folder of sent mail, and before anything could be stored.
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

// After the move a restart fetches only what is new.
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

// A watermark that an earlier version wrote doesn't say of which mailbox it is. It is of the one that is read now, and says so from then
// on, before anything new comes.
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

// An account that is given another mailbox begins there, with what came since then.
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

// What was noted of the sent mail of the former mailbox says nothing of that of another one, though the UIDs are the same.
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

// A mailbox was given another name, and its login failed until an admin entered the new one, hours later: what came meanwhile is taken,
// too.
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

// Where nothing has come for longer than a look back reaches, only that much is taken: it may be another mailbox, full of other mail.
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
