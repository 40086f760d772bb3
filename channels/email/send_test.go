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

// wantClass checks that a Send failed with an error of this class, with words for people, and returns the error.
func wantClass(t *testing.T, err error, want channels.Class) *channels.SendError {
	t.Helper()
	var se *channels.SendError
	if !errors.As(err, &se) || se.Class != want {
		t.Fatalf("got the error %v, want class %s", err, want)
	}
	if se.Text == "" {
		t.Errorf("the error %+v has no words for people", se)
	}
	if want != channels.Ambiguous && se.Hint == "" {
		t.Errorf("the error %+v has no hint for people", se)
	}
	return se
}

// wantSendFails sends a mail by a new channel, and checks that this fails with an error of this class.
func (w *world) wantSendFails(o channels.Outbound, want channels.Class) *channels.SendError {
	w.t.Helper()
	_, err := w.channel().Send(testContext(w.t), o)
	return wantClass(w.t, err, want)
}

// A mail arrives with our Message-ID, and a copy is filed; a second attempt has the same Message-ID.
func TestSend(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got, err := w.channel().Send(testContext(t), reply())
	if err != nil {
		t.Fatal(err)
	}
	id := mailid.Message(testKeys()[0], 12, 34, "acme.test")
	wantEqual(t, "receipt", got, channels.Receipt{ExternalID: id, State: channels.StateAccepted})
	in := w.Inbox("ann@customer.test")
	if len(in) != 1 {
		t.Fatalf("the customer got %+v, want one mail", in)
	}
	wantEqual(t, "Message-ID", in[0].MessageID, "<"+id+">")
	wantEqual(t, "subject", in[0].Subject, replySubject)
	wantEqual(t, "sender", in[0].From, mailfake.Address{Name: "Kim Park (Acme Support)", Address: support})

	sent := w.Sent(support)
	if len(sent) != 1 {
		t.Fatalf("Sent has %+v, want one copy", sent)
	}
	wantEqual(t, "Message-ID of the copy", sent[0].MessageID, "<"+id+">")
	wantEqual(t, "the copy is seen", slices.Contains(sent[0].Flags, `\Seen`), true)

	again := reply()
	again.Attempt.Number, again.Attempt.FirstAt = 2, time.Now()
	if _, err := w.channel().Send(testContext(t), again); err != nil {
		t.Fatal(err)
	}
	if subs := w.Submissions(); len(subs) != 2 || subs[0].MessageID != subs[1].MessageID {
		t.Errorf("got the submissions %+v, want two with the same Message-ID", subs)
	}
}

// A copy is filed as the settings say. One that can't be filed is noted, and keeps neither the mail nor the next copy.
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
				if err := w.openAsProgram("INBOX").Delete("Sent").Wait(); err != nil {
					t.Fatal(err)
				}
			}
			if tc.fault.Op != "" {
				w.addFault(tc.fault)
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
				got, err := c.Send(testContext(t), o)
				if err != nil {
					t.Fatalf("mail %d: %v", i, err)
				}
				isNoted := tc.note && (i == 0 || tc.noFolder)
				wantEqual(t, fmt.Sprintf("mail %d has a note", i), got.Note != "", isNoted)
				wantEqual(t, fmt.Sprintf("copies in Sent after mail %d", i), len(w.Sent(support)), want)
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
		{name: "dropped at EHLO", fault: mailfake.Fault{Op: mailfake.OpSMTPConnect, Action: mailfake.ActionDropBefore}, class: channels.Retry},
		{name: "421 at EHLO", fault: smtpReply(mailfake.OpSMTPConnect, 421, "4.3.2"), class: channels.Retry},
		{name: "password refused", fault: smtpReply(mailfake.OpAUTH, 535, "5.7.8"), class: channels.AuthBroken},
		{name: "basic sign-in off", fault: smtpReply(mailfake.OpAUTH, 535, "5.7.139"), class: channels.AuthBroken},
		{name: "454 at AUTH", fault: smtpReply(mailfake.OpAUTH, 454, "4.7.0"), class: channels.Retry},
		{name: "dropped at AUTH", fault: mailfake.Fault{Op: mailfake.OpAUTH, Action: mailfake.ActionDropBefore}, class: channels.Retry},
		{name: "sender refused", fault: smtpReply(mailfake.OpMAIL, 550, "5.7.60"), class: channels.AccountBlocked},
		{name: "throttled", fault: smtpReply(mailfake.OpMAIL, 451, "4.3.2"), class: channels.Retry},
		{name: "unknown recipient", fault: smtpReply(mailfake.OpRCPT, 550, "5.1.1"), class: channels.BadRecipient},
		{name: "greylisted", fault: smtpReply(mailfake.OpRCPT, 450, "4.7.1"), class: channels.Retry},
		{name: "dropped at RCPT", fault: mailfake.Fault{Op: mailfake.OpRCPT, Action: mailfake.ActionDropAfter}, class: channels.Retry},
		{name: "spam", fault: smtpReply(mailfake.OpDATA, 554, "5.6.0"), class: channels.BadContent},
		{name: "too big", fault: smtpReply(mailfake.OpDATA, 552, "5.3.4"), class: channels.BadContent},
		{name: "dropped inside the mail", fault: mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionDropBefore}, class: channels.Ambiguous},
		{name: "dropped after the dot", fault: mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionDropAfter}, class: channels.Ambiguous, left: 1},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.addFault(tc.fault)
			w.wantSendFails(reply(), tc.class)
			wantEqual(t, "mails that left", len(w.Submissions()), tc.left)
		})
	}
}

