package email

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/email/mailfake"
	"parley/channels/email/mailid"
	"parley/channels/email/outbound"
)

// reply is an ordinary answer to a customer.
func reply() channels.Outbound {
	return channels.Outbound{
		DeliveryID:     7,
		ConversationID: 12,
		MessageID:      34,
		Attempt:        channels.Attempt{Number: 1},
		To:             []channels.Party{{Key: "ann@customer.test", Name: "Ann Lee"}},
		Subject:        "Printer on fire",
		Text:           "On **our** way.",
		Author:         "Kim Park",
		InReplyTo:      "q1@customer.test",
		References:     []string{"q1@customer.test"},
	}
}

// class checks the class of a failed Send and returns the error.
func class(t *testing.T, err error, want channels.Class) *channels.SendError {
	t.Helper()
	var se *channels.SendError
	if !errors.As(err, &se) || se.Class != want {
		t.Fatalf("error %v, want class %s", err, want)
	}
	if se.Text == "" || want != channels.Ambiguous && se.Hint == "" {
		t.Errorf("no words for people: %+v", se)
	}
	return se
}

func TestSend(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got, err := w.channel().Send(within(t, patience), reply())
	if err != nil {
		t.Fatal(err)
	}
	id := mailid.Message(testKeys()[0], 12, 34, "acme.test")
	if got.ExternalID != id || got.State != channels.StateAccepted || got.Note != "" {
		t.Errorf("receipt %+v", got)
	}
	in := w.Inbox("ann@customer.test")
	if len(in) != 1 || in[0].MessageID != "<"+id+">" || in[0].Subject != "Re: Printer on fire" ||
		in[0].From.Name != "Kim Park (Acme Support)" || in[0].From.Address != support {
		t.Fatalf("arrived %+v", in)
	}
	sent := w.Sent(support)
	if len(sent) != 1 || !slices.Contains(sent[0].Flags, `\Seen`) || sent[0].MessageID != "<"+id+">" {
		t.Errorf("Sent folder %+v", sent)
	}
	again := reply()
	again.Attempt.Number, again.Attempt.FirstAt = 2, time.Now()
	if _, err := w.channel().Send(within(t, patience), again); err != nil {
		t.Fatal(err)
	}
	if subs := w.Submissions(); len(subs) != 2 || subs[0].MessageID != subs[1].MessageID {
		t.Errorf("a second attempt changed the Message-ID: %+v", subs)
	}
}

func TestCopyToSent(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		save       string
		serverSave bool
		noFolder   bool
		fault      mailfake.Fault
		copies     [2]int // in Sent after each mail
		note       bool
	}{
		"on":               {save: "on", copies: [2]int{1, 2}},
		"off":              {save: "off", copies: [2]int{0, 0}},
		"auto":             {save: "auto", copies: [2]int{1, 2}},
		"auto, it saves":   {save: "auto", serverSave: true, copies: [2]int{1, 2}},
		"append refused":   {save: "on", fault: mailfake.Fault{Op: mailfake.OpAPPEND, Action: mailfake.ActionReply, Enhanced: "OVERQUOTA"}, copies: [2]int{0, 1}, note: true},
		"append cut":       {save: "on", fault: mailfake.Fault{Op: mailfake.OpAPPEND, Action: mailfake.ActionDropBefore}, copies: [2]int{0, 1}, note: true},
		"login refused":    {save: "on", fault: mailfake.Fault{Op: mailfake.OpLOGIN, Action: mailfake.ActionReply}, copies: [2]int{0, 1}, note: true},
		"no sent folder":   {save: "on", noFolder: true, copies: [2]int{0, 0}, note: true},
		"server unhelpful": {save: "on", fault: mailfake.Fault{Op: mailfake.OpAPPEND, Action: mailfake.ActionDelay}, copies: [2]int{0, 1}, note: true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *mailfake.Options) { o.Mailboxes[0].SaveToSent = tc.serverSave })
			w.config["save_sent"] = tc.save
			if tc.noFolder {
				if err := w.program("INBOX").Delete("Sent").Wait(); err != nil {
					t.Fatal(err)
				}
			}
			if tc.fault.Op != "" {
				w.fault(tc.fault)
			}
			second := w.channel()
			if tc.fault.Action == mailfake.ActionDelay {
				w.opts.Timing.SaveCopy = 2 * time.Second // it is waited for; the second mail's bound stays long
			}
			first := w.channel()
			for i, c := range []*Channel{first, second} {
				want := tc.copies[i]
				o := reply()
				o.MessageID += int64(i)
				got, err := c.Send(within(t, patience), o)
				if err != nil {
					t.Fatalf("mail %d: %v", i, err)
				}
				if (got.Note != "") != (tc.note && (i == 0 || tc.noFolder)) {
					t.Errorf("mail %d: note %q", i, got.Note)
				}
				if n := len(w.Sent(support)); n != want {
					t.Errorf("mail %d: %d copies in Sent, want %d", i, n, want)
				}
			}
		})
	}
}

