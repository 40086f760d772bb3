package mailbox

import (
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
)

func TestOutgoingFolders(t *testing.T) {
	t.Parallel()
	folders := func(names ...string) (out []*imap.ListData) {
		for _, n := range names {
			name, attr, _ := strings.Cut(n, " = ")
			out = append(out, &imap.ListData{Mailbox: name, Delim: '/', Attrs: []imap.MailboxAttr{imap.MailboxAttr(attr)}})
		}
		return out
	}
	for _, tc := range []struct {
		folders []string
		want    []string
	}{
		{[]string{"INBOX", `[Gmail]/Alle Nachrichten = \All`, `[Gmail]/Gesendet = \SENT`}, []string{"[Gmail]/Gesendet", "[Gmail]/Alle Nachrichten"}},
		{[]string{"Sent", `Outbox = \Sent`}, []string{"Outbox"}},
		{[]string{"INBOX", "INBOX/Sent Items", "Trash"}, []string{"INBOX/Sent Items"}},
		{[]string{"Gesendet", "Sent"}, []string{"Sent"}},
		{[]string{"INBOX", "Presents"}, []string{}},
		{[]string{`Sent = \Noselect`, "INBOX/Gesendete Objekte"}, []string{"INBOX/Gesendete Objekte"}},
	} {
		if got := pickSentFolders(folders(tc.folders...)).existingNames(); !slices.Equal(got, tc.want) {
			t.Errorf("%q: %q, want %q", tc.folders, got, tc.want)
		}
	}
}
