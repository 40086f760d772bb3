package mailfake_test

import (
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
