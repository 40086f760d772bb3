package mailfake_test

import (
	"errors"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"parley/channels/email/mailfake"
)

// selectInbox opens the inbox, and returns what the server says of it.
func selectInbox(t *testing.T, c *imapclient.Client) *imap.SelectData {
	t.Helper()
	selected, err := c.Select("INBOX", nil).Wait()
	noError(t, err)
	return selected
}

// wantGreater checks that a UIDVALIDITY is greater than the one before it.
func wantGreater(t *testing.T, got, before uint32) {
	t.Helper()
	if got <= before {
		t.Errorf("UIDVALIDITY: got %d after %d, want a greater one", got, before)
	}
}

// A new UIDVALIDITY ends the connections that have the folder open, and gives its mails new UIDs.
func TestUIDValidityChanges(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := openInbox(t, s, 3, nil)
	deleted := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Flags: []imap.Flag{imap.FlagDeleted}, Silent: true}
	noError(t, c.Store(imap.UIDSetNum(1), deleted, nil).Close())
	noError(t, c.Expunge().Close())
	before := selectInbox(t, c)
	noError(t, s.ChangeUIDValidity(support, "INBOX"))
	if err := c.Noop().Wait(); err == nil {
		t.Error("a client that had the folder open goes on, want its connection ended")
	}

	after := selectInbox(t, login(t, s, nil))
	wantEqual(t, "mails", after.NumMessages, 2)
	wantEqual(t, "UIDNEXT", after.UIDNext, 3)
	wantGreater(t, after.UIDValidity, before.UIDValidity)
}

// A fault of SELECT gives the folder a new UIDVALIDITY while it is opened.
func TestUIDValidityChangesByAFault(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := openInbox(t, s, 2, nil)
	before := selectInbox(t, c)
	addFault(t, s, mailfake.Fault{Op: mailfake.OpSELECT, Action: mailfake.ActionUIDValidity})
	wantGreater(t, selectInbox(t, c).UIDValidity, before.UIDValidity)
	msgs, err := fetchAll(c, 1, 2)
	noError(t, err)
	wantEqual(t, "mails", len(msgs), 2)
}

func TestUIDValidityOfAnUnknownFolder(t *testing.T) {
	t.Parallel()
	if err := start(t).ChangeUIDValidity(support, "Nowhere"); !errors.Is(err, mailfake.ErrNoMailbox) {
		t.Errorf("got error %v, want %v", err, mailfake.ErrNoMailbox)
	}
}
