package mailfake_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	gomail "github.com/wneessen/go-mail"

	"parley/channels/email/mailfake"
)

const ann = "ann@customer.test"

// reply returns a fault that answers a command with an SMTP code and an enhanced code.
func reply(op mailfake.Op, code int, enhanced string) mailfake.Fault {
	return mailfake.Fault{Op: op, Action: mailfake.ActionReply, Code: code, Enhanced: enhanced}
}

// refuse returns a fault that refuses a recipient, or all recipients of a domain.
func refuse(recipient string) mailfake.Fault {
	return mailfake.Fault{Op: mailfake.OpRCPT, Action: mailfake.ActionReply, Recipient: recipient, Code: 550}
}

// sendUnderFault sends a mail to ann while a fault is set, and returns the client's error. timeout bounds each step of
// the client.
func sendUnderFault(t *testing.T, s *mailfake.Server, f mailfake.Fault, timeout time.Duration) error {
	t.Helper()
	addFault(t, s, f)
	client := sender(t, s, gomail.WithTimeout(timeout))
	return client.DialAndSendWithContext(testContext(t), letter(t, support, ann, "Hi", strings.Repeat("text\r\n", 50)))
}

const (
	longTimeout = 30 * time.Second

	// shortTimeout is for tests that wait for it. It suffices for the other steps even on a slow machine.
	shortTimeout = 15 * time.Second
)

// wantStored checks how many mails the server has accepted and stored for ann.
func wantStored(t *testing.T, s *mailfake.Server, want int) {
	t.Helper()
	wantEqual(t, "mails stored", len(s.Inbox(ann)), want)
	wantEqual(t, "mails submitted", len(s.Submissions()), want)
}

// If a fault answers a command with an error code, the mail is refused with that code.
func TestSMTPFaultsThatRefuse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault mailfake.Fault
		code  int
	}{
		{name: "421 at MAIL", fault: reply(mailfake.OpMAIL, 421, "4.3.2"), code: 421},
		{name: "450 at RCPT", fault: reply(mailfake.OpRCPT, 450, "4.2.1"), code: 450},
		{name: "550 for the recipient", fault: refuse(ann), code: 550},
		{name: "550 for the domain", fault: refuse("@customer.test"), code: 550},
		{name: "452 after the data", fault: reply(mailfake.OpDATA, 452, "4.3.1"), code: 452},
		{name: "552 after the data", fault: reply(mailfake.OpDATA, 552, "5.3.4"), code: 552},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			err := sendUnderFault(t, s, tt.fault, longTimeout)
			wantEqual(t, "client's code", sendError(t, err).ErrorCode(), tt.code)
			wantStored(t, s, 0)
		})
	}
}

// A mail passes if the fault is for another mail, never strikes by chance, or only delays an answer.
func TestSMTPFaultsThatLetPass(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault mailfake.Fault
	}{
		{name: "for another recipient", fault: refuse("bob@customer.test")},
		{name: "only for the second mail", fault: mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionReply, Nth: 2}},
		{name: "slow answer", fault: mailfake.Fault{Op: mailfake.OpRCPT, Action: mailfake.ActionDelay, Delay: 5 * time.Millisecond}},
		{
			name:  "never by chance",
			fault: mailfake.Fault{Op: mailfake.OpMAIL, Action: mailfake.ActionReply, Code: 421, Probability: 1e-12},
		},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			noError(t, sendUnderFault(t, s, tt.fault, longTimeout))
			wantStored(t, s, 1)
		})
	}
}

// A fault at the login, or of the connection, ends the session. The mail is stored if its final dot came before the
// fault.
func TestSMTPFaultsThatEndTheTalk(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		fault   mailfake.Fault
		timeout time.Duration
		reason  string // words in the client's error
		stored  int
	}{
		{name: "535 at login", fault: reply(mailfake.OpAUTH, 535, "5.7.139"), timeout: longTimeout, reason: "535"},
		{name: "454 at login", fault: reply(mailfake.OpAUTH, 454, "4.7.0"), timeout: longTimeout, reason: "454"},
		{
			name:    "421 at hello",
			fault:   mailfake.Fault{Op: mailfake.OpSMTPConnect, Action: mailfake.ActionReply, Code: 421, Times: 2}, // HELO after EHLO, too
			timeout: longTimeout,
			reason:  "421",
		},
		{
			name:    "hang-up before the dot",
			fault:   mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionDropBefore, Bytes: 10},
			timeout: longTimeout,
			reason:  "EOF",
		},
		{
			name: "hang-up after the dot", fault: mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionDropAfter},
			timeout: longTimeout, reason: "EOF", stored: 1,
		},
		{
			name: "silence at MAIL", fault: mailfake.Fault{Op: mailfake.OpMAIL, Action: mailfake.ActionDelay},
			timeout: shortTimeout, reason: "timeout",
		},
		{
			name: "silence after the dot", fault: mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionDelayAfter},
			timeout: shortTimeout, reason: "timeout", stored: 1,
		},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			wantErrorWith(t, "sending", sendUnderFault(t, s, tt.fault, tt.timeout), tt.reason)
			wantStored(t, s, tt.stored)
		})
	}
}

