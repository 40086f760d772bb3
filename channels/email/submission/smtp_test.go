package submission

import (
	"errors"
	"net"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"parley/channels"
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
		if n, err := f.Write([]byte("DATA")); n != 0 || !errors.Is(err, errTooLate) || !f.writeRefused.Load() {
			t.Errorf("%s: wrote %d bytes, %v", name, n, err)
		}
	}
}

// A refused recipient is named. What is about the mailbox names nobody, since all admins are told of it: Gmail says only at the
// recipient that the day's quota is used up.
func TestRefusedRecipientIsNamed(t *testing.T) {
	t.Parallel()
	for words, isNamed := range map[string]bool{
		"5.1.1 The email account does not exist.":  true,
		"5.4.5 Daily user sending quota exceeded.": false,
		"5.7.60 Client does not have permissions.": false,
	} {
		refusal := &smtpFailure{step: smtpcode.StepRcpt, recipient: "ann@customer.test", err: &textproto.Error{Code: 550, Msg: words}}
		for _, to := range [][]channels.Party{make([]channels.Party, 1), make([]channels.Party, 2)} {
			text := (&Sender{}).explainFailure(refusal, channels.Outbound{To: to}).Text
			if strings.Contains(text, "ann@customer.test") != isNamed || !strings.Contains(text, words) {
				t.Errorf("%d recipients: %s", len(to), text)
			}
		}
	}
}
