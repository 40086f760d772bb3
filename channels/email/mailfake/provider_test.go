package mailfake_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"strings"
	"testing"

	gomail "github.com/wneessen/go-mail"

	"parley/channels/email/mailfake"
)

// startTLS starts a server with TLS, and returns the options of clients that trust it: by STARTTLS, and with TLS from the beginning.
func startTLS(t *testing.T) (s *mailfake.Server, byStartTLS, byTLS []gomail.Option) {
	t.Helper()
	s = start(t, func(o *mailfake.Options) { o.TLS = true })
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(s.CertPEM()) {
		t.Fatal("no certificate")
	}
	trust := gomail.WithTLSConfig(&tls.Config{RootCAs: pool, ServerName: "localhost", MinVersion: tls.VersionTLS12})
	_, port := hostPort(t, s.SMTPTLSAddr())
	byStartTLS = []gomail.Option{trust, gomail.WithTLSPolicy(gomail.TLSMandatory)}
	byTLS = []gomail.Option{trust, gomail.WithSSL(), gomail.WithPort(port)}
	return s, byStartTLS, byTLS
}

// Both forms of TLS are served.
func TestTLS(t *testing.T) {
	t.Parallel()
	s, byStartTLS, byTLS := startTLS(t)
	noError(t, send(t, s, byStartTLS...))
	noError(t, send(t, s, byTLS...))
	wantEqual(t, "mails", len(s.Inbox(ann)), 2)
}

// Clients must be told of the server's certificate.
func TestTLSWithoutTrust(t *testing.T) {
	t.Parallel()
	s, _, _ := startTLS(t)
	if send(t, s, gomail.WithTLSPolicy(gomail.TLSMandatory)) == nil {
		t.Error("a client that trusts nobody sent a mail, want an error")
	}
	wantEqual(t, "mails", len(s.Inbox(ann)), 0)
}

// Faults strike under TLS, too.
func TestFaultUnderTLS(t *testing.T) {
	t.Parallel()
	s, _, byTLS := startTLS(t)
	addFault(t, s, mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionDropAfter})
	if send(t, s, byTLS...) == nil {
		t.Error("the mail was answered, want the connection dropped")
	}
	wantEqual(t, "mails, of which the answer was lost", len(s.Inbox(ann)), 1)
}

// sales is a mailbox with the manners of Microsoft 365: it saves what it sends, gives it another Message-ID, and refuses other senders.
const sales = "sales@acme.test"

func asSales() gomail.Option { return gomail.WithUsername(sales) }

// A server that gives mails new Message-IDs tells both in its submissions, and saves what the recipient gets.
func TestServerThatReplacesMessageIDs(t *testing.T) {
	t.Parallel()
	s := start(t)
	submit(t, s, letter(t, sales, ann, "Hi", "x"), asSales())
	got := s.Inbox(ann)[0]
	wantEqual(t, "text", got.Text, "x\n")
	wantEqual(t, "fields Message-ID", bytes.Count(bytes.ToLower(got.Raw), []byte("message-id:")), 1)
	if got.MessageID == letterID {
		t.Errorf("Message-ID: got the sender's, %s, want a new one", got.MessageID)
	}

	saved := s.Sent(sales)
	if len(saved) != 1 {
		t.Fatalf("mails in Sent: got %+v, want one", saved)
	}
	wantEqual(t, "id in Sent", saved[0].MessageID, got.MessageID)
	wantEqual(t, "flag in Sent", saved[0].Flags[0], `\Seen`)

	submission := s.Submissions()[0]
	wantEqual(t, "id as submitted", submission.MessageID, letterID)
	wantEqual(t, "id as stored", submission.StoredID, got.MessageID)
	wantEqual(t, "mailbox of the submission", submission.Mailbox, sales)
	wantEqual(t, "subject of the submission", submission.Subject, "Hi")
}

