package mailfake_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	gomail "github.com/wneessen/go-mail"

	"parley/channels/email/mailfake"
)

const ann = "ann@customer.test"

// reply is a fault that answers a command with a code of SMTP, and with an enhanced one.
func reply(op mailfake.Op, code int, enhanced string) mailfake.Fault {
	return mailfake.Fault{Op: op, Action: mailfake.ActionReply, Code: code, Enhanced: enhanced}
}

// refuse is a fault that refuses a recipient, or those of a domain.
func refuse(recipient string) mailfake.Fault {
	return mailfake.Fault{Op: mailfake.OpRCPT, Action: mailfake.ActionReply, Recipient: recipient, Code: 550}
}

// timeout is in the client's error when it has waited in vain.
const timeout = "timeout"

// TestSMTPFaults sends one mail against each fault and looks at what the client learns
// and at what was stored.
func TestSMTPFaults(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		fault  mailfake.Fault
		code   int    // of the client's error; 0: none
		reason string // words in the error when there is no code
		stored int
	}{
		{name: "421 at mail", fault: reply(mailfake.OpMAIL, 421, "4.3.2"), code: 421},
		{name: "450 at rcpt", fault: reply(mailfake.OpRCPT, 450, "4.2.1"), code: 450},
		{name: "550 for the recipient", fault: refuse(ann), code: 550},
		{name: "550 for the domain", fault: refuse("@customer.test"), code: 550},
		{name: "another recipient", fault: refuse("bob@customer.test"), stored: 1},
		{name: "452 after the data", fault: reply(mailfake.OpDATA, 452, "4.3.1"), code: 452},
		{name: "552 after the data", fault: reply(mailfake.OpDATA, 552, "5.3.4"), code: 552},
		{name: "only the second", fault: mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionReply, Nth: 2}, stored: 1},
		{name: "535 at login", fault: reply(mailfake.OpAUTH, 535, "5.7.139"), reason: "535"},
		{name: "454 at login", fault: reply(mailfake.OpAUTH, 454, "4.7.0"), reason: "454"},
		{name: "gone before the dot", fault: mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionDropBefore, Bytes: 10}, reason: "EOF"},
		{name: "gone after the dot", fault: mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionDropAfter}, reason: "EOF", stored: 1},
		{name: "silent after the dot", fault: mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionDelayAfter}, reason: timeout, stored: 1},
		{name: "slow", fault: mailfake.Fault{Op: mailfake.OpRCPT, Action: mailfake.ActionDelay, Delay: 5 * time.Millisecond}, stored: 1},
		{name: "stalls at mail", fault: mailfake.Fault{Op: mailfake.OpMAIL, Action: mailfake.ActionDelay}, reason: timeout},
		{name: "refused at hello", fault: mailfake.Fault{Op: mailfake.OpSMTPConnect, Action: mailfake.ActionReply, Code: 421, Times: 2}, reason: "421"},
		{name: "never by chance", fault: mailfake.Fault{Op: mailfake.OpMAIL, Action: mailfake.ActionReply, Code: 421, Probability: 1e-12}, stored: 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			if _, err := s.AddFault(c.fault); err != nil {
				t.Fatal(err)
			}
			var options []gomail.Option
			if c.reason == timeout { // it is waited for: enough for the rest of the talk on a slow machine
				options = append(options, gomail.WithTimeout(15*time.Second))
			}
			client := sender(t, s, options...)
			err := client.DialAndSendWithContext(testContext(t), letter(t, support, ann, "Hi", strings.Repeat("text\r\n", 50)))
			switch {
			case c.code != 0:
				wantEqual(t, "client's code", sendError(t, err).ErrorCode(), c.code)
			case c.reason != "":
				wantErrorWith(t, "sending", err, c.reason)
			case err != nil:
				t.Errorf("sending: %v", err)
			}
			wantEqual(t, "mails stored", len(s.Inbox(ann)), c.stored)
			wantEqual(t, "mails submitted", len(s.Submissions()), c.stored)
		})
	}
}

// sendError returns the client's error as the *gomail.SendError that it must be.
func sendError(t *testing.T, err error) *gomail.SendError {
	t.Helper()
	var se *gomail.SendError
	if !errors.As(err, &se) {
		t.Fatalf("got the error %v, want a *gomail.SendError", err)
	}
	return se
}

