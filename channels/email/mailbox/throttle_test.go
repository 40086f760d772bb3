package mailbox

import (
	"errors"
	"testing"

	"github.com/emersion/go-imap/v2"
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
