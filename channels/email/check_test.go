package email

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/email/mailfake"
)

// protocol is one of the two servers of a mailbox.
type protocol struct {
	name    string // as in the names of settings
	label   string // as in findings of Check
	addr    func(w *world) string
	tlsAddr func(w *world) string
}

func imapProtocol() protocol {
	return protocol{
		name:    "imap",
		label:   "IMAP",
		addr:    func(w *world) string { return w.IMAPAddr() },
		tlsAddr: func(w *world) string { return w.IMAPTLSAddr() },
	}
}

func smtpProtocol() protocol {
	return protocol{
		name:    "smtp",
		label:   "SMTP",
		addr:    func(w *world) string { return w.SMTPAddr() },
		tlsAddr: func(w *world) string { return w.SMTPTLSAddr() },
	}
}

// isAbout reports whether a finding is about the protocol's server.
func (p protocol) isAbout(f channels.Finding) bool { return strings.HasPrefix(f.What, p.label) }

// newCheckedWorld makes a world with TLS, in which the two servers have a password each.
func newCheckedWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, func(o *mailfake.Options) { o.TLS = true })
	w.config["smtp.username"] = support
	w.config["smtp.password"] = password
	return w
}

// wantOneFault checks that Check reports exactly one fault: at this server, with this text and hint. It also checks that
// Check has something good to say of the other server.
func (w *world) wantOneFault(faulty, other protocol, text, hint string) {
	w.t.Helper()
	found := w.channel().Check(testContext(w.t))
	var bad []channels.Finding
	for _, f := range found {
		if !f.OK {
			bad = append(bad, f)
		}
	}

	if len(bad) != 1 {
		w.t.Fatalf("bad findings: got %+v, want one", bad)
	}
	if !faulty.isAbout(bad[0]) {
		w.t.Errorf("bad finding: got %+v, want one about %s", bad[0], faulty.label)
	}
	wantContains(w.t, bad[0].What, bad[0].Text, text)
	wantContains(w.t, bad[0].What+": hint", bad[0].Hint, hint)

	isGoodOfOther := func(f channels.Finding) bool { return f.OK && other.isAbout(f) }
	if !slices.ContainsFunc(found, isGoodOfOther) {
		w.t.Errorf("findings: got %+v, want a good one about %s", found, other.label)
	}
}

// Check tests IMAP and SMTP separately. A fault of one is reported with a hint, and the other is tested all the same.
// Requirement R-006: IMAP and SMTP settings, tested before they count.
func TestCheckTellsServersApart(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(w *world, p protocol) // makes something wrong
		text   string
		hint   string
	}{
		{
			name:   "wrong password",
			change: func(w *world, p protocol) { w.config[p.name+".password"] = "other" },
			text:   "refuses the user name or the password",
			hint:   "app password",
		},
		{
			name:   "nobody listens",
			change: func(w *world, p protocol) { w.config[p.name+".port"] = "1" },
			text:   "No connection to 127.0.0.1:1",
			hint:   "port",
		},
		{
			name:   "unknown name",
			change: func(w *world, p protocol) { w.config[p.name+".host"] = "mail.invalid" },
			text:   "mail.invalid can't be found",
			hint:   "server's name",
		},
		{
			name:   "TLS at a plain port",
			change: func(w *world, p protocol) { w.config[p.name+".security"] = "tls" },
			text:   "does not speak TLS",
			hint:   "993",
		},
		{
			name:   "untrusted certificate",
			change: func(w *world, p protocol) { w.config[p.name+".security"] = "starttls" },
			text:   "signed by nobody known",
			hint:   "authority",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name+"/imap", func(t *testing.T) {
			t.Parallel()
			w := newCheckedWorld(t)
			tt.change(w, imapProtocol())
			w.wantOneFault(imapProtocol(), smtpProtocol(), tt.text, tt.hint)
		})
		t.Run(tt.name+"/smtp", func(t *testing.T) {
			t.Parallel()
			w := newCheckedWorld(t)
			tt.change(w, smtpProtocol())
			w.wantOneFault(smtpProtocol(), imapProtocol(), tt.text, tt.hint)
		})
	}
}

// STARTTLS at a port of TLS is reported for IMAP only. An SMTP client waits for the greeting there, as it does with a
// slow server.
// Requirement R-006: IMAP and SMTP settings, tested before they count.
func TestCheckFindsSTARTTLSAtATLSPort(t *testing.T) {
	t.Parallel()
	w := newCheckedWorld(t)
	p := imapProtocol()
	_, w.config["imap.port"], _ = strings.Cut(p.tlsAddr(w), ":")
	w.config["imap.security"] = "starttls"
	w.opts.Timing.Dial = 10 * time.Second // enough for the other server on a slow machine; the test waits that long
	const anyText = ""
	w.wantOneFault(p, smtpProtocol(), anyText, "port and security")
}