// wantErrorWith checks that what was tried failed, with these words in the error.
func wantErrorWith(t *testing.T, tried string, err error, words string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), words) {
		t.Errorf("%s: got the error %v, want one with %q", tried, err, words)
	}
}

// TestFaultCounts shows Nth, Times and that a fault ends by itself.
func TestFaultCounts(t *testing.T) {
	t.Parallel()
	s := start(t)
	id, err := s.AddFault(mailfake.Fault{Op: mailfake.OpMAIL, Action: mailfake.ActionReply, Code: 450, Nth: 2, Times: 2})
	if err != nil {
		t.Fatal(err)
	}
	var got []bool
	for range 5 {
		err := sender(t, s).DialAndSendWithContext(testContext(t), letter(t, support, ann, "Hi", "x"))
		got = append(got, err == nil)
	}
	if want := []bool{true, false, false, true, true}; !slices.Equal(got, want) {
		t.Errorf("of five mails were taken %v, want %v", got, want)
	}
	faults := s.Faults()
	if len(faults) != 1 {
		t.Fatalf("got the faults %+v, want one", faults)
	}
	wantEqual(t, "fault", faults[0].ID, id)
	wantEqual(t, "mails that it has seen", faults[0].Seen, 5)
	wantEqual(t, "mails that it has struck", faults[0].Fired, 2)
	s.RemoveFault(id)
	wantEqual(t, "faults after its removal", len(s.Faults()), 0)
	for f, want := range map[mailfake.Fault]string{
		{Op: "smtp.nonsense", Action: mailfake.ActionReply}: `"smtp.mail"`,
		{Op: mailfake.OpMAIL, Action: "dropafter"}:          `"drop_after"`,
	} {
		if _, err := s.AddFault(f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the fault %+v: got the error %v, want one that lists %s", f, err, want)
		}
	}
}

// TestChanceIsSeeded: equal seeds fail at the same mails.
func TestChanceIsSeeded(t *testing.T) {
	t.Parallel()
	run := func(seed int64) (out string) {
		s := start(t, func(o *mailfake.Options) { o.Seed = seed })
		if _, err := s.AddFault(mailfake.Fault{Op: mailfake.OpMAIL, Action: mailfake.ActionReply, Times: mailfake.Forever, Probability: 0.5}); err != nil {
			t.Fatal(err)
		}
		for range 12 {
			if err := sender(t, s).DialAndSendWithContext(testContext(t), letter(t, support, ann, "Hi", "x")); err != nil {
				out += "x"
			} else {
				out += "."
			}
		}
		return out
	}
	first := run(1)
	wantEqual(t, "the same seed again", run(1), first)
	if other := run(2); other == first {
		t.Errorf("another seed gives the same, %s", other)
	}
	if !strings.Contains(first, "x") || !strings.Contains(first, ".") {
		t.Errorf("got %s, want some mails taken and some refused", first)
	}
}

