package email

import (
	"net"
	"slices"
	"testing"
)

// In these tests a server gives scripted replies that the emulator can't give.

// sendToScripted makes the channel send to a server that gives these replies, one after each line of the client, and then
// hangs up. The first reply is the greeting.
func (w *world) sendToScripted(replies ...string) {
	w.t.Helper()
	w.pointTo(w.IMAPAddr(), startScripted(w.t, replies...))
}

// startScripted starts a server with scripted replies, and returns its address.
func startScripted(t *testing.T, replies ...string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	noError(t, err)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		buf := make([]byte, 64<<10)
		for i, r := range replies {
			if i > 0 {
				if _, err := conn.Read(buf); err != nil {
					return
				}
			}
			if _, err := conn.Write([]byte(r + "\r\n")); err != nil {
				return
			}
		}
		_, _ = conn.Read(buf)
	}()

	t.Cleanup(func() {
		_ = ln.Close()
		<-ended
	})
	return ln.Addr().String()
}

// Parley can sign in at a server that offers only one way to sign in by password.
func TestWaysToSignIn(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		dialog []string // from the reply to EHLO on
	}{
		{name: "PLAIN", dialog: []string{"250-hi\r\n250 AUTH PLAIN", "235 ok"}},
		{name: "LOGIN", dialog: []string{"250-hi\r\n250 AUTH LOGIN", "334 VXNlcm5hbWU6", "334 UGFzc3dvcmQ6", "235 ok"}},
		{name: "CRAM-MD5", dialog: []string{"250-hi\r\n250 AUTH CRAM-MD5", "334 PDFAc210cC50ZXN0Pg==", "235 ok"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.sendToScripted(slices.Concat([]string{"220 hi"}, tt.dialog, []string{"250 ok", "250 ok", "354 go", "250 ok"})...)
			_, err := w.channel().Send(testContext(t), reply())
			noError(t, err)
		})
	}
}
