package email

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/email/mailfake"
	"parley/channels/email/mailid"
)

// wantOutcome checks what Reconcile finds of a message.
func (w *world) wantOutcome(c *Channel, o channels.Outbound, want channels.Outcome) {
	w.t.Helper()
	got, receipt, err := c.Reconcile(testContext(w.t), o)
	if err != nil {
		w.t.Fatal(err)
	}
	wantEqual(w.t, "outcome", got, want)
	if got == channels.Landed && receipt.ExternalID == "" {
		w.t.Errorf("the receipt %+v has no id", receipt)
	}
}

// wantNoOutcome checks that Reconcile can't tell what became of reply(), and why is an error.
func (w *world) wantNoOutcome() {
	w.t.Helper()
	got, _, err := w.channel().Reconcile(testContext(w.t), reply())
	wantEqual(w.t, "outcome", got, channels.CannotTell)
	if err == nil {
		w.t.Error("Reconcile gave no error, want the reason why it can't tell")
	}
}

// filedByServer and filedByUs are a mail as it stands in the Sent folder.
func filedByServer(id string) string {
	return "Message-ID: <" + id + ">\nFrom: support@acme.test\nSubject: Re: x\n\nx\n"
}

func filedByUs(id string) string {
	return mailid.CopyHeader + ": filed by Parley\n" + filedByServer(id)
}

// The Sent folder says what became of a message whose answer was lost: by the message, or by others that witness who files them.
func TestReconcile(t *testing.T) {
	t.Parallel()
	const gmail, microsoft = "smtp.gmail.com", "smtp.office365.com"
	keys := testKeys()
	asked := mailid.Message(keys[0], 12, 34, "acme.test")
	earlier, newer := mailid.Message(keys[0], 12, 32, "acme.test"), mailid.Message(keys[0], 12, 33, "acme.test")
	tests := map[string]struct {
		save, host string
		blind      bool     // the server's search finds nothing
		sent       []string // mails in the Sent folder
		refers     []string // references of the asked message
		want       channels.Outcome
	}{
		"found, filed by us":               {save: "on", sent: []string{filedByUs(asked)}, want: channels.Landed},
		"found, filed by the server":       {save: "off", sent: []string{filedByServer(asked)}, want: channels.Landed},
		"found, signed by an older key":    {save: "on", sent: []string{filedByUs(mailid.Message(keys[1], 12, 34, "acme.test"))}, want: channels.Landed},
		"a longer id is another":           {save: "on", sent: []string{filedByServer("x" + asked)}, want: channels.CannotTell},
		"we file, nothing there":           {save: "on", want: channels.CannotTell},
		"we file, others there":            {save: "on", sent: []string{filedByUs(earlier)}, refers: []string{earlier}, want: channels.CannotTell},
		"we file, but it does too":         {save: "on", sent: []string{filedByServer(earlier)}, want: channels.Absent},
		"it did, and we file now":          {save: "on", sent: []string{filedByServer(earlier), filedByUs(newer)}, want: channels.CannotTell},
		"we did, and it files now":         {save: "on", sent: []string{filedByUs(earlier), filedByServer(newer)}, want: channels.Absent},
		"both file each mail":              {save: "on", sent: []string{filedByServer(newer), filedByUs(newer)}, want: channels.Absent},
		"auto, unknown host":               {save: "auto", want: channels.CannotTell},
		"server files, first mail":         {save: "off", want: channels.Absent},
		"server files, witness":            {save: "off", sent: []string{filedByServer(earlier)}, refers: []string{earlier}, want: channels.Absent},
		"it was said to file, but did not": {save: "off", refers: []string{earlier}, want: channels.CannotTell},
		"gmail, first mail":                {save: "auto", host: gmail, want: channels.Absent},
		"microsoft, first mail":            {save: "auto", host: microsoft, want: channels.CannotTell},
		"microsoft, witness":               {save: "auto", host: microsoft, sent: []string{filedByServer(earlier)}, want: channels.Absent},
		"microsoft replaces ids":           {save: "auto", host: microsoft, sent: []string{filedByServer("AM0P@prod.outlook.com")}, want: channels.CannotTell},
		"the search misses it":             {save: "off", blind: true, sent: []string{filedByServer(asked)}, want: channels.Landed},
		"the search misses another": {save: "off", blind: true, sent: []string{filedByServer(earlier)}, refers: []string{earlier},
			want: channels.CannotTell},
		"microsoft tells the id that it replaced": {save: "auto", host: microsoft, sent: []string{
			"X-Microsoft-Original-Message-ID: <" + asked + ">\n" + filedByServer("AM0P@prod.outlook.com")}, want: channels.Landed},
		// Case 34: a forged token is no witness.
		"forged witness": {save: "auto", host: microsoft, sent: []string{filedByServer("c12.m33.00000000@acme.test")}, want: channels.CannotTell},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.config["save_sent"] = tc.save
			if tc.host != "" {
				w.config["smtp.host"] = tc.host
			}
			for _, raw := range tc.sent {
				w.appendMail("Sent", raw, time.Time{})
			}
			if tc.blind {
				w.pointTo(startOddServer(t, w.IMAPAddr(), greetAsServer, findsNothing), w.SMTPAddr())
			}
			o := reply()
			o.References = append(o.References, tc.refers...)
			w.wantOutcome(w.channel(), o, tc.want)
		})
	}
}