// Faults of the connection, each with its class and whether the mail left.
func TestSendFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault mailfake.Fault
		class channels.Class
		left  int // mails that the server took
	}{
		{"dropped at EHLO", mailfake.Fault{Op: mailfake.OpSMTPConnect, Action: mailfake.ActionDropBefore}, channels.Retry, 0},
		{"421 at EHLO", mailfake.Fault{Op: mailfake.OpSMTPConnect, Action: mailfake.ActionReply, Code: 421, Enhanced: "4.3.2"}, channels.Retry, 0},
		{"password refused", mailfake.Fault{Op: mailfake.OpAUTH, Action: mailfake.ActionReply, Code: 535, Enhanced: "5.7.8"}, channels.AuthBroken, 0},
		{"basic sign-in off", mailfake.Fault{Op: mailfake.OpAUTH, Action: mailfake.ActionReply, Code: 535, Enhanced: "5.7.139"}, channels.AuthBroken, 0},
		{"454 at AUTH", mailfake.Fault{Op: mailfake.OpAUTH, Action: mailfake.ActionReply, Code: 454, Enhanced: "4.7.0"}, channels.Retry, 0},
		{"dropped at AUTH", mailfake.Fault{Op: mailfake.OpAUTH, Action: mailfake.ActionDropBefore}, channels.Retry, 0},
		{"sender refused", mailfake.Fault{Op: mailfake.OpMAIL, Action: mailfake.ActionReply, Code: 550, Enhanced: "5.7.60"}, channels.AccountBlocked, 0},
		{"throttled", mailfake.Fault{Op: mailfake.OpMAIL, Action: mailfake.ActionReply, Code: 451, Enhanced: "4.3.2"}, channels.Retry, 0},
		{"unknown recipient", mailfake.Fault{Op: mailfake.OpRCPT, Action: mailfake.ActionReply, Code: 550, Enhanced: "5.1.1"}, channels.BadRecipient, 0},
		{"greylisted", mailfake.Fault{Op: mailfake.OpRCPT, Action: mailfake.ActionReply, Code: 450, Enhanced: "4.7.1"}, channels.Retry, 0},
		{"dropped at RCPT", mailfake.Fault{Op: mailfake.OpRCPT, Action: mailfake.ActionDropAfter}, channels.Retry, 0},
		{"spam", mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionReply, Code: 554, Enhanced: "5.6.0"}, channels.BadContent, 0},
		{"too big", mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionReply, Code: 552, Enhanced: "5.3.4"}, channels.BadContent, 0},
		{"dropped inside the mail", mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionDropBefore}, channels.Ambiguous, 0},
		{"dropped after the dot", mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionDropAfter}, channels.Ambiguous, 1},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.fault(tc.fault)
			_, err := w.channel().Send(within(t, patience), reply())
			class(t, err, tc.class)
			if n := len(w.Submissions()); n != tc.left {
				t.Errorf("%d mails left, want %d", n, tc.left)
			}
		})
	}
}

// A cut in the middle of a big mail is certain: no final dot has left.
func TestCutInsideABigMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fault(mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionDropBefore, Bytes: 4096})
	o := reply()
	o.Files = []channels.File{file("big.bin", bytes.Repeat([]byte{7}, 8<<20))}
	_, err := w.channel().Send(within(t, patience), o)
	class(t, err, channels.Retry)
	if len(w.Submissions()) != 0 {
		t.Error("the mail left")
	}
}

func file(name string, content []byte) channels.File {
	return channels.File{
		Name: name, ContentType: "application/octet-stream", SizeBytes: int64(len(content)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil },
	}
}

// Nothing answers: certain failures, each with words.
func TestSendUnreachable(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(w *world)
		text   string
	}{
		"nothing listens": {func(w *world) { w.point(w.IMAPAddr(), nobody) }, "No connection"},
		"unknown name":    {func(w *world) { w.config["smtp.host"] = "smtp.invalid" }, "can't be found"},
		"untrusted certificate": {func(w *world) {
			w.point(w.IMAPAddr(), w.SMTPTLSAddr())
			w.config["smtp.security"] = "tls"
		}, "signed by nobody known"},
		"starttls, untrusted": {func(w *world) { w.config["smtp.security"] = "starttls" }, "signed by nobody known"},
		"plain port, tls":     {func(w *world) { w.config["smtp.security"] = "tls" }, "does not speak TLS"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *mailfake.Options) { o.TLS = true })
			tc.change(w)
			_, err := w.channel().Send(within(t, patience), reply())
			if se := class(t, err, channels.Retry); !strings.Contains(se.Text, tc.text) {
				t.Errorf("text %q, want %q", se.Text, tc.text)
			}
		})
	}
	w := newWorld(t)
	w.config["smtp.security"] = "starttls"
	_, err := w.channel().Send(within(t, patience), reply())
	class(t, err, channels.Retry)
}

