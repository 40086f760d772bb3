package mailbox

import (
	"errors"
	"testing"

	"github.com/emersion/go-imap/v2"
)

// A server that says for days that it is asked too much may mean a single mail: in the end Parley goes on without an answer.
func TestThrottlingIsBounded(t *testing.T) {
	t.Parallel()
	d := newFolder("INBOX", false)
	limit := &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeLimit, Text: "Message has too many parts."}
	ask := func([]imap.UID) error { return limit }
	sessions := 0
	for errors.Is(d.askCarefully([]imap.UID{1, 2}, ask), limit) && sessions < 1000 {
		sessions++
	}
	if sessions != 300 {
		t.Errorf("the server was believed in %d sessions", sessions)
	}
	fetch := &batchFetch{selectedFolder: selectedFolder{folder: d}}
	if fetch.refusesAll(1, limit) {
		t.Error("a mail is still waited for")
	}
}