// A mailbox that refuses other senders takes its own address with a tag.
func TestStrictSender(t *testing.T) {
	t.Parallel()
	s := start(t)
	refusal := sendError(t, send(t, s, asSales())) // as support
	wantEqual(t, "code for another sender", refusal.ErrorCode(), 550)
	wantEqual(t, "enhanced code for another sender", refusal.EnhancedStatusCode(), "5.7.60")
	submit(t, s, letter(t, "sales+c1@acme.test", ann, "Hi", "x"), asSales())
}

func TestServerThatDoesNotSave(t *testing.T) {
	t.Parallel()
	s := start(t)
	noError(t, send(t, s)) // as support
	wantEqual(t, "mails in Sent", len(s.Sent(support)), 0)
}

// setRules sets the rules for recipients of these tests.
func setRules(t *testing.T, s *mailfake.Server) {
	t.Helper()
	rules := []mailfake.RecipientRule{
		{Address: "@gone.test", Policy: mailfake.PolicyRefuse},
		{Address: "left@gone.test", Policy: mailfake.PolicyAccept},
		{Address: "full@customer.test", Policy: mailfake.PolicyRefuse, Code: 452, Enhanced: "4.2.2", Text: "Mailbox full"},
	}
	for _, r := range rules {
		noError(t, s.SetRecipient(r))
	}
}

// Customers' mailboxes are there for every address that no rule refuses; a tag belongs to the mailbox of its address.
func TestRecipients(t *testing.T) {
	t.Parallel()
	s := start(t)
	setRules(t, s)
	tests := []struct{ to, mailbox string }{
		{to: "new@customer.test", mailbox: "new@customer.test"},
		{to: "new+tag@customer.test", mailbox: "new@customer.test"},
		{to: "support+c1.abc@acme.test", mailbox: support},
		{to: "left@gone.test", mailbox: "left@gone.test"}, // the rule for the address comes before that for the domain
	}
	for _, tt := range tests {
		submit(t, s, letter(t, support, tt.to, tt.to, "x"))
		inbox := s.Inbox(tt.mailbox)
		if len(inbox) == 0 {
			t.Fatalf("%s: %s has no mail, want one", tt.to, tt.mailbox)
		}
		latest := inbox[len(inbox)-1]
		wantEqual(t, tt.to+": subject", latest.Subject, tt.to)
		wantEqual(t, tt.to+": Delivered-To", latest.Get("Delivered-To"), tt.to)
		wantEqual(t, tt.to+": Return-Path", latest.Get("Return-Path"), "<"+support+">")
	}
}

// Recipients are refused by rules for their address or their domain, and in the company's domain without any.
func TestRefusedRecipients(t *testing.T) {
	t.Parallel()
	s := start(t)
	setRules(t, s)
	tests := []struct {
		to       string
		code     int
		enhanced string
	}{
		{to: "nobody@acme.test", code: 550, enhanced: "5.1.1"},
		{to: "nobody@gone.test", code: 550, enhanced: "5.1.1"},
		{to: "full@customer.test", code: 452, enhanced: "4.2.2"},
	}
	for _, tt := range tests {
		err := sender(t, s).DialAndSendWithContext(testContext(t), letter(t, support, tt.to, "Hi", "x"))
		refusal := sendError(t, err)
		wantEqual(t, tt.to+": code", refusal.ErrorCode(), tt.code)
		wantEqual(t, tt.to+": enhanced code", refusal.EnhancedStatusCode(), tt.enhanced)
	}
}

func TestUnknownPolicyIsRefused(t *testing.T) {
	t.Parallel()
	if start(t).SetRecipient(mailfake.RecipientRule{Address: "a@b.c", Policy: "maybe"}) == nil {
		t.Error("an unknown policy was taken, want an error")
	}
}

// A mail that is larger than the server takes is refused.
func TestTooLarge(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *mailfake.Options) { o.MaxMessageBytes = 4000 })
	err := sender(t, s).DialAndSendWithContext(testContext(t), letter(t, support, ann, "Big", strings.Repeat("0123456789\r\n", 1000)))
	wantEqual(t, "code", sendError(t, err).ErrorCode(), 552)
	wantEqual(t, "mails", len(s.Inbox(ann)), 0)
}
