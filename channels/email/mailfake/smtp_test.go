package mailfake_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"
	"testing"
	"time"

	gomail "github.com/wneessen/go-mail"

	"parley/channels/email/mailfake"
)

const ann = "ann@customer.test"

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
		{"421 at mail", mailfake.Fault{Op: mailfake.OpMAIL, Action: mailfake.ActionReply, Code: 421, Enhanced: "4.3.2"}, 421, "", 0},
		{"450 at rcpt", mailfake.Fault{Op: mailfake.OpRCPT, Action: mailfake.ActionReply, Code: 450, Enhanced: "4.2.1"}, 450, "", 0},
		{"550 for the recipient", mailfake.Fault{Op: mailfake.OpRCPT, Action: mailfake.ActionReply, Recipient: ann, Code: 550, Enhanced: "5.2.1"}, 550, "", 0},
		{"550 for the domain", mailfake.Fault{Op: mailfake.OpRCPT, Action: mailfake.ActionReply, Recipient: "@customer.test", Code: 550}, 550, "", 0},
		{"another recipient", mailfake.Fault{Op: mailfake.OpRCPT, Action: mailfake.ActionReply, Recipient: "bob@customer.test", Code: 550}, 0, "", 1},
		{"452 after the data", mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionReply, Code: 452, Enhanced: "4.3.1"}, 452, "", 0},
		{"552 after the data", mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionReply, Code: 552, Enhanced: "5.3.4"}, 552, "", 0},
		{"only the second", mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionReply, Nth: 2}, 0, "", 1},
		{"535 at login", mailfake.Fault{Op: mailfake.OpAUTH, Action: mailfake.ActionReply, Code: 535, Enhanced: "5.7.139"}, 0, "535", 0},
		{"454 at login", mailfake.Fault{Op: mailfake.OpAUTH, Action: mailfake.ActionReply, Code: 454, Enhanced: "4.7.0"}, 0, "454", 0},
		{"gone before the dot", mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionDropBefore, Bytes: 10}, 0, "EOF", 0},
		{"gone after the dot", mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionDropAfter}, 0, "EOF", 1},
		{"silent after the dot", mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionDelayAfter}, 0, "timeout", 1},
		{"slow", mailfake.Fault{Op: mailfake.OpRCPT, Action: mailfake.ActionDelay, Delay: 5 * time.Millisecond}, 0, "", 1},
		{"stalls at mail", mailfake.Fault{Op: mailfake.OpMAIL, Action: mailfake.ActionDelay}, 0, "timeout", 0},
		{"refused at hello", mailfake.Fault{Op: mailfake.OpSMTPConnect, Action: mailfake.ActionReply, Code: 421, Times: 2}, 0, "421", 0},
		{"never by chance", mailfake.Fault{Op: mailfake.OpMAIL, Action: mailfake.ActionReply, Code: 421, Probability: 1e-12}, 0, "", 1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			if _, err := s.AddFault(c.fault); err != nil {
				t.Fatal(err)
			}
			var options []gomail.Option
			if c.reason == "timeout" { // it is waited for: enough for the rest of the talk on a slow machine
				options = append(options, gomail.WithTimeout(15*time.Second))
			}
			client := sender(t, s, options...)
			err := client.DialAndSendWithContext(soon(t), letter(t, support, ann, "Hi", strings.Repeat("text\r\n", 50)))
			var se *gomail.SendError
			switch {
			case c.code != 0:
				if !errors.As(err, &se) || se.ErrorCode() != c.code {
					t.Errorf("client's error: %v", err)
				}
			case c.reason != "":
				if err == nil || !strings.Contains(err.Error(), c.reason) {
					t.Errorf("client's error: %v", err)
				}
			case err != nil:
				t.Errorf("client's error: %v", err)
			}
			if n := len(s.Inbox(ann)); n != c.stored || len(s.Submissions()) != c.stored {
				t.Errorf("stored %d, submitted %d, want %d", n, len(s.Submissions()), c.stored)
			}
		})
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
		err := sender(t, s).DialAndSendWithContext(soon(t), letter(t, support, ann, "Hi", "x"))
		got = append(got, err == nil)
	}
	for i, want := range []bool{true, false, false, true, true} {
		if got[i] != want {
			t.Fatalf("taken: %v", got)
		}
	}
	if f := s.Faults(); len(f) != 1 || f[0].ID != id || f[0].Seen != 5 || f[0].Fired != 2 {
		t.Fatalf("faults: %+v", f)
	}
	s.RemoveFault(id)
	if f := s.Faults(); len(f) != 0 {
		t.Fatalf("faults left: %+v", f)
	}
	for f, want := range map[mailfake.Fault]string{
		{Op: "smtp.nonsense", Action: mailfake.ActionReply}: `"smtp.mail"`,
		{Op: mailfake.OpMAIL, Action: "dropafter"}:          `"drop_after"`,
	} {
		if _, err := s.AddFault(f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want an error that lists %s", f, err, want)
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
			if err := sender(t, s).DialAndSendWithContext(soon(t), letter(t, support, ann, "Hi", "x")); err != nil {
				out += "x"
			} else {
				out += "."
			}
		}
		return out
	}
	first, again, other := run(1), run(1), run(2)
	if first != again || first == other || !strings.Contains(first, "x") || !strings.Contains(first, ".") {
		t.Fatalf("%s %s %s", first, again, other)
	}
}

