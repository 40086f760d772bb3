package email

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"parley/channels/email/mailfake"
)

// openAsProgram logs in as another mail program would, with a folder open.
func (w *world) openAsProgram(folder string) *imapclient.Client {
	w.t.Helper()
	c, err := imapclient.DialInsecure(w.IMAPAddr(), nil)
	if err == nil {
		err = c.Login(w.config["address"], "secret").Wait()
	}
	if err == nil {
		_, err = c.Select(folder, nil).Wait()
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = c.Close() })
	return c
}

// appendMail appends a raw mail to a folder, with an arrival date.
func (w *world) appendMail(folder, raw string, at time.Time) imap.UID {
	w.t.Helper()
	c := w.openAsProgram(folder)
	raw = strings.ReplaceAll(raw, "\n", "\r\n")
	cmd := c.Append(folder, int64(len(raw)), &imap.AppendOptions{Time: at})
	_, err := io.WriteString(cmd, raw)
	if err == nil {
		err = cmd.Close()
	}
	data, waitErr := cmd.Wait()
	if err != nil || waitErr != nil {
		w.t.Fatal(err, waitErr)
	}
	return data.UID
}

// appendReceived puts a mail into a folder that was received some time before now.
func (w *world) appendReceived(folder, subject string, ago time.Duration) {
	w.t.Helper()
	w.appendMail(folder, fmt.Sprintf("Message-ID: <%s@x>\nSubject: %s\n\nHello\n", strings.ReplaceAll(subject, " ", "-"), subject), time.Now().Add(-ago))
}

// What arrived between the set-up of an account and the first look is taken, in order, also when
// the server's clock is minutes behind. What was there before is left, and is counted.
func TestFirstLookTakesWhatCameSinceTheSetUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begins = time.Now().Add(-3 * time.Hour)
	w.appendReceived("INBOX", "a year old", 365*24*time.Hour)
	w.appendReceived("INBOX", "an hour before", 4*time.Hour)
	w.appendReceived("INBOX", "by a slow clock", 3*time.Hour+5*time.Minute)
	w.appendReceived("INBOX", "moved in again", 30*24*time.Hour)
	w.appendReceived("INBOX", "soon after", 2*time.Hour)
	stop := w.watch()
	w.wantStored("by a slow clock", "soon after")
	w.deliver("while it looks")
	w.wantStored("by a slow clock", "soon after", "while it looks")
	stop()
	w.opts.Timing.Rescan = 20 * time.Millisecond
	w.deliver("while away")
	w.run()
	w.wantStored("by a slow clock", "soon after", "while it looks", "while away")
	w.deliver("last") // and looking back brought none of the older ones
	w.wantStored("by a slow clock", "soon after", "while it looks", "while away", "last")
	wantText(t, "finding", w.checkedText("IMAP folder"), "3 that were there before")
}

// What was there before is left also where somebody marks it as read at that moment: then the server may answer the question for its
// time of arrival by its flags alone.
func TestFirstLookWhileSomebodyReads(t *testing.T) {
	t.Parallel()
	for nth := 1; nth <= 3; nth++ {
		w := newWorld(t)
		w.begins = time.Now().Add(-3 * time.Hour)
		w.appendReceived("INBOX", "an hour before", 4*time.Hour)
		w.appendReceived("INBOX", "soon after", 2*time.Hour)
		id := w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionFlagsOnly, Nth: nth})
		stop := w.run()
		w.waitFault(id, 1)
		w.ready()
		w.deliver("last")
		w.wantStored("soon after", "last")
		stop()
	}
}

// checkedText returns what Check says of one thing, "" if it says nothing of it.
func (w *world) checkedText(what string) string {
	w.t.Helper()
	for _, f := range w.channel().Check(testContext(w.t)) {
		if f.What == what {
			return f.Text
		}
	}
	return ""
}

// A process that ends between storing what it found first and noting that it did finds it again.
func TestFirstLookIsRepeatedAfterACrash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begins = time.Now().Add(-time.Hour)
	w.appendReceived("INBOX", "before", 2*time.Hour)
	w.appendReceived("INBOX", "after", time.Minute)
	stop := w.watch()
	w.wantStored("after")
	stop()
	w.journal.state = nil // as if it had died before the watermark
	w.run()
	w.journal.wait(t, "a watermark", func() bool { return w.journal.state != nil })
	w.deliver("next")
	w.wantStored("after", "next")
}

// A mail that the server does not hand out at the first look comes in later, once the server does.
func TestUnreadableAtTheFirstLook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begins = time.Now().Add(-time.Hour)
	w.appendReceived("INBOX", "shy", time.Minute)
	w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionFlagsOnly, Times: mailfake.Forever})
	stop := w.run()
	w.wantStored("quarantined")
	w.journal.wait(t, "a watermark", func() bool { return w.journal.state != nil })
	stop()
	w.ClearFaults()
	w.run()
	w.wantStored("quarantined", "shy")
}

// Another folder begins when it was chosen, and a mail that the server does not hand out at the
// first look is kept in quarantine like any other.
func TestFirstLookIntoAnotherFolder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begins = time.Now().Add(-48 * time.Hour)
	stop := w.watch()
	w.deliver("in the inbox")
	w.wantStored("in the inbox")
	stop()
	w.begins = time.Now().Add(-time.Hour) // as the database notes it for changed settings
	w.config["folder"] = "Archive"
	w.appendReceived("Archive", "filed long ago", 24*time.Hour)
	w.appendReceived("Archive", "filed since", 30*time.Minute)
	w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionFlagsOnly, Nth: 2, Times: mailfake.Forever})
	stop = w.run()
	w.wantStored("in the inbox", "quarantined")
	stop()
	w.ClearFaults()
	w.run()
	w.wantStored("in the inbox", "quarantined", "filed since")
}

// Before the first look doctor says from when on mail will be taken.
func TestDoctorBeforeTheFirstLook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begins = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)
	wantText(t, "finding", w.checkedText("IMAP folder"), "2026-11-21 09:20 UTC") // from when mail counts
	w.env.State = nil                                                            // without the database
	wantText(t, "finding without the database", w.checkedText("IMAP folder"), "INBOX has 0 mails.")
}
