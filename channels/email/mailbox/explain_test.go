package mailbox

import (
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"parley/channels/email/settings"
	"parley/channels/email/wire"
)

// wantContains checks that a text for people contains words.
func wantContains(t *testing.T, text, words string) {
	t.Helper()
	if !strings.Contains(text, words) {
		t.Errorf("got %q, want %q in it", text, words)
	}
}

// If a server takes no password over this connection, the problem needs a person, and has a hint for one.
func TestExplainDisabledLogin(t *testing.T) {
	t.Parallel()
	for _, security := range []string{"none", "starttls"} {
		t.Run(security, func(t *testing.T) {
			t.Parallel()
			server := settings.Server{Host: "h", Port: "143", Security: security}
			got := explain(atStage(stageLogin, errLoginDisabled), server, "INBOX")
			if !got.NeedsPerson {
				t.Errorf("got %+v, want it to need a person", got)
			}
			if got.Hint == "" {
				t.Errorf("got %+v, want a hint", got)
			}
			wantContains(t, got.Text, "no password login")
		})
	}
}

// explainFolder explains why the inbox can't be opened.
func explainFolder(answer imap.Error) wire.Problem {
	server := settings.Server{Host: "h", Port: "143", Username: "help@acme.test"}
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

// Other errors that keep a folder from being opened may pass.
func TestExplainFolderThatMayOpenLater(t *testing.T) {
	t.Parallel()
	const no, bad = imap.StatusResponseTypeNo, imap.StatusResponseTypeBad
	const notConnected = "User is authenticated but not connected." // Microsoft 365, which may mean a licence that is missing
	tests := []struct {
		name   string
		answer imap.Error
		want   string
	}{
		{name: "Microsoft 365", answer: imap.Error{Type: bad, Text: notConnected}, want: "full access"},
		{name: "Microsoft 365, as NO", answer: imap.Error{Type: no, Text: notConnected}, want: "full access"},
		{name: "in use", answer: imap.Error{Type: no, Code: imap.ResponseCodeInUse, Text: "Locked"}, want: "at the moment"},
		{name: "busy", answer: imap.Error{Type: no, Text: "Request is throttled."}, want: "at the moment"},
		{name: "misunderstood", answer: imap.Error{Type: bad, Text: "Command Error. 10"}, want: "at the moment"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := explainFolder(tt.answer)
			if got.NeedsPerson {
				t.Errorf("got %+v, want it to need no person", got)
			}
			wantContains(t, got.Text+got.Hint, tt.want)
		})
	}
}
