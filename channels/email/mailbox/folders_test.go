package mailbox

import (
	"slices"
	"testing"

	"github.com/emersion/go-imap/v2"
)

// listed returns a folder as a server lists it.
func listed(name string, attributes ...imap.MailboxAttr) *imap.ListData {
	return &imap.ListData{Mailbox: name, Delim: '/', Attrs: attributes}
}

// The folder of sent mail is known by its attribute, or by its name in some language. Gmail's folder of all mail stands in
// for it.
func TestPickSentFolders(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		folders []*imap.ListData
		want    []string
	}{
		{
			name:    "by attribute, in any case of letters, and Gmail's folder of all mail",
			folders: []*imap.ListData{listed("INBOX"), listed("[Gmail]/Alle Nachrichten", `\All`), listed("[Gmail]/Gesendet", `\SENT`)},
			want:    []string{"[Gmail]/Gesendet", "[Gmail]/Alle Nachrichten"},
		},
		{
			name:    "an attribute before a name",
			folders: []*imap.ListData{listed("Sent"), listed("Outbox", `\Sent`)},
			want:    []string{"Outbox"},
		},
		{
			name:    "by name, inside the inbox",
			folders: []*imap.ListData{listed("INBOX"), listed("INBOX/Sent Items"), listed("Trash")},
			want:    []string{"INBOX/Sent Items"},
		},
		{name: "the English name before others", folders: []*imap.ListData{listed("Gesendet"), listed("Sent")}, want: []string{"Sent"}},
		{name: "a name that only ends alike", folders: []*imap.ListData{listed("INBOX"), listed("Presents")}, want: nil},
		{
			name:    "a folder that can't be opened",
			folders: []*imap.ListData{listed("Sent", `\Noselect`), listed("INBOX/Gesendete Objekte")},
			want:    []string{"INBOX/Gesendete Objekte"},
		},
	}
	for _, tt := range tests {
		if got := pickSentFolders(tt.folders).existingNames(); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
