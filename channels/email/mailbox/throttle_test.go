package mailbox

import (
	"errors"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"parley/channels"
)

// A server that says for days that it is asked too much may mean a single mail: in the end Parley goes on without an answer.
func TestThrottlingIsBounded(t *testing.T) {
	t.Parallel()
	d := newFolder("INBOX", false)
	limit := &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeLimit, Text: "Message has too many parts."}
	ask := func([]imap.UID) error { return limit }
	sessions := 0
	for errors.Is(d.askCarefully([]imap.UID{1, 2}, ask), limit) && sessions < 2*maxThrottles {
		sessions++
	}
	if sessions != maxThrottles {
		t.Errorf("the server was believed in %d sessions, want %d", sessions, maxThrottles)
	}
	fetch := &batchFetch{selectedFolder: selectedFolder{folder: d}}
	if fetch.refusesAll(1, limit) {
		t.Error("a mail is still waited for, want it given up")
	}
}

// Only sessions in a row count. In the folder of sent mail no mail may be fetched for months, since Parley sent all of them: what
// the server refused now and then is forgotten as soon as the folder is read again, but not while it is left alone.
func TestRefusalsInARow(t *testing.T) {
	t.Parallel()
	env := channels.Env{Report: func(channels.Condition) {}, Now: time.Now}
	f := &fetcher{box: &Mailbox{env: env}, inbox: newFolder("INBOX", false), sent: newFolder("Sent", true)}
	for _, tc := range []struct {
		pause       time.Duration // of the folder of sent mail
		inbox, sent int           // sessions that still count afterwards
	}{
		{pause: time.Minute, inbox: 0, sent: 2},
		{pause: 0, inbox: 0, sent: 0},
	} {
		for _, d := range []*folder{f.inbox, f.sent} {
			d.refusals, d.throttles = 1, 1
		}
		f.sentPause = tc.pause
		f.recordSuccess(1)
		if in, out := f.inbox.refusals+f.inbox.throttles, f.sent.refusals+f.sent.throttles; in != tc.inbox || out != tc.sent {
			t.Errorf("after a pause of %s, %d sessions count for the inbox and %d for sent mail, want %d and %d", tc.pause, in, out, tc.inbox, tc.sent)
		}
	}
}
