package submission

import (
	"errors"
	"net"
	"testing"
	"time"
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
