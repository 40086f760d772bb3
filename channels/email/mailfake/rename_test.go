package mailfake_test

import (
	"slices"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"parley/channels/email/mailfake"
)

// listFolders returns the names of all folders.
func listFolders(t *testing.T, c *imapclient.Client) []string {
	t.Helper()
	list, err := c.List("", "*", nil).Collect()
	noError(t, err)
	var names []string
	for _, d := range list {
		names = append(names, d.Mailbox)
	}
	return names
}

// countMails returns how many mails a folder has, and how many of them are unseen.
func countMails(t *testing.T, c *imapclient.Client, folder string) (all, unseen uint32) {
	t.Helper()
	status, err := c.Status(folder, &imap.StatusOptions{NumMessages: true, NumUnseen: true}).Wait()
	noError(t, err)
	return *status.NumMessages, *status.NumUnseen
}

// RENAME of a folder also renames the folders below it (RFC 3501, section 6.3.5).
func TestRenameHierarchy(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		folders  []string
		old, new string
		want     []string
	}{
		{
			name:    "folders below",
			folders: []string{"Done", "Done/2025", "Done/2025/May", "Donetsk"}, old: "Done", new: "Filed",
			want: []string{"Donetsk", "Filed", "Filed/2025", "Filed/2025/May", "INBOX", "Sent"},
		},
		{
			name:    "a level that isn't a folder",
			folders: []string{"Done/2025"}, old: "Done", new: "Filed",
			want: []string{"Filed/2025", "INBOX", "Sent"},
		},
		{
			name:    "into another level",
			folders: []string{"Done", "Done/2025"}, old: "Done", new: "Archive/Done",
			want: []string{"Archive/Done", "Archive/Done/2025", "INBOX", "Sent"},
		},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := login(t, start(t, func(o *mailfake.Options) { o.Mailboxes[0].Folders = tt.folders }), nil)
			noError(t, c.Rename(tt.old, tt.new, nil).Wait())
			if got := listFolders(t, c); !slices.Equal(got, tt.want) {
				t.Errorf("folders: got %q, want %q", got, tt.want)
			}
		})
	}
}

// A RENAME that can't be done is refused, and changes nothing.
func TestRenameRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		old, new string
	}{
		{name: "a folder that there isn't", old: "Nowhere", new: "Filed"},
		{name: "to a folder that there is", old: "Done", new: "Sent"},
		{name: "a folder below would get the name of another", old: "Done", new: "Old"},
		{name: "below itself", old: "Done", new: "Done/Done"},
		{name: "INBOX to a folder that there is", old: "INBOX", new: "Done"},
		{name: "to INBOX", old: "Done", new: "inbox"},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			folders := []string{"Done", "Done/2025", "Old/2025"}
			c := login(t, start(t, func(o *mailfake.Options) { o.Mailboxes[0].Folders = folders }), nil)
			if c.Rename(tt.old, tt.new, nil).Wait() == nil {
				t.Error("it succeeded, want an error")
			}
			want := []string{"Done", "Done/2025", "INBOX", "Old/2025", "Sent"}
			if got := listFolders(t, c); !slices.Equal(got, want) {
				t.Errorf("folders: got %q, want %q", got, want)
			}
		})
	}
}

// RENAME of INBOX moves its mails, with their flags, to a new folder and leaves INBOX empty. Folders below INBOX stay.
func TestRenameInbox(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *mailfake.Options) { o.Mailboxes[0].Folders = []string{"INBOX/Team"} })
	c := openInbox(t, s, 2, nil)
	seen := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagSeen}}
	noError(t, c.Store(imap.SeqSetNum(1), seen, nil).Close())
	noError(t, c.Rename("inbox", "Old", nil).Wait())

	if got, want := listFolders(t, c), []string{"INBOX", "INBOX/Team", "Old", "Sent"}; !slices.Equal(got, want) {
		t.Errorf("folders: got %q, want %q", got, want)
	}

	all, unseen := countMails(t, c, "Old")
	wantEqual(t, "mails of the new folder", all, 2)
	wantEqual(t, "unseen mails of the new folder", unseen, 1)
	all, _ = countMails(t, c, "INBOX")
	wantEqual(t, "mails of INBOX", all, 0)

	writeToSupport(t, s, "later")
	all, _ = countMails(t, c, "INBOX")
	wantEqual(t, "mails of INBOX after another came", all, 1)
}
