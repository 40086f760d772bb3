package email

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/channels/email/mailfake"
)

// sameNumbers gives the folders of servers the same UIDVALIDITY, as it is with those of large providers.
func sameNumbers(o *mailfake.Options) { o.UIDValidity = 3 }

// moveTo gives the account the mailbox of an address at another server.
func (w *world) moveTo(address string) {
	w.t.Helper()
	other := newWorld(w.t, sameNumbers, func(o *mailfake.Options) { o.Mailboxes[0].Address = address })
	w.Server = other.Server
	w.pointTo(w.IMAPAddr(), w.SMTPAddr())
	w.config["imap.host"], w.config["address"] = "localhost", address // servers of tests differ by their ports alone
}

// appendNumbered puts mails with these numbers into the inbox.
func (w *world) appendNumbered(numbers ...int) {
	w.t.Helper()
	for _, n := range numbers {
		w.appendMail("INBOX", fmt.Sprintf("Message-ID: <%d@x>\nSubject: mail %d\n\nHello\n", n, n), time.Now())
	}
}

// changeWatermark changes the watermark that is stored.
func (w *world) changeWatermark(change func(m map[string]any)) {
	w.t.Helper()
	var m map[string]any
	err := json.Unmarshal(w.journal.read().state, &m)
	if err == nil {
		change(m)
		w.journal.state, err = json.Marshal(m)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// The mailbox of an account moved to another server, where mails have other UIDs: what was noted of those of the first
// server says nothing there, even if UIDVALIDITY is the same. What came along is known, and what comes there is fetched.
func TestMailboxMovedToAnotherServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sameNumbers)
	stop := w.watch()
	want := []string{"mail 0", "mail 1", "mail 2", "mail 3", "mail 4"}
	w.appendNumbered(0, 1, 2, 3, 4)
	w.wantStored(want...)
	stop()
	w.moveTo(support)
	w.appendNumbered(3, 4) // the others were filed elsewhere
	w.deliver("there")
	saved := w.journal.read().saves
	w.journal.change(func() { w.journal.refuse = slices.Repeat([]error{errors.New("no database")}, 1_000_000) })
	stop = w.run() // and ends after the folder of sent mail was looked into, before anything was stored
	w.journal.wait(t, "the folder of sent mail", func() bool { return w.journal.saves > saved && len(w.journal.refuse) < 1_000_000 })
	stop()
	w.journal.change(func() { w.journal.refuse = nil })
	stop = w.run()
	w.wantStored(append(want, "there")...)
	w.deliver("there again")
	w.wantStored(append(want, "there", "there again")...)
	stop()
	calls := len(w.journal.read().calls)
	w.deliver("after a restart")
	w.run()
	w.wantStored(append(want, "there", "there again", "after a restart")...)
	if got := w.journal.read().calls[calls:]; len(got) != 1 || len(got[0]) != 1 {
		t.Errorf("after a restart there were the calls %v of Accept, want one with what was new", got)
	}
}

// A watermark that an earlier version wrote doesn't say of which mailbox it is: it is of the one that is read now, and
// says so from then on, before anything new comes.
func TestWatermarkLearnsItsMailbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sameNumbers)
	stop := w.watch()
	w.appendNumbered(0, 1, 2)
	w.wantStored("mail 0", "mail 1", "mail 2")
	stop()
	w.changeWatermark(func(m map[string]any) {
		delete(m, "server")
		delete(m, "address")
	})
	calls, saves := len(w.journal.calls), w.journal.saves
	stop = w.run()
	w.journal.wait(t, "the watermark", func() bool { return w.journal.saves > saves })
	stop()
	wantEqual(t, "calls of Accept", len(w.journal.read().calls), calls)
	w.moveTo(support)
	w.deliver("there")
	w.run()
	w.wantStored("mail 0", "mail 1", "mail 2", "there")
}

// An account was given another mailbox, whose mails have other UIDs, too: it begins there, with what came since.
func TestAnotherMailboxBegins(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sameNumbers)
	stop := w.watch()
	want := []string{"mail 0", "mail 1", "mail 2", "mail 3", "mail 4"}
	w.appendNumbered(0, 1, 2, 3, 4)
	w.wantStored(want...)
	stop()
	w.moveTo("sales@acme.test")
	w.begins = time.Now().Add(-time.Hour) // as the database notes it for changed settings
	w.appendReceived("INBOX", "a day ago", 24*time.Hour)
	w.appendReceived("INBOX", "since then", time.Minute)
	w.run()
	w.wantStored(append(want, "since then")...)
	w.deliver("now")
	w.wantStored(append(want, "since then", "now")...)
}

// What was noted of the sent mail of the former mailbox says nothing of that of another one, though the UIDs are the same.
func TestSentMailOfAnotherMailbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sameNumbers)
	w.opts.Timing.Poll = 10 * time.Millisecond
	w.begins = time.Now().Add(-time.Hour)
	w.appendReceived("Sent", "there before", time.Minute)
	stop := w.watch()
	w.wantStored("there before")
	w.waitSentWatched()
	stop()
	w.moveTo("sales@acme.test")
	w.appendReceived("Sent", "here before", time.Minute)
	w.run()
	w.wantStored("there before", "here before")
}

// The mailbox was given another name, and its login failed until an admin entered the new one, hours later: what came
// meanwhile is taken, too.
func TestRenamedMailbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sameNumbers)
	stop := w.watch()
	w.appendReceived("INBOX", "the last one", 6*time.Hour)
	w.wantStored("the last one")
	stop()
	w.changeWatermark(func(m map[string]any) { m["newest_at"] = time.Now().Add(-6 * time.Hour) })
	w.moveTo("help@new-name.test")
	w.begins = time.Now()
	w.appendReceived("INBOX", "before that", 7*time.Hour)
	w.appendReceived("INBOX", "in between", 3*time.Hour)
	cut := w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionDropBefore, Times: 2})
	w.run()
	w.waitFault(cut, 2)
	w.wantStored("the last one", "in between")
	w.deliver("now")
	w.wantStored("the last one", "in between", "now")
}
