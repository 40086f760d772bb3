package mailbox

import (
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"parley/channels/email/settings"
)

// A server that takes no password over this connection says so.
func TestExplainLogin(t *testing.T) {
	t.Parallel()
	for _, security := range []string{"none", "starttls"} {
		p := explain(atStage(stageLogin, errLoginDisabled), settings.Server{Host: "h", Port: "143", Security: security}, "INBOX")
		if !p.NeedsPerson || p.Hint == "" {
			t.Errorf("%s: got %+v, want one that needs a person and has a hint", security, p)
		}
		if !strings.Contains(p.Text, "no password login") {
			t.Errorf("%s: got %q, want that there is no password login", security, p.Text)
		}
	}
}

// What keeps a folder from being opened needs a person only if the server may mean its name, or who may read it. All else may
// pass, and is reported once it doesn't.
func TestExplainFolder(t *testing.T) {
	t.Parallel()
	no, bad := imap.StatusResponseTypeNo, imap.StatusResponseTypeBad
	for name, c := range map[string]struct {
		answer      imap.Error
		needsPerson bool
		want        string
	}{
		"no such folder":       {answer: imap.Error{Type: no, Code: imap.ResponseCodeNonExistent, Text: "No such mailbox"}, needsPerson: true, want: `"INBOX" can't be opened`},
		"no name of a folder":  {answer: imap.Error{Type: no, Code: imap.ResponseCodeCannot, Text: "Invalid mailbox name"}, needsPerson: true, want: `"INBOX" can't be opened`},
		"not ours":             {answer: imap.Error{Type: no, Code: imap.ResponseCodeNoPerm, Text: "Permission denied"}, needsPerson: true, want: `"INBOX" can't be opened`},
		"no reason":            {answer: imap.Error{Type: no, Text: "SELECT failed"}, needsPerson: true, want: `"INBOX" can't be opened`},
		"Microsoft 365":        {answer: imap.Error{Type: bad, Text: "User is authenticated but not connected."}, want: "full access"},
		"Microsoft 365, as NO": {answer: imap.Error{Type: no, Text: "User is authenticated but not connected."}, want: "full access"},
		"in use":               {answer: imap.Error{Type: no, Code: imap.ResponseCodeInUse, Text: "Locked"}, want: "at the moment"},
		"busy":                 {answer: imap.Error{Type: no, Text: "Request is throttled."}, want: "at the moment"},
		"misunderstood":        {answer: imap.Error{Type: bad, Text: "Command Error. 10"}, want: "at the moment"},
	} {
		p := explain(atStage(stageFolder, &c.answer), settings.Server{Host: "h", Port: "143", Username: "help@acme.test"}, "INBOX")
		if p.NeedsPerson != c.needsPerson {
			t.Errorf("%s: a person is needed: got %v, want %v", name, p.NeedsPerson, c.needsPerson)
		}
		if words := p.Text + p.Hint; !strings.Contains(words, c.want) {
			t.Errorf("%s: got %q, want %q in it", name, words, c.want)
		}
	}
}
