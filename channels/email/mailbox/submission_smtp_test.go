package mailbox

import (
	"errors"
	"net"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"parley/channels/email/message"
)

// An address is written as SMTP wants it. Its local part is quoted where it must be.
func TestSMTPPath(t *testing.T) {
	t.Parallel()
	tests := []struct{ address, want string }{
		{address: "ann@customer.test", want: "<ann@customer.test>"},
		{address: "odd name@customer.test", want: `<"odd name"@customer.test>`},
		{address: "jörg@customer.test", want: "<jörg@customer.test>"},
		{address: "jörg müller@customer.test", want: `<"jörg müller"@customer.test>`},
	}
	for _, tt := range tests {
		if got := smtpPath(tt.address); got != tt.want {
			t.Errorf("smtpPath(%q) = %s, want %s", tt.address, got, tt.want)
		}
	}
}

// A byte that is written after the deadline doesn't leave. This holds also if the machine has slept, when only the
// time of day has gone on.
func TestNothingLeavesAfterTheDeadline(t *testing.T) {
	t.Parallel()
	now := time.Now()
	tests := []struct {
		name     string
		deadline time.Time
		clock    func() time.Time // the time of day
	}{
		{name: "the deadline is over", deadline: now.Add(-time.Nanosecond), clock: time.Now},
		{
			name:     "it is over after a sleep",
			deadline: now.Add(time.Minute),
			clock:    func() time.Time { return time.Now().Add(time.Hour) },
		},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client, server := net.Pipe()
			defer client.Close()
			defer server.Close()
			_ = client.SetWriteDeadline(time.Now().Add(time.Second)) // nobody reads, so that a byte that leaves fails the test
			conn := &fencedConn{Conn: client, deadline: tt.deadline, clock: tt.clock}

			n, err := conn.Write([]byte("DATA"))
			if !errors.Is(err, errTooLate) {
				t.Errorf("Write: got error %v, want %v", err, errTooLate)
			}
			if n != 0 {
				t.Errorf("Write: got %d bytes written, want none", n)
			}
			if !conn.writeRefused.Load() {
				t.Error("writeRefused = false, want true")
			}
		})
	}
}

const (
	ann = "ann@customer.test"
	odd = "odd name@customer.test"
)

// refusalOfAnn is a server's refusal of the recipient ann, in these words.
func refusalOfAnn(words string) *smtpFailure {
	return &smtpFailure{step: message.StepRcpt, recipient: ann, err: &textproto.Error{Code: 550, Msg: words}}
}

// The text for the thread names a refused recipient, with the server's words. If there are several recipients, it
// also says that nobody got the mail.
func TestThreadNamesTheRefusedRecipient(t *testing.T) {
	t.Parallel()
	const words = "5.7.1 <ann@customer.test>: Relay access denied"
	const toNobody = "nothing was sent to anybody"
	tests := []struct {
		name         string
		recipients   []string
		wantToNobody bool
	}{
		{name: "the only recipient", recipients: []string{ann}, wantToNobody: false},
		{name: "one of two", recipients: []string{ann, odd}, wantToNobody: true},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := (&Sender{}).sendError(refusalOfAnn(words), time.Time{}, tt.recipients).Text
			for _, want := range []string{"refuses " + ann, words} {
				if !strings.Contains(got, want) {
					t.Errorf("text: got %q, want %q in it", got, want)
				}
			}
			if isTold := strings.Contains(got, toNobody); isTold != tt.wantToNobody {
				t.Errorf("text: got %q; that it says %q: got %t, want %t", got, toNobody, isTold, tt.wantToNobody)
			}
		})
	}
}

// The text for admins names no customer, though servers do: Postfix begins with the address, and says 5.7.1 of a
// single recipient, too. The text for the thread has the server's words unchanged.
func TestAdminsAreToldNoRecipient(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, words, want string }{
		{name: "no address", words: "5.4.5 Daily user sending quota exceeded.", want: "5.4.5 Daily user sending quota exceeded."},
		{
			name:  "the refused address",
			words: "5.7.1 <ann@customer.test>: Relay access denied",
			want:  "5.7.1 <recipient>: Relay access denied",
		},
		{
			name:  "all addresses, spelled in other ways",
			words: `5.7.1 Ann@Customer.Test, <"odd name"@customer.test>: no`,
			want:  "5.7.1 recipient, <recipient>: no",
		},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := (&Sender{}).sendError(refusalOfAnn(tt.words), time.Time{}, []string{ann, odd})
			if want := "The mail server refuses the mail: 550 " + tt.want; got.AccountText != want {
				t.Errorf("text for admins: got %q, want %q", got.AccountText, want)
			}
			if !strings.Contains(got.Text, tt.words) {
				t.Errorf("text for the thread: got %q, want %q in it", got.Text, tt.words)
			}
		})
	}
}