// A login by each method that Parley uses is taken with the right secret, and refused with another.
func TestSMTPLogin(t *testing.T) {
	t.Parallel()
	s := start(t)
	cases := []struct {
		name    string
		method  gomail.SMTPAuthType
		secret  string
		refusal string // words of the refusal; "" means that the login is taken
	}{
		{name: "plain", method: gomail.SMTPAuthPlain, secret: "secret"},
		{name: "plain, wrong", method: gomail.SMTPAuthPlain, secret: "wrong", refusal: "535"},
		{name: "login", method: gomail.SMTPAuthLogin, secret: "secret"},
		{name: "login, wrong", method: gomail.SMTPAuthLogin, secret: "wrong", refusal: "535"},
		{name: "xoauth2", method: gomail.SMTPAuthXOAUTH2, secret: "token-1"},
		{name: "xoauth2, stale", method: gomail.SMTPAuthXOAUTH2, secret: "token-0", refusal: "535"},
		{name: "none", method: gomail.SMTPAuthNoAuth, refusal: "Authentication required"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			client := sender(t, s, gomail.WithSMTPAuth(c.method), gomail.WithPassword(c.secret))
			err := client.DialAndSendWithContext(testContext(t), letter(t, support, ann, c.name, "x"))
			if c.refusal != "" {
				wantErrorWith(t, "sending", err, c.refusal)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// TestWithoutLogin: mail of others to the company's mailboxes is taken without a login, as by the server that
// a domain's MX record names. It passes nothing on, and who writes from the company's own domain has to log in.
func TestWithoutLogin(t *testing.T) {
	t.Parallel()
	s := start(t)
	cases := []struct {
		name, from, to, refused string
	}{
		{name: "customer to the company", from: ann, to: support},
		{name: "customer to an unknown mailbox", from: ann, to: "nobody@acme.test", refused: "does not exist"},
		{name: "customer to another customer", from: ann, to: "bob@customer.test", refused: "<bob@customer.test>: Relay access denied"},
		{name: "the company's own address", from: support, to: ann, refused: "Authentication required"},
		{name: "the company's domain", from: "boss@acme.test", to: support, refused: "Authentication required"},
	}
	for _, c := range cases {
		client := sender(t, s, gomail.WithSMTPAuth(gomail.SMTPAuthNoAuth))
		err := client.DialAndSendWithContext(testContext(t), letter(t, c.from, c.to, c.name, "x"))
		if c.refused != "" {
			wantErrorWith(t, c.name, err, c.refused)
		} else if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	wantEqual(t, "mails that were taken", len(s.Submissions()), 1)
	in := s.Inbox(support)
	if len(in) != 1 {
		t.Fatalf("the company got %+v, want one mail", in)
	}
	wantEqual(t, "subject", in[0].Subject, cases[0].name)
	wantEqual(t, "Return-Path", in[0].Get("Return-Path"), "<"+ann+">")
}

// Tokens can be asked for from Go, and a mailbox's settings replaced while the server runs.
func TestTokensAndSettingsChange(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *mailfake.Options) {
		o.CheckToken = func(user, token string) bool { return user == support && token == "fresh" }
	})
	sendWith := func(token string) error {
		return sender(t, s, gomail.WithSMTPAuth(gomail.SMTPAuthXOAUTH2), gomail.WithPassword(token)).
			DialAndSendWithContext(testContext(t), letter(t, support, ann, "Hi", "x"))
	}
	noError(t, sendWith("fresh"))
	noError(t, s.SetMailbox(support, func(c *mailfake.MailboxConfig) { c.Tokens = []string{"token-2"}; c.Address = "x@y.z" }))
	if sendWith("token-1") == nil {
		t.Error("the token before the change is taken, want it refused")
	}
	if err := sendWith("token-2"); err != nil {
		t.Errorf("the token after the change: %v", err)
	}
	if err := s.SetMailbox("nobody@acme.test", func(*mailfake.MailboxConfig) {}); !errors.Is(err, mailfake.ErrNoMailbox) {
		t.Errorf("changing an unknown mailbox: got %v, want %v", err, mailfake.ErrNoMailbox)
	}
}

// Both forms of TLS are served with a certificate that clients must be told of, and faults strike under TLS.
func TestTLS(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *mailfake.Options) { o.TLS = true })
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(s.CertPEM()) {
		t.Fatal("no certificate")
	}
	trust := gomail.WithTLSConfig(&tls.Config{RootCAs: pool, ServerName: "localhost", MinVersion: tls.VersionTLS12})
	_, secure := hostPort(t, s.SMTPTLSAddr())
	submit(t, s, letter(t, support, ann, "starttls", "x"), trust, gomail.WithTLSPolicy(gomail.TLSMandatory))
	submit(t, s, letter(t, support, ann, "implicit", "x"), trust, gomail.WithSSL(), gomail.WithPort(secure))
	err := sender(t, s, gomail.WithTLSPolicy(gomail.TLSMandatory)).DialAndSendWithContext(testContext(t), letter(t, support, ann, "no", "x"))
	if err == nil {
		t.Error("a client that trusts nobody sent a mail, want an error")
	}
	addFault(t, s, mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionDropAfter})
	err = sender(t, s, trust, gomail.WithSSL(), gomail.WithPort(secure)).DialAndSendWithContext(testContext(t), letter(t, support, ann, "cut", "x"))
	if err == nil {
		t.Error("a mail was answered under TLS, want the connection dropped")
	}
	wantEqual(t, "mails: two, and one whose answer was lost", len(s.Inbox(ann)), 3)
}

