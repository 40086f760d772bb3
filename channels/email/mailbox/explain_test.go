package mailbox

import (
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"parley/channels/email/message"
)

// wantContains checks that a text for people contains words.
func wantContains(t *testing.T, text, words string) {
	t.Helper()
	if !strings.Contains(text, words) {
		t.Errorf("got %q, want %q in it", text, words)
	}
}

// explainFolder explains why the inbox can't be opened.
func explainFolder(answer imap.Error) Problem {
	server := message.Server{Host: "h", Port: "143", Username: "help@acme.test"}
	return explain(atStage(stageFolder, &answer), server, "INBOX")
}

// If a folder can't be opened, the problem needs a person if the server may mean the folder's name, or that we may not read
// it.
func TestExplainFolderThatNeedsAPerson(t *testing.T) {
	t.Parallel()
	const no = imap.StatusResponseTypeNo
	tests := []struct {
		name   string
		answer imap.Error
	}{
		{name: "no such folder", answer: imap.Error{Type: no, Code: imap.ResponseCodeNonExistent, Text: "No such mailbox"}},
		{name: "no name of a folder", answer: imap.Error{Type: no, Code: imap.ResponseCodeCannot, Text: "Invalid mailbox name"}},
		{name: "no permission", answer: imap.Error{Type: no, Code: imap.ResponseCodeNoPerm, Text: "Permission denied"}},
		{name: "no reason", answer: imap.Error{Type: no, Text: "SELECT failed"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := explainFolder(tt.answer)
			if !got.NeedsPerson {
				t.Errorf("got %+v, want it to need a person", got)
			}
			wantContains(t, got.Text+got.Hint, `"INBOX" can't be opened`)
		})
	}
}
