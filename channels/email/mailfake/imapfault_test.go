package mailfake_test

import (
	"slices"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"parley/channels/email/mailfake"
)

func fetchAll(c *imapclient.Client, uids ...imap.UID) ([]*imapclient.FetchMessageBuffer, error) {
	return c.Fetch(imap.UIDSetNum(uids...), &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{wholeMail()}}).Collect()
}

// fetchTest is a fault of FETCH, in a folder with three mails.
type fetchTest struct {
	name   string
	fault  mailfake.Fault
	bodies int // mails that come whole
	left   int // mails in the folder afterwards
}

// fetchUnderFault fetches three mails while a fault is set. It checks how many arrive whole, and returns the command's
// error.
func (tt fetchTest) fetchUnderFault(t *testing.T, s *mailfake.Server, c *imapclient.Client) error {
	t.Helper()
	before := s.Inbox(support)
	f := tt.fault
	f.Op = mailfake.OpFETCH
	addFault(t, s, f)
	msgs, err := fetchAll(c, 1, 2, 3)

	bodies := 0
	for _, m := range msgs {
		body := m.FindBodySection(wholeMail())
		if slices.ContainsFunc(before, func(r mailfake.Received) bool { return string(r.Raw) == string(body) }) {
			bodies++
		}
	}
	wantEqual(t, "mails that came whole", bodies, tt.bodies)
	return err
}

// wantLeft checks that all remaining mails can be fetched.
func (tt fetchTest) wantLeft(t *testing.T, c *imapclient.Client) {
	t.Helper()
	msgs, err := fetchAll(c, 1, 2, 3)
	if err != nil {
		t.Errorf("FETCH afterwards: %v", err)
	}
	wantEqual(t, "mails afterwards", len(msgs), tt.left)
}

// These faults of FETCH end the connection. A new connection gets all mails.
func TestFetchFaultsThatEndTheConnection(t *testing.T) {
	t.Parallel()
	tests := []fetchTest{
		{name: "unknown item", fault: mailfake.Fault{Action: mailfake.ActionUnknownItem}, left: 3},
		{name: "BYE", fault: mailfake.Fault{Action: mailfake.ActionBye}, left: 3},
		{name: "dropped before the answer", fault: mailfake.Fault{Action: mailfake.ActionDropBefore}, left: 3},
		{name: "dropped after the mails", fault: mailfake.Fault{Action: mailfake.ActionDropAfter}, bodies: 3, left: 3},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			c := openInbox(t, s, 3, nil)
			if tt.fetchUnderFault(t, s, c) == nil {
				t.Error("FETCH succeeded, want an error")
			}
			if c.Noop().Wait() == nil {
				t.Error("the connection goes on, want it ended")
			}
			tt.wantLeft(t, openInbox(t, s, 0, nil))
		})
	}
}
