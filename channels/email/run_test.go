package email

import (
	"crypto/tls"
	"crypto/x509"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/email/mailfake"
	"parley/channels/email/message"
)

// A mail that IDLE announces is fetched.
// Requirement R-051: Both ways at once.
func TestIdleAnnounces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	idle := w.addIdleFault(mailfake.Fault{Action: mailfake.ActionExists, Count: 300}) // a burst must not block the reader
	w.start()
	w.waitFault(idle, 1)
	w.deliver("one")
	w.waitStored("one")
}

// If a server doesn't announce mail, or can't, Parley finds new mail by polling. All polls use one connection.
func TestPolling(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		faults []mailfake.Fault
	}{
		{name: "IDLE announces nothing", faults: []mailfake.Fault{{Op: mailfake.OpIDLE, Action: mailfake.ActionSilent}}},
		{name: "IDLE is refused", faults: []mailfake.Fault{{Op: mailfake.OpIDLE, Action: mailfake.ActionReply}}},
		{
			name: "no IDLE, neither before the login nor after it",
			faults: []mailfake.Fault{
				{Op: mailfake.OpIMAPConnect, Action: mailfake.ActionHideIdle},
				{Op: mailfake.OpLOGIN, Action: mailfake.ActionHideIdle},
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for _, f := range tt.faults {
				f.Times = mailfake.Forever
				w.addFault(f)
			}
			w.opts.Timing.Poll = 10 * time.Millisecond
			w.opts.Timing.PollBlind = 10 * time.Millisecond
			w.startAndWaitActive()
			w.deliver("one")
			w.waitStored("one")
			wantEqual(t, "reports: active once", len(w.journal.snapshot().conditions), 1)
		})
	}
}

// Parley connects again after it lost the connection, and doesn't report that.
func TestReconnects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	idle := w.addIdleFault(mailfake.Fault{Action: mailfake.ActionExists})
	w.start()
	const losses = 3
	for connection := 1; connection <= losses; connection++ {
		w.waitFault(idle, connection)
		w.Disconnect(support)
	}
	w.waitFault(idle, losses+1)
	w.deliver("one")
	w.waitStored("one")
	w.wantOnlyActive()
}

// When a server stops answering a command, the connection is closed and Run goes on with another one.
func TestServerThatStopsAnswering(t *testing.T) {
	t.Parallel()
	for _, op := range []mailfake.Op{mailfake.OpLOGIN, mailfake.OpSELECT, mailfake.OpSEARCH, mailfake.OpFETCH} {
		t.Run(string(op), func(t *testing.T) {
			t.Parallel()
			w := newWatchedWorld(t)
			w.deliver("one")
			w.opts.Timing.Dial = time.Second
			w.opts.Timing.Command = time.Second
			w.addFault(mailfake.Fault{Op: op, Action: mailfake.ActionDelay})
			w.start()
			w.waitStored("one")
		})
	}
}

// If a server stops or hangs up in the middle of a mail, Parley never stores half of it.
func TestServerThatStopsInsideAMail(t *testing.T) {
	t.Parallel()
	for _, action := range []mailfake.Action{mailfake.ActionFreeze, mailfake.ActionCut} {
		t.Run(string(action), func(t *testing.T) {
			t.Parallel()
			w := newWatchedWorld(t)
			w.deliver("one", "two")
			w.opts.Timing.Command = 2 * time.Second
			w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: action, Nth: 2, Times: 2}) // the FETCH of the bodies, and again
			w.start()
			w.waitStored("one", "two")
			for _, f := range w.journal.snapshot().facts {
				head, raw := message.SplitPayload(f.Payload)
				wantEqual(t, subjectOf(f)+": bytes", int64(len(raw)), head.SizeBytes)
				wantEqual(t, subjectOf(f)+" is truncated", head.Truncated, false)
			}
		})
	}
}

func (w *world) setPassword(p string) {
	w.t.Helper()
	noError(w.t, w.SetMailbox(support, func(m *mailfake.MailboxConfig) { m.Password = p }))
}

// If the password no longer fits, the account counts as broken until it does. Mails that came meanwhile are fetched then.
func TestRefusedLogin(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.setPassword("changed")
	w.deliver("one")
	w.start()
	got := w.waitCondition(channels.Broken)
	wantContains(t, "condition", got.Text, "refuses the user name or the password")
	if got.Hint == "" {
		t.Errorf("condition: got %+v, want one with a hint", got)
	}

	w.setPassword(password)
	w.waitActive()
	w.waitStored("one")
}

// wantBroken starts the channel and checks that it reports the mailbox as broken, with this text and this hint.
func (w *world) wantBroken(text, hint string) {
	w.t.Helper()
	w.start()
	got := w.waitCondition(channels.Broken)
	wantContains(w.t, "condition", got.Text, text)
	wantContains(w.t, "hint", got.Hint, hint)
}

// Parley reports the reason why a mailbox can't be read, with a hint.
func TestBrokenConditions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(w *world)
		text   string
		hint   string
	}{
		{
			name:   "nobody listens",
			change: func(w *world) { w.pointTo(closedAddress, w.SMTPAddr()) },
			text:   "No connection to 127.0.0.1",
			hint:   "firewall",
		},
		{
			name:   "unknown name",
			change: func(w *world) { w.config["imap.host"] = "imap.invalid" },
			text:   "imap.invalid can't be found",
			hint:   "server's name",
		},
		{
			name:   "unknown folder",
			change: func(w *world) { w.config["folder"] = "Helpdesk" },
			text:   `"Helpdesk" can't be opened`,
			hint:   "INBOX",
		},
		{
			name:   "TLS at a plain port",
			change: func(w *world) { w.config["imap.security"] = "tls" },
			text:   "does not speak TLS",
			hint:   "993",
		},
		{
			name:   "server without STARTTLS",
			change: func(w *world) { w.config["imap.security"] = "starttls" },
			text:   "No protected connection",
			hint:   "starttls",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tt.change(w)
			w.wantBroken(tt.text, tt.hint)
		})
	}
}

// trusting makes a TLS configuration that trusts the emulator.
func trusting(w *world) *tls.Config {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(w.CertPEM()) {
		w.t.Fatal("no certificate")
	}
	return &tls.Config{RootCAs: pool}
}

// wantReadAndAnswered checks that a mail is read, and that an answer gets to the customer.
func (w *world) wantReadAndAnswered() {
	w.t.Helper()
	w.startAndWaitActive()
	w.deliver("one")
	w.waitStored("one")
	w.send()
	wantEqual(w.t, "mails that the customer got", len(w.Inbox(customer)), 1)
}

func TestMailUnderSTARTTLS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *mailfake.Options) { o.TLS = true })
	w.opts.TLS = trusting(w)
	w.config["imap.security"] = "starttls"
	w.config["smtp.security"] = "starttls"
	w.wantReadAndAnswered()
}