// TestProviderHabits: saving to Sent, a new Message-ID, the refused sender.
func TestProviderHabits(t *testing.T) {
	t.Parallel()
	s := start(t)
	const sales = "sales@acme.test"
	asSales := gomail.WithUsername(sales)
	submit(t, s, letter(t, sales, ann, "Hi", "x"), asSales)
	got := s.Inbox(ann)[0]
	wantEqual(t, "text", got.Text, "x\n")
	wantEqual(t, "fields Message-ID", bytes.Count(bytes.ToLower(got.Raw), []byte("message-id:")), 1)
	if got.MessageID == letterID {
		t.Errorf("the id %s is the sender's, want a new one", got.MessageID)
	}

	saved := s.Sent(sales)
	if len(saved) != 1 {
		t.Fatalf("Sent has %+v, want the mail", saved)
	}
	wantEqual(t, "id in Sent", saved[0].MessageID, got.MessageID)
	wantEqual(t, "flag in Sent", saved[0].Flags[0], `\Seen`)
	submission := s.Submissions()[0]
	wantEqual(t, "id as submitted", submission.MessageID, letterID)
	wantEqual(t, "id as stored", submission.StoredID, got.MessageID)
	wantEqual(t, "mailbox of the submission", submission.Mailbox, sales)
	wantEqual(t, "subject of the submission", submission.Subject, "Hi")

	err := sendError(t, sender(t, s, asSales).DialAndSendWithContext(testContext(t), letter(t, support, ann, "Hi", "x")))
	wantEqual(t, "code for a foreign sender", err.ErrorCode(), 550)
	wantEqual(t, "enhanced code for a foreign sender", err.EnhancedStatusCode(), "5.7.60")
	submit(t, s, letter(t, "sales+c1@acme.test", ann, "Hi", "x"), asSales)
	wantEqual(t, "mails in the Sent of support, which doesn't save", len(s.Sent(support)), 0)
}

// Recipients are taken or refused by rules for their address, or for their domain.
func TestRecipients(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, r := range []mailfake.RecipientRule{
		{Address: "@gone.test", Policy: mailfake.PolicyRefuse},
		{Address: "left@gone.test", Policy: mailfake.PolicyAccept},
		{Address: "full@customer.test", Policy: mailfake.PolicyRefuse, Code: 452, Enhanced: "4.2.2", Text: "Mailbox full"},
	} {
		noError(t, s.SetRecipient(r))
	}
	cases := []struct {
		to     string
		code   int
		status string
		in     string // the mailbox that has it
	}{
		{to: "new@customer.test", in: "new@customer.test"},
		{to: "new+tag@customer.test", in: "new@customer.test"},
		{to: "support+c1.abc@acme.test", in: support},
		{to: "nobody@acme.test", code: 550, status: "5.1.1"},
		{to: "nobody@gone.test", code: 550, status: "5.1.1"},
		{to: "left@gone.test", in: "left@gone.test"},
		{to: "full@customer.test", code: 452, status: "4.2.2"},
	}
	for _, c := range cases {
		err := sender(t, s).DialAndSendWithContext(testContext(t), letter(t, support, c.to, c.to, "x"))
		if c.code != 0 {
			refusal := sendError(t, err)
			wantEqual(t, c.to+": code", refusal.ErrorCode(), c.code)
			wantEqual(t, c.to+": enhanced code", refusal.EnhancedStatusCode(), c.status)
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", c.to, err)
		}
		in := s.Inbox(c.in)
		last := in[len(in)-1]
		wantEqual(t, c.to+": subject", last.Subject, c.to)
		wantEqual(t, c.to+": Delivered-To", last.Get("Delivered-To"), c.to)
		wantEqual(t, c.to+": Return-Path", last.Get("Return-Path"), "<"+support+">")
	}
	if s.SetRecipient(mailfake.RecipientRule{Address: "a@b.c", Policy: "maybe"}) == nil {
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
