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

// reconcile asks about the message of reply().
func (w *world) reconcile(c *Channel, o channels.Outbound) channels.Outcome {
	w.t.Helper()
	got, receipt, err := c.Reconcile(within(w.t, patience), o)
	if err != nil {
		w.t.Fatal(err)
	}
	if got == channels.Landed && receipt.ExternalID == "" {
		w.t.Error("Landed without an id")
	}
	return got
}

// sentMail is a mail as it stands in the Sent folder.
func sentMail(id string, ours bool) string {
	head := ""
	if ours {
		head = mailid.CopyHeader + ": filed by Parley\n"
	}
	return head + "Message-ID: <" + id + ">\nFrom: support@acme.test\nSubject: Re: x\n\nx\n"
}

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
		"found, filed by us":               {save: "on", sent: []string{sentMail(asked, true)}, want: channels.Landed},
		"found, filed by the server":       {save: "off", sent: []string{sentMail(asked, false)}, want: channels.Landed},
		"found, signed by an older key":    {save: "on", sent: []string{sentMail(mailid.Message(keys[1], 12, 34, "acme.test"), true)}, want: channels.Landed},
		"a longer id is another":           {save: "on", sent: []string{sentMail("x"+asked, false)}, want: channels.CannotTell},
		"we file, nothing there":           {save: "on", want: channels.CannotTell},
		"we file, others there":            {save: "on", sent: []string{sentMail(earlier, true)}, refers: []string{earlier}, want: channels.CannotTell},
		"we file, but it does too":         {save: "on", sent: []string{sentMail(earlier, false)}, want: channels.Absent},
		"it did, and we file now":          {save: "on", sent: []string{sentMail(earlier, false), sentMail(newer, true)}, want: channels.CannotTell},
		"we did, and it files now":         {save: "on", sent: []string{sentMail(earlier, true), sentMail(newer, false)}, want: channels.Absent},
		"both file each mail":              {save: "on", sent: []string{sentMail(newer, false), sentMail(newer, true)}, want: channels.Absent},
		"auto, unknown host":               {save: "auto", want: channels.CannotTell},
		"server files, first mail":         {save: "off", want: channels.Absent},
		"server files, witness":            {save: "off", sent: []string{sentMail(earlier, false)}, refers: []string{earlier}, want: channels.Absent},
		"it was said to file, but did not": {save: "off", refers: []string{earlier}, want: channels.CannotTell},
		"gmail, first mail":                {save: "auto", host: gmail, want: channels.Absent},
		"microsoft, first mail":            {save: "auto", host: microsoft, want: channels.CannotTell},
		"microsoft, witness":               {save: "auto", host: microsoft, sent: []string{sentMail(earlier, false)}, want: channels.Absent},
		"microsoft replaces ids":           {save: "auto", host: microsoft, sent: []string{sentMail("AM0P@prod.outlook.com", false)}, want: channels.CannotTell},
		"the search misses it":             {save: "off", blind: true, sent: []string{sentMail(asked, false)}, want: channels.Landed},
		"the search misses another": {save: "off", blind: true, sent: []string{sentMail(earlier, false)}, refers: []string{earlier},
			want: channels.CannotTell},
		"microsoft tells the id that it replaced": {save: "auto", host: microsoft, sent: []string{
			"X-Microsoft-Original-Message-ID: <" + asked + ">\n" + sentMail("AM0P@prod.outlook.com", false)}, want: channels.Landed},
		// Case 34: a forged token is no witness.
		"forged witness": {save: "auto", host: microsoft, sent: []string{sentMail("c12.m33.00000000@acme.test", false)}, want: channels.CannotTell},
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
				w.put("Sent", raw, time.Time{})
			}
			if tc.blind {
				w.point(oddly(t, w.IMAPAddr(), usual, findsNothing), w.SMTPAddr())
			}
			o := reply()
			o.References = append(o.References, tc.refers...)
			if got := w.reconcile(w.channel(), o); got != tc.want {
				t.Errorf("%v, want %v", got, tc.want)
			}
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
			filed := func(at time.Time) {
				w.put("Sent", sentMail(mailid.Message(testKeys()[0], 12, 33, "acme.test"), false), at)
			}
			asked := func(want channels.Outcome) {
				t.Helper()
				if got := w.reconcile(w.channel(), reply()); got != want {
					t.Errorf("%v, want %v", got, want)
				}
			}
			stop := w.run()
			w.ready()
			stop()
			filed(time.Now().Add(-time.Hour))
			asked(channels.Absent)

			host, _, choosesFolder := strings.Cut(moved, " ")
			w.config[host] = "localhost"
			if choosesFolder {
				w.config["folder"] = "Archive"
			}
			asked(channels.CannotTell) // the mailbox was not read since
			stop = w.run()
			w.journal.wait(t, "the watermark", func() bool { return strings.Contains(string(w.journal.state), `"moved_at"`) })
			stop()
			asked(channels.CannotTell)
			filed(time.Now().Add(time.Minute))
			asked(channels.Absent)
		})
	}
}