// One refused recipient of several: nobody gets the mail, and the text names who.
func TestPartialRefusal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.SetRecipient(mailfake.RecipientRule{Address: "bob@customer.test", Policy: mailfake.PolicyRefuse}); err != nil {
		t.Fatal(err)
	}
	o := reply()
	o.Cc = []channels.Party{{Key: "bob@customer.test"}, {Key: "cy@customer.test"}}
	_, err := w.channel().Send(within(t, patience), o)
	se := class(t, err, channels.BadRecipient)
	if !strings.Contains(se.Text, "bob@customer.test") || !strings.Contains(se.Text, "nothing was sent") {
		t.Errorf("text %q", se.Text)
	}
	if len(w.Submissions()) != 0 {
		t.Error("somebody got the mail")
	}
}

// A server that is silent after the mail: the attempt ends with ctx, and nobody knows.
func TestSilentAfterData(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fault(mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionDelayAfter})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, sent := w.channel(), make(chan error, 1)
	go func() { _, err := c.Send(ctx, reply()); sent <- err }()
	if _, err := w.WaitFor(ctx, "ann@customer.test", func(r []mailfake.Received) bool { return len(r) == 1 }); err != nil {
		t.Fatalf("the server did not take the mail: %v", err)
	}
	cancel()
	class(t, <-sent, channels.Ambiguous)
}

func TestSilentBeforeData(t *testing.T) {
	t.Parallel()
	for _, op := range []mailfake.Op{mailfake.OpSMTPConnect, mailfake.OpAUTH, mailfake.OpMAIL, mailfake.OpRCPT} {
		t.Run(string(op), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.fault(mailfake.Fault{Op: op, Action: mailfake.ActionDelay})
			_, err := w.channel().Send(within(t, 500*time.Millisecond), reply())
			class(t, err, channels.Retry)
		})
	}
}

// tap counts what leaves through its connections.
type tap struct{ bytes atomic.Int64 }

func (d *tap) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	return &tappedConn{Conn: conn, tap: d}, err
}

type tappedConn struct {
	net.Conn
	tap *tap
}

func (c *tappedConn) Write(p []byte) (int, error) {
	c.tap.bytes.Add(int64(len(p)))
	return c.Conn.Write(p)
}

// The fence: after the deadline not one more byte leaves, and what did not get its
// final dot is certain not to be sent.
func TestNoByteAfterTheDeadline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := &tap{}
	w.env.Dialer = d
	c := w.channel()
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second) // it is waited for: enough to log in on a slow machine
	defer cancel()
	var before atomic.Int64
	o := reply()
	o.Files = []channels.File{{Name: "slow.txt", ContentType: "text/plain", SizeBytes: 1, Open: func(ctx context.Context) (io.ReadCloser, error) {
		<-ctx.Done() // the process is stopped here and goes on too late
		before.Store(d.bytes.Load())
		return io.NopCloser(strings.NewReader("x")), nil
	}}}
	_, err := c.Send(ctx, o)
	class(t, err, channels.Retry)
	if n := d.bytes.Load() - before.Load(); before.Load() == 0 || n != 0 {
		t.Errorf("%d bytes left in time, %d too late", before.Load(), n)
	}
}

func TestOutgoingCap(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	honest, liar := reply(), reply()
	honest.Files = []channels.File{{Name: "a", SizeBytes: outbound.MaxBytes}}
	liar.Files = []channels.File{file("a", make([]byte, outbound.MaxBytes+5))}
	liar.Files[0].SizeBytes = 1
	many := reply()
	many.Files = slices.Repeat([]channels.File{file("a", nil)}, outbound.MaxFiles+1)
	for name, o := range map[string]channels.Outbound{"honest": honest, "liar": liar, "many": many} {
		_, err := w.channel().Send(within(t, patience), o)
		if se := class(t, err, channels.BadContent); se.Hint == "" {
			t.Errorf("%s: no hint", name)
		}
	}
	small := newWorld(t, func(o *mailfake.Options) { o.MaxMessageBytes = 100_000 })
	o := reply()
	o.Files = []channels.File{file("a.bin", make([]byte, 100_000))}
	_, err := small.channel().Send(within(t, patience), o)
	if se := class(t, err, channels.BadContent); !strings.Contains(se.Text, "5.3.4") {
		t.Errorf("the server's SIZE: %q", se.Text)
	}
}

// No more than three mails at a time; all of them arrive.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config["save_sent"] = "off"
	c := w.channel()
	var wg sync.WaitGroup
	errs := make(chan error, 12)
	for i := range 12 {
		wg.Go(func() {
			o := reply()
			o.MessageID = int64(100 + i)
			_, err := c.Send(within(t, patience), o)
			errs <- err
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	ids := map[string]bool{}
	for _, s := range w.Submissions() {
		ids[s.MessageID] = true
	}
	if len(ids) != 12 {
		t.Errorf("%d different mails, want 12", len(ids))
	}
}

func TestWrongSMTPPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config["smtp.username"], w.config["smtp.password"] = "support@acme.test", "wrong"
	_, err := w.channel().Send(within(t, patience), reply())
	if se := class(t, err, channels.AuthBroken); !strings.Contains(se.Text, fmt.Sprint(535)) {
		t.Errorf("text %q", se.Text)
	}
}
