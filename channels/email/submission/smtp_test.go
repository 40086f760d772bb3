package submission

import (
	"errors"
	"net"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"parley/channels/email/smtpcode"
)

// An address is written as SMTP wants it, with its local part quoted where it must be.
func TestSMTPPath(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"ann@customer.test": "<ann@customer.test>", "odd name@customer.test": `<"odd name"@customer.test>`, "jörg@customer.test": "<jörg@customer.test>",
	} {
		if got := smtpPath(address); got != want {
			t.Errorf("%s is written %s, want %s", address, got, want)
		}
	}
}

// What is written after the deadline does not leave.
func TestFence(t *testing.T) {
	t.Parallel()
	slept := func() time.Time { return time.Now().Add(time.Hour) } // while the machine sleeps, only the time of day goes on
	for name, f := range map[string]*fencedConn{
		"stopped": {deadline: time.Now().Add(-time.Nanosecond), clock: time.Now},
		"slept":   {deadline: time.Now().Add(time.Minute), clock: slept},
	} {
		client, other := net.Pipe()
		defer client.Close()
		defer other.Close()
		f.Conn = client
		_ = client.SetWriteDeadline(time.Now().Add(time.Second)) // nobody reads
		n, err := f.Write([]byte("DATA"))
		if n != 0 || !errors.Is(err, errTooLate) {
			t.Errorf("%s: wrote %d bytes, %v; want none and %v", name, n, err, errTooLate)
		}
		if !f.writeRefused.Load() {
			t.Errorf("%s: the refusal isn't noted", name)
		}
	}
}

// A refused recipient is named in the thread, and of several the agent learns that nobody got the mail. What all admins are told of
// the mailbox names nobody, though servers do: Postfix begins with the address, and says 5.7.1 of a single recipient, too.
func TestRefusedRecipientIsNamed(t *testing.T) {
	t.Parallel()
	const ann, odd = "ann@customer.test", "odd name@customer.test"
	for words, toAdmins := range map[string]string{
		"5.4.5 Daily user sending quota exceeded.":                "5.4.5 Daily user sending quota exceeded.",
		"5.7.1 <ann@customer.test>: Relay access denied":          "5.7.1 <recipient>: Relay access denied",
		`5.7.1 Ann@Customer.Test, <"odd name"@customer.test>: no`: "5.7.1 recipient, <recipient>: no",
	} {
		refusal := &smtpFailure{step: smtpcode.StepRcpt, recipient: ann, err: &textproto.Error{Code: 550, Msg: words}}
		for _, recipients := range [][]string{{ann}, {ann, odd}} {
			got := (&Sender{}).explainFailure(refusal, time.Time{}, recipients)
			if !strings.Contains(got.Text, "refuses "+ann) || !strings.Contains(got.Text, words) {
				t.Errorf("the thread of %q is told %q, want who was refused and the server's words", recipients, got.Text)
			}
			isOfSeveral := len(recipients) > 1
			if strings.Contains(got.Text, "nothing was sent to anybody") != isOfSeveral {
				t.Errorf("the thread of %q is told %q, want that nobody got it: %v", recipients, got.Text, isOfSeveral)
			}
		}

		got := (&Sender{}).explainFailure(refusal, time.Time{}, []string{ann, odd})
		if got.AccountText != "The mail server refuses the mail: 550 "+toAdmins {
			t.Errorf("admins are told %q, want the server's words without the customer: %q", got.AccountText, toAdmins)
		}
	}
}
