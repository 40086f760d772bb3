package mailbox

import (
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
)

// The folder of sent mail is known by its attribute, or by its name in some language; Gmail's folder of all mail stands in for it.
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
		folders []string // names, with = before an attribute
		want    []string
	}{
		{folders: []string{"INBOX", `[Gmail]/Alle Nachrichten = \All`, `[Gmail]/Gesendet = \SENT`}, want: []string{"[Gmail]/Gesendet", "[Gmail]/Alle Nachrichten"}},
		{folders: []string{"Sent", `Outbox = \Sent`}, want: []string{"Outbox"}},
		{folders: []string{"INBOX", "INBOX/Sent Items", "Trash"}, want: []string{"INBOX/Sent Items"}},
		{folders: []string{"Gesendet", "Sent"}, want: []string{"Sent"}},
		{folders: []string{"INBOX", "Presents"}, want: []string{}},
		{folders: []string{`Sent = \Noselect`, "INBOX/Gesendete Objekte"}, want: []string{"INBOX/Gesendete Objekte"}},
	} {
		if got := pickSentFolders(folders(tc.folders...)).existingNames(); !slices.Equal(got, tc.want) {
			t.Errorf("of %q are picked %q, want %q", tc.folders, got, tc.want)
		}
	}
}
