package mailbox

import (
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"parley/channels/email/settings"
)

func TestExplainLogin(t *testing.T) {
	t.Parallel()
	for _, security := range []string{"none", "starttls"} {
		p := explain(atStage(stageLogin, errLoginDisabled), settings.Server{Host: "h", Port: "143", Security: security}, "INBOX")
		if !p.NeedsPerson || p.Hint == "" || !strings.Contains(p.Text, "no password login") {
			t.Errorf("%s: %+v", security, p)
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
		"no such folder":       {imap.Error{Type: no, Code: imap.ResponseCodeNonExistent, Text: "No such mailbox"}, true, `"INBOX" can't be opened`},
		"no name of a folder":  {imap.Error{Type: no, Code: imap.ResponseCodeCannot, Text: "Invalid mailbox name"}, true, `"INBOX" can't be opened`},
		"not ours":             {imap.Error{Type: no, Code: imap.ResponseCodeNoPerm, Text: "Permission denied"}, true, `"INBOX" can't be opened`},
		"no reason":            {imap.Error{Type: no, Text: "SELECT failed"}, true, `"INBOX" can't be opened`},
		"Microsoft 365":        {imap.Error{Type: bad, Text: "User is authenticated but not connected."}, false, "full access"},
		"Microsoft 365, as NO": {imap.Error{Type: no, Text: "User is authenticated but not connected."}, false, "full access"},
		"in use":               {imap.Error{Type: no, Code: imap.ResponseCodeInUse, Text: "Locked"}, false, "at the moment"},
		"busy":                 {imap.Error{Type: no, Text: "Request is throttled."}, false, "at the moment"},
		"misunderstood":        {imap.Error{Type: bad, Text: "Command Error. 10"}, false, "at the moment"},
	} {
		p := explain(atStage(stageFolder, &c.answer), settings.Server{Host: "h", Port: "143", Username: "help@acme.test"}, "INBOX")
		if p.NeedsPerson != c.needsPerson || !strings.Contains(p.Text+p.Hint, c.want) {
			t.Errorf("%s: %+v", name, p)
		}
	}
}
