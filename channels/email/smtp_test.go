package email

import (
	"net"
	"slices"
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/channelstest"
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

// startEndless starts a server whose greeting never ends. ended is closed when its connection is.
func startEndless(t *testing.T) (addr string, ended chan struct{}) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	noError(t, err)
	t.Cleanup(func() { _ = ln.Close() })
	ended = make(chan struct{})
	go func() {
		defer close(ended)
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		lines := []byte(strings.Repeat("220-"+strings.Repeat("x", 400)+"\r\n", 100))
		for err == nil {
			_, err = conn.Write(lines) // until the other side hangs up
		}
	}()
	return ln.Addr().String(), ended
}

// If a server's greeting never ends, the channel hangs up before its memory is full.
func TestEndlessGreeting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	addr, ended := startEndless(t)
	w.pointTo(w.IMAPAddr(), addr)
	failed := w.wantSendFails(reply(), channels.Retry)
	wantContains(t, "error", failed.Error(), "the server's answers have no end")
	channelstest.Receive(t, ended, "the channel hangs up")
}

// If Parley knows none of a server's ways to sign in, the error names them.
func TestServerWithoutPasswordSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sendToScripted("220 hi", "250-hi\r\n250 AUTH GSSAPI NTLM")
	failed := w.wantSendFails(reply(), channels.AuthBroken)
	wantContains(t, "error", failed.Text, "GSSAPI")
}

// If a server greets with a refusal, it hasn't seen the mail, so Parley tries again.
func TestRefusedAtTheGreeting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sendToScripted("554 No SMTP service here")
	const want = "The mail server refuses the connection: 554 No SMTP service here"
	refused := w.wantSendFails(reply(), channels.Retry)
	wantEqual(t, "text", refused.Text, want)
	wantEqual(t, "text for admins", refused.AccountText, want)
}

// A server may refuse a mail in the middle and hang up. Parley can't write any more then, but it reads the refusal.
func TestRefusedInsideTheMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sendToScripted("220 hi", "250 hi", "250 ok", "250 ok", "354 go\r\n552 5.3.4 too much")
	w.wantSendFails(replyWith(newFile("big.bin", make([]byte, 8<<20))), channels.BadContent)
}

// takingEverything are the replies of a server that takes each mail. ehlo is its reply to EHLO, which says what it can do.
func takingEverything(ehlo string) []string {
	return []string{"220 hi", ehlo, "250 ok", "250 ok", "354 go", "250 ok"}
}

// If a mail is larger than the size that the server announced, Parley doesn't offer it to the server.
func TestMailLargerThanTheServerSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sendToScripted(takingEverything("250-hi\r\n250 SIZE 1000")...)
	large := reply()
	large.Text = strings.Repeat("word ", 400)
	failed := w.wantSendFails(large, channels.BadContent)
	wantContains(t, "error", failed.Text, "the server takes")
}

// The doctor tells how large a mail may be, also where the server takes less than a megabyte.
func TestCheckTellsTheSizeOfMails(t *testing.T) {
	t.Parallel()
	for size, want := range map[string]string{"204800": "Mails up to 200 KB.", "26214400": "Mails up to 25 MB."} {
		w := newWorld(t)
		w.sendToScripted("220 hi", "250-hi\r\n250 SIZE "+size, "250 ok", "250 ok", "221 bye")
		wantEqual(t, "finding for "+size, w.findingText("SMTP size"), want)
	}
}

// If a server hasn't announced SMTPUTF8, Parley doesn't offer it an address outside ASCII.
func TestAddressOutsideASCIIWithoutSMTPUTF8(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sendToScripted(takingEverything("250 hi")...)
	o := reply()
	o.Cc = []channels.Party{{Key: "jörg@customer.test"}}
	failed := w.wantSendFails(o, channels.BadRecipient)
	const noneSent = "refuses jörg@customer.test, so nothing was sent to anybody: "
	wantContains(t, "error", failed.Text, noneSent+"550 5.6.7 the server takes no addresses outside ASCII")
	wantContains(t, "hint", failed.Hint, "another address")
}

// If a server takes addresses outside ASCII, Parley sends to them.
func TestAddressOutsideASCII(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := reply()
	o.To[0].Key = "jörg@customer.test"
	_, err := w.channel().Send(testContext(t), o)
	noError(t, err)
	wantEqual(t, "mails that left", len(w.Submissions()), 1)
}

// If a mail has more recipients than the server takes, it fails at once with a hint. Waiting wouldn't help.
func TestTooManyRecipients(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sendToScripted("220 hi", "250 hi", "250 ok", "250 ok", "452 4.5.3 Too many recipients")
	o := reply()
	o.Cc = []channels.Party{{Key: "bob@customer.test"}}
	refused := w.wantSendFails(o, channels.BadRecipient)
	wantContains(t, "error", refused.Text, "refuses bob@customer.test, so nothing was sent to anybody: 452 4.5.3 Too many recipients")
	wantContains(t, "hint", refused.Hint, "!cc -ADDRESS")
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

// A reply with any code that begins with 2 accepts the mail, with or without text.
func TestOddAcceptance(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		replies []string // to the connection, EHLO, MAIL, RCPT, DATA and the final dot
	}{
		{name: "another code", replies: []string{"220 hi", "250 hi", "250 ok", "251 ok", "354 go", "251 queued elsewhere"}},
		{name: "codes alone", replies: []string{"220 hi", "250 hi", "250", "250", "354", "250"}},
		{name: "several lines", replies: []string{"220 hi", "250 hi", "250-o\r\n250", "250 ok", "354-go\r\n354", "250-one\r\n250 two"}},
		{name: "text that is no UTF-8", replies: []string{"220 h\xffi", "250 hi", "250 \xfcok", "250 ok", "354 go", "250 ok \xe4"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.sendToScripted(tt.replies...)
			got, err := w.channel().Send(testContext(t), reply())
			noError(t, err)
			wantEqual(t, "state", got.State, channels.StateAccepted)
		})
	}
}