// findsNothing answers searches as a server does that searches no headers, or that has not indexed them yet.
func findsNothing(response string) string {
	if strings.HasPrefix(response, "* ESEARCH ") || strings.HasPrefix(response, "* SEARCH ") {
		return "* SEARCH\r\n"
	}
	return response
}

// The server that the account had before filed what it sent. That says nothing of the one that it has now.
func TestReconcileAfterAMove(t *testing.T) {
	t.Parallel()
	for _, moved := range []string{"imap.host", "smtp.host", "smtp.host and folder"} {
		t.Run(moved, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.config["save_sent"] = "on"
			fileAnother := func(at time.Time) {
				w.appendMail("Sent", filedByServer(mailid.Message(testKeys()[0], 12, 33, "acme.test")), at)
			}
			w.lookOnce()
			fileAnother(time.Now().Add(-time.Hour))
			w.wantOutcome(w.channel(), reply(), channels.Absent)

			host, _, choosesFolder := strings.Cut(moved, " ")
			w.config[host] = "localhost"
			if choosesFolder {
				w.config["folder"] = "Archive"
			}
			w.wantOutcome(w.channel(), reply(), channels.CannotTell) // the mailbox was not read since
			stop := w.run()
			w.journal.wait(t, "the watermark", func() bool { return strings.Contains(string(w.journal.state), `"moved_at"`) })
			stop()
			w.wantOutcome(w.channel(), reply(), channels.CannotTell)
			fileAnother(time.Now().Add(time.Minute))
			w.wantOutcome(w.channel(), reply(), channels.Absent)
		})
	}
}

// A mail that the server finds and doesn't show is not absent, or it would be sent twice: somebody may mark it as read just then.
func TestReconcileWhileSomebodyReads(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		times int // that the server shows no mail
		want  func(w *world)
	}{
		"once":  {times: 1, want: func(w *world) { w.wantOutcome(w.channel(), reply(), channels.Landed) }},
		"twice": {times: 2, want: func(w *world) { w.wantNoOutcome() }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.config["save_sent"] = "off"
			w.appendMail("Sent", filedByServer(mailid.Message(testKeys()[0], 12, 34, "acme.test")), time.Time{})
			id := w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionFlagsOnly, Times: tc.times})
			tc.want(w)
			w.waitFault(id, tc.times)
		})
	}
}