func TestSMTPLogin(t *testing.T) {
	t.Parallel()
	s := start(t)
	cases := []struct {
		name   string
		typ    gomail.SMTPAuthType
		secret string
		ok     bool
	}{
		{"plain", gomail.SMTPAuthPlain, "secret", true},
		{"plain, wrong", gomail.SMTPAuthPlain, "wrong", false},
		{"login", gomail.SMTPAuthLogin, "secret", true},
		{"login, wrong", gomail.SMTPAuthLogin, "wrong", false},
		{"xoauth2", gomail.SMTPAuthXOAUTH2, "token-1", true},
		{"xoauth2, stale", gomail.SMTPAuthXOAUTH2, "token-0", false},
		{"none", gomail.SMTPAuthNoAuth, "", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			client := sender(t, s, gomail.WithSMTPAuth(c.typ), gomail.WithPassword(c.secret))
			err := client.DialAndSendWithContext(soon(t), letter(t, support, ann, c.name, "x"))
			if (err == nil) != c.ok {
				t.Fatalf("error: %v", err)
			}
			want := "535"
			if c.typ == gomail.SMTPAuthNoAuth {
				want = "Authentication required"
			}
			if !c.ok && !strings.Contains(err.Error(), want) {
				t.Fatalf("error: %v", err)
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
		{"customer to the company", ann, support, ""},
		{"customer to an unknown mailbox", ann, "nobody@acme.test", "does not exist"},
		{"customer to another customer", ann, "bob@customer.test", "<bob@customer.test>: Relay access denied"},
		{"the company's own address", support, ann, "Authentication required"},
		{"the company's domain", "boss@acme.test", support, "Authentication required"},
	}
	for _, c := range cases {
		client := sender(t, s, gomail.WithSMTPAuth(gomail.SMTPAuthNoAuth))
		err := client.DialAndSendWithContext(soon(t), letter(t, c.from, c.to, c.name, "x"))
		if c.refused == "" && err != nil || c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.refused)
		}
	}
	in := s.Inbox(support)
	if len(s.Submissions()) != 1 || len(in) != 1 || in[0].Subject != cases[0].name || in[0].Get("Return-Path") != "<"+ann+">" {
		t.Errorf("%d mails were taken, the company got %d", len(s.Submissions()), len(in))
	}
}

func TestTokensAndSettingsChange(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *mailfake.Options) {
		o.CheckToken = func(user, token string) bool { return user == support && token == "fresh" }
	})
	try := func(token string) error {
		return sender(t, s, gomail.WithSMTPAuth(gomail.SMTPAuthXOAUTH2), gomail.WithPassword(token)).
			DialAndSendWithContext(soon(t), letter(t, support, ann, "Hi", "x"))
	}
	if err := try("fresh"); err != nil {
		t.Fatal(err)
	}
	if err := s.SetMailbox(support, func(c *mailfake.MailboxConfig) { c.Tokens = []string{"token-2"}; c.Address = "x@y.z" }); err != nil {
		t.Fatal(err)
	}
	if try("token-1") == nil || try("token-2") != nil {
		t.Fatal("tokens were not replaced")
	}
	if err := s.SetMailbox("nobody@acme.test", func(*mailfake.MailboxConfig) {}); !errors.Is(err, mailfake.ErrNoMailbox) {
		t.Fatalf("unknown mailbox: %v", err)
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *mailfake.Options) { o.TLS = true })
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(s.CertPEM()) {
		t.Fatal("no certificate")
	}
	trust := gomail.WithTLSConfig(&tls.Config{RootCAs: pool, ServerName: "localhost", MinVersion: tls.VersionTLS12})
	_, secure := hostPort(t, s.SMTPTLSAddr())
	for name, client := range map[string]*gomail.Client{
		"starttls": sender(t, s, trust, gomail.WithTLSPolicy(gomail.TLSMandatory)),
		"implicit": sender(t, s, trust, gomail.WithSSL(), gomail.WithPort(secure)),
	} {
		if err := client.DialAndSendWithContext(soon(t), letter(t, support, ann, name, "x")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	err := sender(t, s, gomail.WithTLSPolicy(gomail.TLSMandatory)).DialAndSendWithContext(soon(t), letter(t, support, ann, "no", "x"))
	if err == nil {
		t.Error("a client that trusts nobody was content")
	}
	// faults reach through TLS
	if _, err := s.AddFault(mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionDropAfter}); err != nil {
		t.Fatal(err)
	}
	err = sender(t, s, trust, gomail.WithSSL(), gomail.WithPort(secure)).DialAndSendWithContext(soon(t), letter(t, support, ann, "cut", "x"))
	if err == nil || len(s.Inbox(ann)) != 3 {
		t.Errorf("cut under TLS: %v, %d mails", err, len(s.Inbox(ann)))
	}
}

