package email

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/channels/email/mailfake"
)

// arrived puts a mail into a folder that was received some time before now.
func (w *world) arrived(folder, subject string, ago time.Duration) {
	w.t.Helper()
	w.put(folder, fmt.Sprintf("Message-ID: <%s@x>\nSubject: %s\n\nHello\n", strings.ReplaceAll(subject, " ", "-"), subject), time.Now().Add(-ago))
}

// What arrived between the set-up of an account and the first look is taken, in order, also when
// the server's clock is minutes behind. What was there before is left, and is counted.
func TestFirstLookTakesWhatCameSinceTheSetUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begins = time.Now().Add(-3 * time.Hour)
	w.arrived("INBOX", "a year old", 365*24*time.Hour)
	w.arrived("INBOX", "an hour before", 4*time.Hour)
	w.arrived("INBOX", "by a slow clock", 3*time.Hour+5*time.Minute)
	w.arrived("INBOX", "moved in again", 30*24*time.Hour)
	w.arrived("INBOX", "soon after", 2*time.Hour)
	stop := w.run()
	w.ready()
	w.arrives("by a slow clock", "soon after")
	w.mail("while it looks")
	w.arrives("by a slow clock", "soon after", "while it looks")
	stop()
	w.opts.Timing.Rescan = 20 * time.Millisecond
	w.mail("while away")
	w.run()
	w.arrives("by a slow clock", "soon after", "while it looks", "while away")
	w.mail("last") // and looking back brought none of the older ones
	w.arrives("by a slow clock", "soon after", "while it looks", "while away", "last")
	if text := w.checked("IMAP folder"); !strings.Contains(text, "3 that were there before") {
		t.Errorf("doctor says %q, want the older ones counted", text)
	}
}

// What was there before is left also where somebody marks it as read at that moment: then the server may answer the question for its
// time of arrival by its flags alone.
func TestFirstLookWhileSomebodyReads(t *testing.T) {
	t.Parallel()
	for nth := 1; nth <= 3; nth++ {
		w := newWorld(t)
		w.begins = time.Now().Add(-3 * time.Hour)
		w.arrived("INBOX", "an hour before", 4*time.Hour)
		w.arrived("INBOX", "soon after", 2*time.Hour)
		id := w.fault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionFlagsOnly, Nth: nth})
		stop := w.run()
		w.struck(id, 1)
		w.ready()
		w.mail("last")
		w.arrives("soon after", "last")
		stop()
	}
}

// checked gives what Check says of one thing.
func (w *world) checked(what string) string {
	w.t.Helper()
	for _, f := range w.channel().Check(within(w.t, patience)) {
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
	w.arrived("INBOX", "before", 2*time.Hour)
	w.arrived("INBOX", "after", time.Minute)
	stop := w.run()
	w.ready()
	w.arrives("after")
	stop()
	w.journal.state = nil // as if it had died before the watermark
	w.run()
	w.journal.wait(t, "a watermark", func() bool { return w.journal.state != nil })
	w.mail("next")
	w.arrives("after", "next")
}

// Another folder begins when it was chosen, and a mail that the server does not hand out at the
// first look is kept in quarantine like any other.
func TestFirstLookIntoAnotherFolder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begins = time.Now().Add(-48 * time.Hour)
	stop := w.run()
	w.ready()
	w.mail("in the inbox")
	w.arrives("in the inbox")
	stop()
	w.begins = time.Now().Add(-time.Hour) // as the database notes it for changed settings
	w.config["folder"] = "Archive"
	w.arrived("Archive", "filed long ago", 24*time.Hour)
	w.arrived("Archive", "filed since", 30*time.Minute)
	w.fault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionFlagsOnly, Nth: 2, Times: mailfake.Forever})
	stop = w.run()
	w.arrives("in the inbox", "quarantined")
	stop()
	w.ClearFaults()
	w.run()
	w.arrives("in the inbox", "quarantined", "filed since")
}

// Before the first look doctor says from when on mail will be taken.
func TestDoctorBeforeTheFirstLook(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begins = time.Date(2026, 11, 21, 9, 30, 0, 0, time.UTC)
	if text := w.checked("IMAP folder"); !strings.Contains(text, "2026-11-21 09:20 UTC") {
		t.Errorf("doctor says %q, want the moment from which mail counts", text)
	}
	w.env.State = nil // without the database
	if text := w.checked("IMAP folder"); !strings.HasPrefix(text, "INBOX has 0 mails.") {
		t.Errorf("doctor says %q", text)
	}
}