// smtpReply is a fault that answers a command with a code of SMTP, and with an enhanced one.
func smtpReply(op mailfake.Op, code int, enhanced string) mailfake.Fault {
	return mailfake.Fault{Op: op, Action: mailfake.ActionReply, Code: code, Enhanced: enhanced}
}

// A cut in the middle of a big mail is certain: no final dot has left.
func TestCutInsideABigMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addFault(mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionDropBefore, Bytes: 4096})
	o := reply()
	o.Files = []channels.File{file("big.bin", bytes.Repeat([]byte{7}, 8<<20))}
	w.wantSendFails(o, channels.Retry)
	wantEqual(t, "mails that left", len(w.Submissions()), 0)
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
		"nothing listens": {text: "No connection", change: func(w *world) { w.pointTo(w.IMAPAddr(), nobody) }},
		"unknown name":    {text: "can't be found", change: func(w *world) { w.config["smtp.host"] = "smtp.invalid" }},
		"untrusted certificate": {text: "signed by nobody known", change: func(w *world) {
			w.pointTo(w.IMAPAddr(), w.SMTPTLSAddr())
			w.config["smtp.security"] = "tls"
		}},
		"starttls, untrusted": {text: "signed by nobody known", change: func(w *world) { w.config["smtp.security"] = "starttls" }},
		"plain port, tls":     {text: "does not speak TLS", change: func(w *world) { w.config["smtp.security"] = "tls" }},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *mailfake.Options) { o.TLS = true })
			tc.change(w)
			wantText(t, "error", w.wantSendFails(reply(), channels.Retry).Text, tc.text)
		})
	}
	t.Run("no starttls", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.config["smtp.security"] = "starttls"
		w.wantSendFails(reply(), channels.Retry)
	})
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
	se := w.wantSendFails(o, channels.BadRecipient)
	wantText(t, "error", se.Text, "bob@customer.test")
	wantText(t, "error", se.Text, "nothing was sent")
	wantEqual(t, "mails that left", len(w.Submissions()), 0)
}

// A server that is silent after the mail: the attempt ends with ctx, and nobody knows.
func TestSilentAfterData(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addFault(mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionDelayAfter})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, sent := w.channel(), make(chan error, 1)
	go func() { _, err := c.Send(ctx, reply()); sent <- err }()
	if _, err := w.WaitFor(ctx, "ann@customer.test", func(r []mailfake.Received) bool { return len(r) == 1 }); err != nil {
		t.Fatalf("the server did not take the mail: %v", err)
	}
	cancel()
	_ = wantClass(t, <-sent, channels.Ambiguous)
}

// A server that is silent before the mail: the attempt ends with ctx, and nothing left for certain.
func TestSilentBeforeData(t *testing.T) {
	t.Parallel()
	for _, op := range []mailfake.Op{mailfake.OpSMTPConnect, mailfake.OpAUTH, mailfake.OpMAIL, mailfake.OpRCPT} {
		t.Run(string(op), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.addFault(mailfake.Fault{Op: op, Action: mailfake.ActionDelay})
			_, err := w.channel().Send(within(t, 500*time.Millisecond), reply())
			_ = wantClass(t, err, channels.Retry)
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
	_ = wantClass(t, err, channels.Retry)
	if before.Load() == 0 {
		t.Error("no byte left before the deadline, want the connection open by then")
	}
	wantEqual(t, "bytes that left after the deadline", d.bytes.Load()-before.Load(), 0)
}

// A mail that is too large by what is said of its files, by what they have, by their number or by the server's limit is refused.
func TestOutgoingCap(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	honest, liar := reply(), reply()
	honest.Files = []channels.File{{Name: "a", SizeBytes: outbound.MaxBytes}}
	liar.Files = []channels.File{file("a", make([]byte, outbound.MaxBytes+5))}
	liar.Files[0].SizeBytes = 1
	many := reply()
	many.Files = slices.Repeat([]channels.File{file("a", nil)}, outbound.MaxFiles+1)
	for _, o := range []channels.Outbound{honest, liar, many} {
		w.wantSendFails(o, channels.BadContent)
	}
	small := newWorld(t, func(o *mailfake.Options) { o.MaxMessageBytes = 100_000 })
	o := reply()
	o.Files = []channels.File{file("a.bin", make([]byte, 100_000))}
	wantText(t, "error by the server's SIZE", small.wantSendFails(o, channels.BadContent).Text, "5.3.4")
}

// No more than three mails at a time; all of them arrive.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const mails = 12
	w.config["save_sent"] = "off"
	c := w.channel()
	var wg sync.WaitGroup
	errs := make(chan error, mails)
	for i := range mails {
		wg.Go(func() {
			o := reply()
			o.MessageID = int64(100 + i)
			_, err := c.Send(testContext(t), o)
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
	wantEqual(t, "different mails", len(ids), mails)
}

// A wrong password breaks the account, and people read the server's code.
func TestWrongSMTPPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config["smtp.username"], w.config["smtp.password"] = "support@acme.test", "wrong"
	wantText(t, "error", w.wantSendFails(reply(), channels.AuthBroken).Text, "535")
}
