package email

import (
	"net"
	"slices"
	"strings"
	"testing"

	"parley/channels"
)

// A server whose greeting never ends does not fill the memory.
func TestEndlessGreeting(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		line := []byte(strings.Repeat("220-"+strings.Repeat("x", 400)+"\r\n", 100))
		for err == nil {
			_, err = conn.Write(line) // until the other side hangs up
		}
	}()
	w := newWorld(t)
	w.pointTo(w.IMAPAddr(), ln.Addr().String())
	wantText(t, "error", w.wantSendFails(reply(), channels.Retry).Error(), "the server's answers have no end")
	_ = ln.Close()
	<-ended
}

// A server with a sign-in that we can't do says so in words.
func TestNoPasswordSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pointTo(w.IMAPAddr(), startScripted(t, "220 hi", "250-hi\r\n250 AUTH GSSAPI NTLM"))
	wantText(t, "error", w.wantSendFails(reply(), channels.AuthBroken).Text, "GSSAPI")
}

// A server that greets with a refusal has not seen the mail: it is tried again.
func TestRefusedAtTheGreeting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pointTo(w.IMAPAddr(), startScripted(t, "554 No SMTP service here"))
	const want = "The mail server refuses the connection: 554 No SMTP service here"
	refused := w.wantSendFails(reply(), channels.Retry)
	if refused.Text != want || refused.AccountText != want {
		t.Errorf("got the text %q, to admins %q; want %q", refused.Text, refused.AccountText, want)
	}
}

// A refusal that comes in the middle of the mail, before the server hangs up.
func TestRefusedInsideTheMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pointTo(w.IMAPAddr(), startScripted(t, "220 hi", "250 hi", "250 ok", "250 ok", "354 go\r\n552 5.3.4 too much"))
	w.wantSendFails(reply(), channels.BadContent)
}

// What a server has said that it doesn't take is not even offered to it: a mail that is too large, and an address outside ASCII. These
// servers would take everything.
func TestServerIsNotOfferedWhatItDoesNotTake(t *testing.T) {
	t.Parallel()
	willing := []string{"250 ok", "250 ok", "354 go", "250 ok"}
	large, foreign := reply(), reply()
	large.Text = strings.Repeat("word ", 400)
	foreign.To[0].Key = "jörg@customer.test"
	for name, c := range map[string]struct {
		greets string
		mail   channels.Outbound
		class  channels.Class
		says   string
	}{
		"size":    {greets: "250-hi\r\n250 SIZE 1000", mail: large, class: channels.BadContent, says: "the server takes"},
		"address": {greets: "250 hi", mail: foreign, class: channels.BadContent, says: "no addresses outside ASCII"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.pointTo(w.IMAPAddr(), startScripted(t, slices.Concat([]string{"220 hi", c.greets}, willing)...))
			wantText(t, "the error", w.wantSendFails(c.mail, c.class).Text, c.says)
		})
	}
}

// A mail with more recipients than a server takes fails at once, with advice. It would be refused for as long as it waits.
func TestTooManyRecipients(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.pointTo(w.IMAPAddr(), startScripted(t, "220 hi", "250 hi", "250 ok", "250 ok", "452 4.5.3 Too many recipients"))
	o := reply()
	o.Cc = []channels.Party{{Key: "bob@customer.test"}}
	refused := w.wantSendFails(o, channels.BadRecipient)
	wantText(t, "error", refused.Text, "refuses bob@customer.test, so nothing was sent to anybody: 452 4.5.3 Too many recipients")
	wantText(t, "hint", refused.Hint, "!cc -ADDRESS")
}

// A mail is accepted by whatever code that begins with 2, with or without text.
func TestOddAcceptance(t *testing.T) {
	t.Parallel()
	for name, replies := range map[string][]string{
		"another code":   {"220 hi", "250 hi", "250 ok", "251 ok", "354 go", "251 queued elsewhere"},
		"codes alone":    {"220 hi", "250 hi", "250", "250", "354", "250"},
		"several lines":  {"220 hi", "250 hi", "250-o\r\n250", "250 ok", "354-go\r\n354", "250-one\r\n250 two"},
		"words in bytes": {"220 h\xffi", "250 hi", "250 \xfcok", "250 ok", "354 go", "250 ok \xe4"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.pointTo(w.IMAPAddr(), startScripted(t, replies...))
			got, err := w.channel().Send(testContext(t), reply())
			if err != nil || got.State != channels.StateAccepted {
				t.Errorf("got the state %q, %v; want %q", got.State, err, channels.StateAccepted)
			}
		})
	}
}

// startScripted starts a server that says these replies, each after a line of the client, and
// hangs up.
func startScripted(t *testing.T, replies ...string) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
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
