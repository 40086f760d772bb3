package mailbox

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"parley/channels"
	"parley/channels/email/wire"
)

// If a server says for days that it is asked too much, it may mean a single mail. In the end Parley goes on without an
// answer, and gives the mail up.
func TestThrottlingIsBounded(t *testing.T) {
	t.Parallel()
	d := newFolder("INBOX", false)
	limit := &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeLimit, Text: "Message has too many parts."}
	refuse := func([]imap.UID) error { return limit }
	believed := 0 // sessions in which the server was taken at its word
	for errors.Is(d.askCarefully([]imap.UID{1, 2}, refuse), limit) && believed < 2*maxThrottles {
		believed++
	}
	if believed != maxThrottles {
		t.Errorf("sessions in which the server was believed: got %d, want %d", believed, maxThrottles)
	}

	fetch := &batchFetch{selectedFolder: selectedFolder{folder: d}}
	if fetch.judgeRefusal(1, limit) {
		t.Error("judgeRefusal = true, want false: the mail is no longer waited for")
	}
}

// newRefusedFetcher returns a fetcher whose folders were each refused in one session and throttled in another one.
func newRefusedFetcher() *fetcher {
	env := channels.Env{Report: func(channels.Condition) {}, Now: time.Now}
	f := &fetcher{box: &Mailbox{env: env, log: slog.New(slog.DiscardHandler)}, inbox: newFolder("INBOX", false), sent: newFolder("Sent", true)}
	for _, d := range []*folder{f.inbox, f.sent} {
		d.refusals = 1
		d.throttles = 1
	}
	return f
}

// wantNoBadSessions checks that no earlier session counts for a folder any more.
func wantNoBadSessions(t *testing.T, d *folder) {
	t.Helper()
	if d.refusals != 0 {
		t.Errorf("%s: got %d refused sessions in a row, want none", d.name, d.refusals)
	}
	if d.throttles != 0 {
		t.Errorf("%s: got %d throttled sessions in a row, want none", d.name, d.throttles)
	}
}

// Only refusals in sessions in a row count. So those of both folders are forgotten as soon as both are read again. In the
// folder of sent mail there may be no mail to fetch for months, because Parley sent all of them.
func TestRefusalsAreForgottenAfterASuccess(t *testing.T) {
	t.Parallel()
	f := newRefusedFetcher()
	f.recordSuccess(1)
	wantNoBadSessions(t, f.inbox)
	wantNoBadSessions(t, f.sent)
}

// While the folder of sent mail is left alone, the server's refusals of that folder are not forgotten.
func TestRefusalsOfAPausedSentFolderAreKept(t *testing.T) {
	t.Parallel()
	f := newRefusedFetcher()
	f.sentPause = time.Minute
	f.recordSuccess(1)
	wantNoBadSessions(t, f.inbox)
	if f.sent.refusals != 1 {
		t.Errorf("refused sessions of the folder of sent mail: got %d, want 1", f.sent.refusals)
	}
	if f.sent.throttles != 1 {
		t.Errorf("throttled sessions of the folder of sent mail: got %d, want 1", f.sent.throttles)
	}
}

// After an outage, mail comes again within a minute and a half. A server that refuses something is asked less often.
func TestLongestWaitBetweenSessions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		err  error
		want time.Duration // before it is spread
	}{
		{name: "a lost connection", err: atStage(stageWork, errHungUp), want: time.Minute},
		{name: "no connection", err: atStage(stageConnect, wire.ErrSilent), want: time.Minute},
		{name: "a refusal", err: atStage(stageWork, &imap.Error{Type: imap.StatusResponseTypeNo}), want: 5 * time.Minute},
	}
	for _, tt := range tests {
		f := newRefusedFetcher()
		f.box.opts = DefaultOptions()
		f.failures.sinceStable = 30
		if got := f.recordFailure(tt.err); got < tt.want/2 || got > tt.want*3/2 {
			t.Errorf("%s: the wait is %s, want about %s", tt.name, got, tt.want)
		}
	}
}