// Somebody had a mail sent again after it bounced. The copy of the first sending proves nothing about the second.
func TestReconcileSentAgain(t *testing.T) {
	t.Parallel()
	asked, began := mailid.Message(testKeys()[0], 12, 34, "acme.test"), time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		filed []time.Duration // when the copies were filed, by the beginning of the attempt
		again int
		want  channels.Outcome
	}{
		"the first sending":            {filed: []time.Duration{-time.Hour}, want: channels.Landed},
		"only the copy of the first":   {filed: []time.Duration{-time.Hour}, again: 1, want: channels.CannotTell},
		"both copies":                  {filed: []time.Duration{-time.Hour, time.Second}, again: 1, want: channels.Landed},
		"the first was refused":        {filed: []time.Duration{time.Second}, again: 1, want: channels.Landed},
		"the server's clock is behind": {filed: []time.Duration{-time.Hour, -20 * time.Second}, again: 1, want: channels.Landed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.config["save_sent"] = "off"
			for _, after := range tc.filed {
				w.appendMail("Sent", filedByServer(asked), began.Add(after))
			}
			o := reply()
			o.Attempt = channels.Attempt{Number: 1, Again: tc.again, FirstAt: began}
			w.wantOutcome(w.channel(), o, tc.want)
		})
	}
}

// Case 40: a crash between claim, send and receipt, on a server that files what it
// sends: the mail that was taken has landed, the one that was not is absent.
func TestCase40LostAnswer(t *testing.T) {
	t.Parallel()
	for action, want := range map[mailfake.Action]channels.Outcome{
		mailfake.ActionDropAfter:  channels.Landed,
		mailfake.ActionDropBefore: channels.Absent,
	} {
		t.Run(string(action), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *mailfake.Options) { o.Mailboxes[0].SaveToSent = true })
			w.config["save_sent"] = "off"
			c := w.channel()
			first := reply()
			first.MessageID = 33
			if _, err := c.Send(testContext(t), first); err != nil {
				t.Fatal(err)
			}
			w.addFault(mailfake.Fault{Op: mailfake.OpDATA, Action: action})
			_, err := c.Send(testContext(t), reply())
			_ = wantClass(t, err, channels.Ambiguous)
			w.wantOutcome(c, reply(), want)
		})
	}
}

// The answer was lost, and we were to file the copy: nobody can tell.
func TestLostAnswerWithoutCopy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.channel()
	w.addFault(mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionDropAfter})
	_, err := c.Send(testContext(t), reply())
	_ = wantClass(t, err, channels.Ambiguous)
	w.wantOutcome(c, reply(), channels.CannotTell)
}

// A mail taken a moment ago that is not in Sent: this server does not file, whatever
// the settings say.
func TestSettingsAreNotBelieved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config["save_sent"] = "off"
	c := w.channel()
	first := reply()
	first.MessageID = 33
	if _, err := c.Send(testContext(t), first); err != nil {
		t.Fatal(err)
	}
	w.wantOutcome(c, reply(), channels.CannotTell)
}

// Without the Sent folder, a login or a network nobody can tell.
func TestReconcileWithoutMailbox(t *testing.T) {
	t.Parallel()
	folder := newWorld(t)
	folder.config["save_sent"] = "off"
	if err := folder.openAsProgram("INBOX").Delete("Sent").Wait(); err != nil {
		t.Fatal(err)
	}
	folder.wantOutcome(folder.channel(), reply(), channels.CannotTell)

	login := newWorld(t)
	login.addFault(mailfake.Fault{Op: mailfake.OpLOGIN, Action: mailfake.ActionReply})
	login.wantNoOutcome()

	network := newWorld(t)
	network.env.Dialer = noDialer{}
	network.wantNoOutcome()
}

type noDialer struct{}

func (noDialer) DialContext(context.Context, string, string) (net.Conn, error) {
	return nil, errors.New("no network")
}