// A mail that the server finds and doesn't show is not absent, or it would be sent twice: somebody may mark it as read just then.
func TestReconcileWhileSomebodyReads(t *testing.T) {
	t.Parallel()
	for times, want := range map[int]channels.Outcome{1: channels.Landed, 2: channels.CannotTell} {
		w := newWorld(t)
		w.config["save_sent"] = "off"
		w.put("Sent", sentMail(mailid.Message(testKeys()[0], 12, 34, "acme.test"), false), time.Time{})
		id := w.fault(mailfake.Fault{Op: mailfake.OpFETCH, Action: mailfake.ActionFlagsOnly, Times: times})
		got, _, err := w.channel().Reconcile(within(t, patience), reply())
		w.struck(id, times)
		if got != want || (err != nil) != (want == channels.CannotTell) {
			t.Errorf("%d times: %v, %v, want %v", times, got, err, want)
		}
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
		"the first sending":            {[]time.Duration{-time.Hour}, 0, channels.Landed},
		"only the copy of the first":   {[]time.Duration{-time.Hour}, 1, channels.CannotTell},
		"both copies":                  {[]time.Duration{-time.Hour, time.Second}, 1, channels.Landed},
		"the first was refused":        {[]time.Duration{time.Second}, 1, channels.Landed},
		"the server's clock is behind": {[]time.Duration{-time.Hour, -20 * time.Second}, 1, channels.Landed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.config["save_sent"] = "off"
			for _, after := range tc.filed {
				w.put("Sent", sentMail(asked, false), began.Add(after))
			}
			o := reply()
			o.Attempt = channels.Attempt{Number: 1, Again: tc.again, FirstAt: began}
			if got := w.reconcile(w.channel(), o); got != tc.want {
				t.Errorf("%v, want %v", got, tc.want)
			}
		})
	}
}

// Case 40: a crash between claim, send and receipt, on a server that files what it
// sends: the mail that was taken has landed, the one that was not is absent.
func TestCase40LostAnswer(t *testing.T) {
	t.Parallel()
	for _, action := range []mailfake.Action{mailfake.ActionDropAfter, mailfake.ActionDropBefore} {
		t.Run(string(action), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *mailfake.Options) { o.Mailboxes[0].SaveToSent = true })
			w.config["save_sent"] = "off"
			c := w.channel()
			first := reply()
			first.MessageID = 33
			if _, err := c.Send(within(t, patience), first); err != nil {
				t.Fatal(err)
			}
			w.fault(mailfake.Fault{Op: mailfake.OpDATA, Action: action})
			_, err := c.Send(within(t, patience), reply())
			class(t, err, channels.Ambiguous)
			want := channels.Landed
			if action == mailfake.ActionDropBefore {
				want = channels.Absent
			}
			if got := w.reconcile(c, reply()); got != want {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}

// The answer was lost, and we were to file the copy: nobody can tell.
func TestLostAnswerWithoutCopy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.channel()
	w.fault(mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionDropAfter})
	_, err := c.Send(within(t, patience), reply())
	class(t, err, channels.Ambiguous)
	if got := w.reconcile(c, reply()); got != channels.CannotTell {
		t.Errorf("%v, want CannotTell", got)
	}
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
	if _, err := c.Send(within(t, patience), first); err != nil {
		t.Fatal(err)
	}
	if got := w.reconcile(c, reply()); got != channels.CannotTell {
		t.Errorf("%v, want CannotTell", got)
	}
}

func TestReconcileWithoutMailbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config["save_sent"] = "off"
	if err := w.program("INBOX").Delete("Sent").Wait(); err != nil {
		t.Fatal(err)
	}
	if got := w.reconcile(w.channel(), reply()); got != channels.CannotTell {
		t.Errorf("without a folder: %v", got)
	}
	w = newWorld(t)
	w.fault(mailfake.Fault{Op: mailfake.OpLOGIN, Action: mailfake.ActionReply})
	got, _, err := w.channel().Reconcile(within(t, patience), reply())
	if got != channels.CannotTell || err == nil {
		t.Errorf("%v, %v", got, err)
	}
	w = newWorld(t)
	w.env.Dialer = noDialer{}
	if got, _, err := w.channel().Reconcile(within(t, patience), reply()); got != channels.CannotTell || err == nil {
		t.Errorf("%v, %v", got, err)
	}
}

type noDialer struct{}

func (noDialer) DialContext(context.Context, string, string) (net.Conn, error) {
	return nil, errors.New("no network")
}

//
func TestCheck(t *testing.T) {
	t.Parallel()
	healthy := newWorld(t, func(o *mailfake.Options) { o.TLS = true })
	healthy.config["imap.security"], healthy.config["smtp.security"] = "starttls", "starttls"
	healthy.opts.TLS = trusting(healthy)
	var seen []string
	for _, f := range healthy.channel().Check(within(t, patience)) {
		seen = append(seen, f.What)
		if !f.OK || f.Text == "" || f.Hint != "" {
			t.Errorf("healthy: %+v", f)
		}
	}
	want := "IMAP login, IMAP folder, IMAP IDLE, IMAP UIDPLUS, Sent folder, SMTP login, SMTP sender, SMTP size"
	if got := strings.Join(seen, ", "); got != want {
		t.Errorf("findings %s, want %s", got, want)
	}
	if len(healthy.Submissions()) != 0 || len(healthy.Sent(support)) != 0 {
		t.Error("Check changed something")
	}

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
				w.fault(tc.fault)
			}
			for _, f := range w.channel().Check(within(t, patience)) {
				if f.What == tc.what {
					if f.OK || f.Text == "" || !strings.Contains(f.Hint, tc.hint) {
						t.Errorf("%+v, want a hint with %q", f, tc.hint)
					}
					return
				}
			}
			t.Errorf("no finding %q", tc.what)
		})
	}
}

// Case 33: the server replaces our Message-ID; the anchor still threads the answer.
func TestCase33OverTheWire(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *mailfake.Options) {
		o.Mailboxes[0].RewriteMessageID, o.Mailboxes[0].SaveToSent = true, true
	})
	w.run()
	w.ready()
	c := w.channel()
	if _, err := c.Send(within(t, patience), reply()); err != nil {
		t.Fatal(err)
	}
	ann := w.Customer("Ann Lee <ann@customer.test>")
	in := ann.Inbox()
	if len(in) != 1 || strings.Contains(in[0].MessageID, "c12.m34") {
		t.Fatalf("arrived %+v", in)
	}
	if _, err := ann.Reply(in[0], "Thanks!"); err != nil {
		t.Fatal(err)
	}
	w.journal.wait(t, "the answer", func() bool { return len(w.journal.facts) == 1 })
	got, err := c.Decode(w.journal.read().facts[0].Payload)
	if err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	if got[0].Answers.Conversation != 12 || got[0].Text != "Thanks!" {
		t.Errorf("decoded %+v", got[0])
	}
}