// sendError returns the client's error as the *gomail.SendError that it must be.
func sendError(t *testing.T, err error) *gomail.SendError {
	t.Helper()
	var failed *gomail.SendError
	if !errors.As(err, &failed) {
		t.Fatalf("got error %v, want a *gomail.SendError", err)
	}
	return failed
}

// wantErrorWith checks that something failed, with an error that contains these words. tried says what in the message.
func wantErrorWith(t *testing.T, tried string, err error, words string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s: no error, want one with %q", tried, words)
		return
	}
	if !strings.Contains(err.Error(), words) {
		t.Errorf("%s: got error %v, want one with %q", tried, err, words)
	}
}

// send sends a mail to ann, and returns the client's error.
func send(t *testing.T, s *mailfake.Server, options ...gomail.Option) error {
	t.Helper()
	return sender(t, s, options...).DialAndSendWithContext(testContext(t), letter(t, support, ann, "Hi", "x"))
}

// A fault strikes from its Nth mail on, Times times, and then no more. It counts the mails that it has seen and struck.
func TestFaultCounts(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := addFault(t, s, mailfake.Fault{Op: mailfake.OpMAIL, Action: mailfake.ActionReply, Code: 450, Nth: 2, Times: 2})
	var isTaken []bool
	for range 5 {
		isTaken = append(isTaken, send(t, s) == nil)
	}
	if want := []bool{true, false, false, true, true}; !slices.Equal(isTaken, want) {
		t.Errorf("five mails that were taken: got %v, want %v", isTaken, want)
	}

	faults := s.Faults()
	if len(faults) != 1 {
		t.Fatalf("faults: got %+v, want one", faults)
	}
	wantEqual(t, "fault", faults[0].ID, id)
	wantEqual(t, "mails that it has seen", faults[0].Seen, 5)
	wantEqual(t, "mails that it has struck", faults[0].Fired, 2)
	s.RemoveFault(id)
	wantEqual(t, "faults after its removal", len(s.Faults()), 0)
}

// A fault with an unknown command or action is refused. The error lists the known ones.
func TestUnknownFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault mailfake.Fault
		want  string
	}{
		{name: "command", fault: mailfake.Fault{Op: "smtp.nonsense", Action: mailfake.ActionReply}, want: `"smtp.mail"`},
		{name: "action", fault: mailfake.Fault{Op: mailfake.OpMAIL, Action: "dropafter"}, want: `"drop_after"`},
	}
	s := start(t)
	for _, tt := range tests {
		_, err := s.AddFault(tt.fault)
		wantErrorWith(t, "adding a fault of an unknown "+tt.name, err, tt.want)
	}
}

// takenByChance returns which of a dozen mails are accepted by a server that refuses half of them at random, with this
// seed.
func takenByChance(t *testing.T, seed int64) (isTaken []bool) {
	t.Helper()
	s := start(t, func(o *mailfake.Options) { o.Seed = seed })
	addFault(t, s, mailfake.Fault{Op: mailfake.OpMAIL, Action: mailfake.ActionReply, Times: mailfake.Forever, Probability: 0.5})
	for range 12 {
		isTaken = append(isTaken, send(t, s) == nil)
	}
	return isTaken
}

// Faults that strike by chance strike the same mails if the seed is the same.
func TestChanceIsSeeded(t *testing.T) {
	t.Parallel()
	first := takenByChance(t, 1)
	if again := takenByChance(t, 1); !slices.Equal(again, first) {
		t.Errorf("the same seed again: got %v, want %v", again, first)
	}
	if other := takenByChance(t, 2); slices.Equal(other, first) {
		t.Errorf("another seed: got the same mails, %v", other)
	}
	if !slices.Contains(first, true) {
		t.Errorf("got %v, want some mails taken", first)
	}
	if !slices.Contains(first, false) {
		t.Errorf("got %v, want some mails refused", first)
	}
}

// The server accepts a login with the right secret by each method that Parley uses.
func TestSMTPLogin(t *testing.T) {
	t.Parallel()
	tests := []struct {
		method gomail.SMTPAuthType
		secret string
	}{
		{method: gomail.SMTPAuthPlain, secret: "secret"},
		{method: gomail.SMTPAuthLogin, secret: "secret"},
		{method: gomail.SMTPAuthXOAUTH2, secret: "token-1"},
	}
	s := start(t)
	for _, tt := range tests {
		t.Run(string(tt.method), func(t *testing.T) {
			t.Parallel()
			noError(t, send(t, s, gomail.WithSMTPAuth(tt.method), gomail.WithPassword(tt.secret)))
		})
	}
}

