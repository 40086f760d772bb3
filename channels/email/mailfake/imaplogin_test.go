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

// Logins are refused for a wrong password, a stale token and by a fault; the same connection may try again.
func TestIMAPLogin(t *testing.T) {
	t.Parallel()
	s := start(t)
	c, err := imapclient.DialInsecure(s.IMAPAddr(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	wantIMAPError(t, "a wrong password", c.Login(support, "wrong").Wait(), imap.ResponseCodeAuthenticationFailed)
	wantIMAPError(t, "a stale token", c.Authenticate(&xoauth2{user: support, token: "stale"}), imap.ResponseCodeAuthenticationFailed)
	addFault(t, s, mailfake.Fault{Op: mailfake.OpLOGIN, Action: mailfake.ActionReply, Mailbox: support})
	wantIMAPError(t, "a login that a fault strikes", c.Login(support, "secret").Wait(), imap.ResponseCodeAuthenticationFailed)
	if err := c.Authenticate(&xoauth2{user: support, token: "token-1"}); err != nil {
		t.Errorf("a good login after three refusals: %v", err)
	}
}

// xoauth2 is a client as Google describes it: an empty answer to the error challenge.
type xoauth2 struct{ user, token string }

func (x *xoauth2) Start() (string, []byte, error) {
	return "XOAUTH2", []byte("user=" + x.user + "\x01auth=Bearer " + x.token + "\x01\x01"), nil
}

func (x *xoauth2) Next([]byte) ([]byte, error) { return []byte{}, nil }

// Both forms of TLS are served with a certificate that clients are told of.
func TestIMAPTLS(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *mailfake.Options) { o.TLS = true })
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(s.CertPEM())
	opts := &imapclient.Options{TLSConfig: &tls.Config{RootCAs: pool, ServerName: "localhost", MinVersion: tls.VersionTLS12}}
	dials := map[string]func() (*imapclient.Client, error){
		"starttls": func() (*imapclient.Client, error) { return imapclient.DialStartTLS(s.IMAPAddr(), opts) },
		"implicit": func() (*imapclient.Client, error) { return imapclient.DialTLS(s.IMAPTLSAddr(), opts) },
	}
	writeToSupport(t, s, "one")
	for name, dial := range dials {
		c, err := dial()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := c.Login(support, "secret").Wait(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if sel, err := c.Select("INBOX", nil).Wait(); err != nil || sel.NumMessages != 1 {
			t.Errorf("%s: selected %+v, %v; want one mail", name, sel, err)
		}
		_ = c.Close()
	}
}

// TestLargeMail: what goes in by SMTP comes out by IMAP, in the customer's own mailbox,
// byte for byte.
func TestLargeMail(t *testing.T) {
	t.Parallel()
	s := start(t)
	content := bytes.Repeat([]byte("large attachment "), 1<<19)
	m := letter(t, support, ann, "Large", "see file")
	noError(t, m.AttachReader("a.bin", bytes.NewReader(content)))
	noError(t, sender(t, s, gomail.WithTimeout(time.Minute)).DialAndSendWithContext(t.Context(), m))
	c, err := imapclient.DialInsecure(s.IMAPAddr(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	noError(t, c.Login(ann, "customer").Wait())
	if _, err := c.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	msgs, err := c.Fetch(imap.UIDSetNum(1), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{wholeMail()}}).Collect()
	if err != nil || len(msgs) != 1 {
		t.Fatalf("fetched %d mails, %v; want one", len(msgs), err)
	}
	stored := s.Inbox(ann)[0]
	if got := msgs[0].FindBodySection(wholeMail()); !bytes.Equal(got, stored.Raw) {
		t.Errorf("fetched %d bytes, want the %d that are stored", len(got), len(stored.Raw))
	}
	if len(stored.Attachments) != 1 || !bytes.Equal(stored.Attachments[0].Content, content) {
		t.Errorf("the mail has %d files, want the one that was sent", len(stored.Attachments))
	}
}