// A certificate for another name is reported. The test doesn't look at the findings about the other server, since all
// connections are led to one server.
// Requirement R-006: IMAP and SMTP settings, tested before they count.
func TestCheckFindsCertificateOfAnotherName(t *testing.T) {
	t.Parallel()
	for _, p := range []protocol{imapProtocol(), smtpProtocol()} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			w := newCheckedWorld(t)
			w.config[p.name+".security"] = "starttls"
			w.config[p.name+".host"] = "localhost.localdomain"
			w.env.Dialer = redirect(p.addr(w))
			w.opts.TLS = trusting(w)

			bad := 0
			for _, f := range w.channel().Check(testContext(t)) {
				if f.OK || !p.isAbout(f) {
					continue
				}
				bad++
				wantContains(t, f.What, f.Text, "belongs to another name")
				wantContains(t, f.What+": hint", f.Hint, "certificate")
			}
			wantEqual(t, "bad findings about "+p.label, bad, 1)
		})
	}
}

// Providers that take no passwords, or only app passwords, explain a refused login badly. Parley's hint says how to sign
// in there.
func TestPasswordHints(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		imapHost string
		smtpHost string
		hint     string
	}{
		{name: "Microsoft 365", imapHost: "outlook.office365.com", smtpHost: "smtp.office365.com", hint: "Sign in with Microsoft"},
		{name: "Gmail", imapHost: "imap.gmail.com", smtpHost: "smtp.gmail.com", hint: "app passwords only"},
	}
	for _, tt := range tests {
		for _, p := range []protocol{imapProtocol(), smtpProtocol()} {
			t.Run(tt.name+"/"+p.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.config["imap.password"] = "other"
				w.config["imap.host"] = tt.imapHost
				w.config["smtp.host"] = tt.smtpHost
				w.env.Dialer = redirect(p.addr(w))

				found := w.finding(p.label + " login")
				wantEqual(t, found.What+" is good", found.OK, false)
				wantContains(t, found.What+": hint", found.Hint, tt.hint)
			})
		}
	}
}

// Check tests all that a healthy mailbox needs, and changes nothing.
// Requirement R-006: IMAP and SMTP settings, tested before they count.
func TestCheck(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *mailfake.Options) { o.TLS = true })
	w.config["imap.security"] = "starttls"
	w.config["smtp.security"] = "starttls"
	w.opts.TLS = trusting(w)

	var got []string
	for _, f := range w.channel().Check(testContext(t)) {
		got = append(got, f.What)
		if !f.OK {
			t.Errorf("finding %+v is bad, want it good", f)
		}
		if f.Text == "" {
			t.Errorf("finding %+v has no text", f)
		}
		if f.Hint != "" {
			t.Errorf("finding %+v has a hint, want none for what is good", f)
		}
	}

	want := []string{
		"IMAP login",
		"IMAP folder",
		"IMAP IDLE",
		"IMAP UIDPLUS",
		"Sent folder",
		"SMTP login",
		"SMTP sender",
		"SMTP size",
	}
	if !slices.Equal(got, want) {
		t.Errorf("findings: got %q, want %q", got, want)
	}
	wantEqual(t, "mails that left", len(w.Submissions()), 0)
	wantEqual(t, "mails in Sent", len(w.Sent(support)), 0)
}

// finding returns what Check says of one thing. It must say something of it, once.
func (w *world) finding(what string) channels.Finding {
	w.t.Helper()
	var found []channels.Finding
	for _, f := range w.channel().Check(testContext(w.t)) {
		if f.What == what {
			found = append(found, f)
		}
	}
	if len(found) != 1 {
		w.t.Fatalf("findings of %q: got %+v, want one", what, found)
	}
	return found[0]
}

// Each fault is reported under the name of what failed, with a hint.
// Requirement R-006: IMAP and SMTP settings, tested before they count.
func TestCheckFindsFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(w *world)
		what   string
		hint   string
	}{
		{
			name:   "IMAP password",
			change: func(w *world) { w.setPassword("changed") },
			what:   "IMAP login",
			hint:   "app password",
		},
		{
			name:   "SMTP password",
			change: func(w *world) { w.addFault(smtpReply(mailfake.OpAUTH, 535, "5.7.8")) },
			what:   "SMTP login",
			hint:   "app password",
		},
		{
			name: "SMTP switched off",
			change: func(w *world) {
				w.addFault(smtpReplyText(mailfake.OpAUTH, 535, "5.7.139", "basic authentication is disabled"))
			},
			what: "SMTP login",
			hint: "Microsoft 365",
		},
		{
			name:   "refused sender",
			change: func(w *world) { w.addFault(smtpReply(mailfake.OpMAIL, 550, "5.7.60")) },
			what:   "SMTP sender",
			hint:   "administrator",
		},
		{
			name:   "unknown folder",
			change: func(w *world) { w.config["folder"] = "Nope" },
			what:   "IMAP folder",
			hint:   "INBOX",
		},
		{
			name:   "server without STARTTLS",
			change: func(w *world) { w.config["smtp.security"] = "starttls" },
			what:   "SMTP login",
			hint:   "no STARTTLS",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tt.change(w)
			found := w.finding(tt.what)
			wantEqual(t, found.What+" is good", found.OK, false)

			if found.Text == "" {
				t.Errorf("finding %+v has no text", found)
			}
			wantContains(t, found.What+": hint", found.Hint, tt.hint)
		})
	}
}