// TestProviderHabits: saving to Sent, a new Message-ID, the refused sender.
func TestProviderHabits(t *testing.T) {
	t.Parallel()
	s := start(t)
	const sales = "sales@acme.test"
	as := gomail.WithUsername(sales)
	if err := sender(t, s, as).DialAndSendWithContext(soon(t), letter(t, sales, ann, "Hi", "x")); err != nil {
		t.Fatal(err)
	}
	got, sent, sub := s.Inbox(ann)[0], s.Sent(sales), s.Submissions()[0]
	if got.MessageID == "<c1.m1@acme.test>" || len(sent) != 1 || sent[0].MessageID != got.MessageID || sent[0].Flags[0] != `\Seen` {
		t.Fatalf("got %q, Sent has %+v", got.MessageID, sent)
	}
	if sub.MessageID != "<c1.m1@acme.test>" || sub.StoredID != got.MessageID || sub.Mailbox != sales || sub.Subject != "Hi" {
		t.Fatalf("submission %+v", sub)
	}
	if bytes.Count(bytes.ToLower(got.Raw), []byte("message-id:")) != 1 || got.Text != "x\n" {
		t.Fatalf("rewritten badly:\n%s", got.Raw)
	}
	err := sender(t, s, as).DialAndSendWithContext(soon(t), letter(t, support, ann, "Hi", "x"))
	var se *gomail.SendError
	if !errors.As(err, &se) || se.ErrorCode() != 550 || se.EnhancedStatusCode() != "5.7.60" {
		t.Fatalf("foreign sender: %v", err)
	}
	if err := sender(t, s, as).DialAndSendWithContext(soon(t), letter(t, "sales+c1@acme.test", ann, "Hi", "x")); err != nil {
		t.Fatalf("own plus address: %v", err)
	}
	if len(s.Sent(support)) != 0 {
		t.Fatal("support does not save")
	}
}

func TestRecipients(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, r := range []mailfake.RecipientRule{
		{Address: "@gone.test", Policy: mailfake.PolicyRefuse},
		{Address: "left@gone.test", Policy: mailfake.PolicyAccept},
		{Address: "full@customer.test", Policy: mailfake.PolicyRefuse, Code: 452, Enhanced: "4.2.2", Text: "Mailbox full"},
	} {
		if err := s.SetRecipient(r); err != nil {
			t.Fatal(err)
		}
	}
	cases := []struct {
		to     string
		code   int
		status string
		in     string // the mailbox that has it
	}{
		{"new@customer.test", 0, "", "new@customer.test"},
		{"new+tag@customer.test", 0, "", "new@customer.test"},
		{"support+c1.abc@acme.test", 0, "", support},
		{"nobody@acme.test", 550, "5.1.1", ""},
		{"nobody@gone.test", 550, "5.1.1", ""},
		{"left@gone.test", 0, "", "left@gone.test"},
		{"full@customer.test", 452, "4.2.2", ""},
	}
	for _, c := range cases {
		err := sender(t, s).DialAndSendWithContext(soon(t), letter(t, support, c.to, c.to, "x"))
		var se *gomail.SendError
		if c.code != 0 && (!errors.As(err, &se) || se.ErrorCode() != c.code || se.EnhancedStatusCode() != c.status) {
			t.Errorf("%s: %v", c.to, err)
		}
		if c.code == 0 && err != nil {
			t.Errorf("%s: %v", c.to, err)
		}
		if c.in == "" {
			continue
		}
		in := s.Inbox(c.in)
		if last := in[len(in)-1]; last.Subject != c.to || last.Get("Delivered-To") != c.to || last.Get("Return-Path") != "<"+support+">" {
			t.Errorf("%s: %s", c.to, last.Raw)
		}
	}
	if s.SetRecipient(mailfake.RecipientRule{Address: "a@b.c", Policy: "maybe"}) == nil {
		t.Error("took an unknown policy")
	}
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *mailfake.Options) { o.MaxMessageBytes = 4000 })
	err := sender(t, s).DialAndSendWithContext(soon(t), letter(t, support, ann, "Big", strings.Repeat("0123456789\r\n", 1000)))
	var se *gomail.SendError
	if !errors.As(err, &se) || se.ErrorCode() != 552 || len(s.Inbox(ann)) != 0 {
		t.Fatalf("too large: %v", err)
	}
}