// The server refuses a login with a wrong secret, and a mail without a login.
func TestSMTPLoginRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		method  gomail.SMTPAuthType
		secret  string
		refusal string
	}{
		{method: gomail.SMTPAuthPlain, secret: "wrong", refusal: "535"},
		{method: gomail.SMTPAuthLogin, secret: "wrong", refusal: "535"},
		{method: gomail.SMTPAuthXOAUTH2, secret: "token-0", refusal: "535"},
		{method: gomail.SMTPAuthNoAuth, refusal: "Authentication required"},
	}
	s := start(t)
	for _, tt := range tests {
		t.Run(string(tt.method), func(t *testing.T) {
			t.Parallel()
			wantErrorWith(t, "sending", send(t, s, gomail.WithSMTPAuth(tt.method), gomail.WithPassword(tt.secret)), tt.refusal)
		})
	}
}

// sendWithoutLogin sends a mail without a login, as another organisation's server does.
func sendWithoutLogin(t *testing.T, s *mailfake.Server, from, to string) error {
	t.Helper()
	client := sender(t, s, gomail.WithSMTPAuth(gomail.SMTPAuthNoAuth))
	return client.DialAndSendWithContext(testContext(t), letter(t, from, to, "Hi", "x"))
}

// Without a login the server accepts mail from outside to the company's mailboxes, like the server in a domain's MX
// record.
func TestMailOfOthersWithoutLogin(t *testing.T) {
	t.Parallel()
	s := start(t)
	noError(t, sendWithoutLogin(t, s, ann, support))
	wantEqual(t, "mails that were taken", len(s.Submissions()), 1)
	inbox := s.Inbox(support)
	if len(inbox) != 1 {
		t.Fatalf("mails of the company: got %+v, want one", inbox)
	}
	wantEqual(t, "subject", inbox[0].Subject, "Hi")
	wantEqual(t, "Return-Path", inbox[0].Get("Return-Path"), "<"+ann+">")
}

// Without a login the server relays no mail to others, and refuses mail from the company's own domain.
func TestMailThatNeedsALogin(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, from, to, refusal string }{
		{name: "customer to an unknown mailbox", from: ann, to: "nobody@acme.test", refusal: "does not exist"},
		{name: "customer to another customer", from: ann, to: "bob@customer.test", refusal: "<bob@customer.test>: Relay access denied"},
		{name: "the company's own address", from: support, to: ann, refusal: "Authentication required"},
		{name: "the company's domain", from: "boss@acme.test", to: support, refusal: "Authentication required"},
	}
	s := start(t)
	for _, tt := range tests {
		wantErrorWith(t, tt.name, sendWithoutLogin(t, s, tt.from, tt.to), tt.refusal)
	}
	wantEqual(t, "mails that were taken", len(s.Submissions()), 0)
}

// sendWithToken sends a mail after a login with an access token.
func sendWithToken(t *testing.T, s *mailfake.Server, token string) error {
	t.Helper()
	return send(t, s, gomail.WithSMTPAuth(gomail.SMTPAuthXOAUTH2), gomail.WithPassword(token))
}

// takeFreshToken makes the server accept one more token for support, besides those in its settings.
func takeFreshToken(o *mailfake.Options) {
	o.CheckToken = func(user, token string) bool { return user == support && token == "fresh" }
}

// Options.CheckToken decides about tokens that aren't in the settings.
func TestTokensAreChecked(t *testing.T) {
	t.Parallel()
	s := start(t, takeFreshToken)
	noError(t, sendWithToken(t, s, "fresh"))
}

// The settings of a mailbox, except its address, can be changed while the server runs.
func TestMailboxSettingsChange(t *testing.T) {
	t.Parallel()
	s := start(t, takeFreshToken)
	noError(t, s.SetMailbox(support, func(c *mailfake.MailboxConfig) {
		c.Tokens = []string{"token-2"}
		c.Address = "x@y.z"
	}))
	if sendWithToken(t, s, "token-1") == nil {
		t.Error("the token before the change is taken, want it refused")
	}
	if err := sendWithToken(t, s, "token-2"); err != nil {
		t.Errorf("the token after the change: %v", err)
	}
	if err := s.SetMailbox("nobody@acme.test", func(*mailfake.MailboxConfig) {}); !errors.Is(err, mailfake.ErrNoMailbox) {
		t.Errorf("changing an unknown mailbox: got error %v, want %v", err, mailfake.ErrNoMailbox)
	}
}
