package mailfake_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	gomail "github.com/wneessen/go-mail"

	"parley/channels/email/mailfake"
)

// A login is refused for a wrong password, for an old token and by a fault. After that the same connection may try
// again.
func TestIMAPLogin(t *testing.T) {
	t.Parallel()
	s := start(t)
	c, err := imapclient.DialInsecure(s.IMAPAddr(), nil)
	noError(t, err)
	defer func() { _ = c.Close() }()

	wantIMAPError(t, "a wrong password", c.Login(support, "wrong").Wait(), imap.ResponseCodeAuthenticationFailed)
	wantIMAPError(t, "a stale token", c.Authenticate(&xoauth2{user: support, token: "stale"}), imap.ResponseCodeAuthenticationFailed)
	addFault(t, s, mailfake.Fault{Op: mailfake.OpLOGIN, Action: mailfake.ActionReply, Mailbox: support})
	wantIMAPError(t, "a login that a fault strikes", c.Login(support, "secret").Wait(), imap.ResponseCodeAuthenticationFailed)

	if err := c.Authenticate(&xoauth2{user: support, token: "token-1"}); err != nil {
		t.Errorf("a good login after three refusals: %v", err)
	}
}

// xoauth2 is a client that behaves as Google describes: it answers the error challenge with an empty response.
type xoauth2 struct{ user, token string }

func (x *xoauth2) Start() (string, []byte, error) {
	return "XOAUTH2", []byte("user=" + x.user + "\x01auth=Bearer " + x.token + "\x01\x01"), nil
}

func (x *xoauth2) Next([]byte) ([]byte, error) { return []byte{}, nil }

// STARTTLS and TLS are both served, with a certificate that clients can get.
func TestIMAPTLS(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *mailfake.Options) { o.TLS = true })
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(s.CertPEM()) {
		t.Fatal("no certificate")
	}
	opts := &imapclient.Options{TLSConfig: &tls.Config{RootCAs: pool, ServerName: "localhost", MinVersion: tls.VersionTLS12}}

	tests := []struct {
		name string
		dial func() (*imapclient.Client, error)
	}{
		{name: "STARTTLS", dial: func() (*imapclient.Client, error) { return imapclient.DialStartTLS(s.IMAPAddr(), opts) }},
		{name: "TLS", dial: func() (*imapclient.Client, error) { return imapclient.DialTLS(s.IMAPTLSAddr(), opts) }},
	}

	writeToSupport(t, s, "one")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := tt.dial()
			noError(t, err)
			defer func() { _ = c.Close() }()
			noError(t, c.Login(support, "secret").Wait())
			selected, err := c.Select("INBOX", nil).Wait()
			noError(t, err)
			wantEqual(t, "mails", selected.NumMessages, 1)
		})
	}
}

// A mail that is sent by SMTP can be read by IMAP in the customer's own mailbox, byte for byte.
func TestLargeMail(t *testing.T) {
	t.Parallel()
	s := start(t)
	content := bytes.Repeat([]byte("large attachment "), 1<<19)
	m := letter(t, support, ann, "Large", "see file")
	noError(t, m.AttachReader("a.bin", bytes.NewReader(content)))
	noError(t, sender(t, s, gomail.WithTimeout(time.Minute)).DialAndSendWithContext(t.Context(), m))

	c, err := imapclient.DialInsecure(s.IMAPAddr(), nil)
	noError(t, err)
	defer func() { _ = c.Close() }()
	noError(t, c.Login(ann, "customer").Wait())
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}

	msgs, err := c.Fetch(imap.UIDSetNum(1), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{wholeMail()}}).Collect()
	noError(t, err)
	if len(msgs) != 1 {
		t.Fatalf("mails: got %d, want one", len(msgs))
	}

	stored := s.Inbox(ann)[0]
	if got := msgs[0].FindBodySection(wholeMail()); !bytes.Equal(got, stored.Raw) {
		t.Errorf("fetched %d bytes, want the %d that are stored", len(got), len(stored.Raw))
	}
	if len(stored.Attachments) != 1 {
		t.Fatalf("files: got %d, want one", len(stored.Attachments))
	}
	if got := stored.Attachments[0].Content; !bytes.Equal(got, content) {
		t.Errorf("file: got %d bytes, want the %d that were sent", len(got), len(content))
	}
}
