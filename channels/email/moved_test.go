package email

import (
	"fmt"
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
