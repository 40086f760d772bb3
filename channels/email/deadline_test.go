package email

import (
	"context"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/channelstest"
	"parley/channels/email/mailfake"
)

// An attempt to send ends with its context.

// A server that is silent after the mail may have sent it: nobody knows.
func TestSilentAfterData(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addFault(mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionDelayAfter})
	ctx, cancel := context.WithCancel(testContext(t))
	defer cancel()
	c := w.channel()
	ended := make(chan error, 1)
	go func() {
		_, err := c.Send(ctx, reply())
		ended <- err
	}()
	if _, err := w.WaitFor(ctx, customer, func(got []mailfake.Received) bool { return len(got) == 1 }); err != nil {
		t.Fatalf("the server did not take the mail: %v", err)
	}
	cancel()
	wantClass(t, channelstest.Receive(t, ended, "the attempt ends"), channels.Ambiguous)
}

// To a server that is silent before the mail nothing has left for certain.
func TestSilentBeforeData(t *testing.T) {
	t.Parallel()
	for _, op := range []mailfake.Op{mailfake.OpSMTPConnect, mailfake.OpAUTH, mailfake.OpMAIL, mailfake.OpRCPT} {
		t.Run(string(op), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.addFault(mailfake.Fault{Op: op, Action: mailfake.ActionDelay})
			_, err := w.channel().Send(contextWithin(t, 500*time.Millisecond), reply())
			wantContains(t, "text", sendErrorOf(t, err, channels.Retry).Text, "was too slow; the mail was not sent")
		})
	}
}

// countingDialer counts the bytes that leave through its connections.
type countingDialer struct{ written atomic.Int64 }

func (d *countingDialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	return &countedConn{Conn: conn, dialer: d}, err
}

type countedConn struct {
	net.Conn
	dialer *countingDialer
}

func (c *countedConn) Write(p []byte) (int, error) {
	c.dialer.written.Add(int64(len(p)))
	return c.Conn.Write(p)
}

// After the deadline not one more byte leaves, and what did not get its final dot is certain not to be sent. Here the process stands
// still while it reads a file, and goes on too late.
func TestNoByteAfterTheDeadline(t *testing.T) {
	t.Parallel()
	const untilDeadline = 15 * time.Second // which the test waits for: enough to log in on a slow machine
	w := newWorld(t)
	dialer := &countingDialer{}
	w.env.Dialer = dialer
	c := w.channel()
	ctx, cancel := context.WithTimeout(context.Background(), untilDeadline)
	defer cancel()
	var atDeadline atomic.Int64 // bytes that had left
	slow := channels.File{Name: "slow.txt", ContentType: "text/plain", SizeBytes: 1}
	slow.Open = func(ctx context.Context) (io.ReadCloser, error) {
		<-ctx.Done()
		atDeadline.Store(dialer.written.Load())
		return io.NopCloser(strings.NewReader("x")), nil
	}
	_, err := c.Send(ctx, replyWith(slow))
	wantClass(t, err, channels.Retry)
	if atDeadline.Load() == 0 {
		t.Error("bytes that left before the deadline: got none, want the connection to be open by then")
	}
	wantEqual(t, "bytes that left after the deadline", dialer.written.Load()-atDeadline.Load(), 0)
}
