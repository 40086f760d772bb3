package email

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"testing"

	"parley/channels/email/mailfake"
)

// mailboxesVariable makes a process of this test binary serve this many mailboxes instead of running tests. If the mail
// server ran in the benchmark's process, its memory would count as the channels'.
const mailboxesVariable = "PARLEY_TEST_MAILBOXES"

func TestMain(m *testing.M) {
	mailboxes := 0
	if _, err := fmt.Sscan(os.Getenv(mailboxesVariable), &mailboxes); err != nil {
		os.Exit(m.Run())
	}
	if err := serveMailboxes(mailboxes); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

// boxAddress is the address of a mailbox of benchmarks.
func boxAddress(box int) string { return fmt.Sprintf("box%d@acme.test", box) }

// serveMailboxes serves mailboxes until its input ends. It prints the server's address and certificate.
func serveMailboxes(mailboxes int) error {
	o := mailfake.Options{TLS: true}
	for box := range mailboxes {
		o.Mailboxes = append(o.Mailboxes, mailfake.MailboxConfig{Address: boxAddress(box), Password: password})
	}
	s := mailfake.New(o)
	if err := s.Start(context.Background()); err != nil {
		return err
	}
	fmt.Println(s.IMAPTLSAddr(), base64.StdEncoding.EncodeToString(s.CertPEM()))
	_, _ = os.Stdin.Read(make([]byte, 1)) // until the benchmark ends
	return nil
}
