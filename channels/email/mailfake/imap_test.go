package mailfake_test

import (
	"fmt"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"parley/channels/email/mailfake"
)

// wholeMail asks for all bytes of a mail.
func wholeMail() *imap.FetchItemBodySection { return &imap.FetchItemBodySection{Peek: true} }

// openInbox puts n mails into the support mailbox and opens it.
func openInbox(t *testing.T, s *mailfake.Server, n int, opts *imapclient.Options) *imapclient.Client {
	t.Helper()
	for i := range n {
		writeToSupport(t, s, fmt.Sprintf("Mail %d", i+1))
	}
	c := login(t, s, opts)
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	return c
}

// writeToSupport sends a mail from ann to support.
func writeToSupport(t *testing.T, s *mailfake.Server, subject string) {
	t.Helper()
	_, err := s.Customer(ann).Send(mailfake.Mail{To: []string{support}, Subject: subject, Text: "text of " + subject})
	noError(t, err)
}

func addFault(t *testing.T, s *mailfake.Server, f mailfake.Fault) (id string) {
	t.Helper()
	id, err := s.AddFault(f)
	noError(t, err)
	return id
}