// Check tests all that a healthy mailbox needs, and changes nothing.
//
func TestCheck(t *testing.T) {
	t.Parallel()
	healthy := newWorld(t, func(o *mailfake.Options) { o.TLS = true })
	healthy.config["imap.security"], healthy.config["smtp.security"] = "starttls", "starttls"
	healthy.opts.TLS = trusting(healthy)
	var seen []string
	for _, f := range healthy.channel().Check(testContext(t)) {
		seen = append(seen, f.What)
		if !f.OK || f.Text == "" || f.Hint != "" {
			t.Errorf("got the finding %+v, want a good one with a text and without a hint", f)
		}
	}
	wantEqual(t, "findings", strings.Join(seen, ", "),
		"IMAP login, IMAP folder, IMAP IDLE, IMAP UIDPLUS, Sent folder, SMTP login, SMTP sender, SMTP size")
	wantEqual(t, "mails that left", len(healthy.Submissions()), 0)
	wantEqual(t, "mails in Sent", len(healthy.Sent(support)), 0)
}

// What is wrong is found under its name, with what to do.
//
func TestCheckFindsFaults(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fault  mailfake.Fault
		change func(w *world)
		what   string
		hint   string
	}{
		"imap password": {fault: mailfake.Fault{Op: mailfake.OpLOGIN, Action: mailfake.ActionReply}, what: "IMAP login", hint: "app password"},
		"smtp password": {fault: mailfake.Fault{Op: mailfake.OpAUTH, Action: mailfake.ActionReply, Code: 535, Enhanced: "5.7.8"}, what: "SMTP login", hint: "app password"},
		"smtp switched off": {fault: mailfake.Fault{Op: mailfake.OpAUTH, Action: mailfake.ActionReply, Code: 535, Enhanced: "5.7.139",
			Text: "basic authentication is disabled"}, what: "SMTP login", hint: "Microsoft 365"},
		"sender":   {fault: mailfake.Fault{Op: mailfake.OpMAIL, Action: mailfake.ActionReply, Code: 550, Enhanced: "5.7.60"}, what: "SMTP sender", hint: "administrator"},
		"folder":   {change: func(w *world) { w.config["folder"] = "Nope" }, what: "IMAP folder", hint: "INBOX"},
		"starttls": {change: func(w *world) { w.config["smtp.security"] = "starttls" }, what: "SMTP login", hint: "no STARTTLS"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if tc.change != nil {
				tc.change(w)
			}
			if tc.fault.Op != "" {
				w.addFault(tc.fault)
			}
			for _, f := range w.channel().Check(testContext(t)) {
				if f.What == tc.what {
					if f.OK || f.Text == "" {
						t.Errorf("got the finding %+v, want a bad one with a text", f)
					}
					wantText(t, "hint", f.Hint, tc.hint)
					return
				}
			}
			t.Errorf("there is no finding %q", tc.what)
		})
	}
}

// Case 33: the server replaces our Message-ID; the anchor still threads the answer.
func TestCase33OverTheWire(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *mailfake.Options) {
		o.Mailboxes[0].RewriteMessageID, o.Mailboxes[0].SaveToSent = true, true
	})
	w.watch()
	c := w.channel()
	if _, err := c.Send(testContext(t), reply()); err != nil {
		t.Fatal(err)
	}
	ann := w.Customer("Ann Lee <ann@customer.test>")
	in := ann.Inbox()
	if len(in) != 1 || strings.Contains(in[0].MessageID, "c12.m34") {
		t.Fatalf("the customer got %+v, want one mail with an id of the server", in)
	}
	if _, err := ann.Reply(in[0], "Thanks!"); err != nil {
		t.Fatal(err)
	}
	w.journal.wait(t, "the answer", func() bool { return len(w.journal.facts) == 1 })
	answer := w.decodeOne(w.journal.read().facts[0])
	wantEqual(t, "conversation", answer.Answers.Conversation, reply().ConversationID)
	wantEqual(t, "text", answer.Text, "Thanks!")
}
