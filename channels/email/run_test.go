package email

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/email/inbound"
	"parley/channels/email/mailfake"
)

// addIdleFault arms a fault that strikes each IDLE, so that waitFault tells when one has begun.
func (w *world) addIdleFault(change mailfake.Fault) string {
	w.t.Helper()
	change.Op, change.Times = mailfake.OpIDLE, mailfake.Forever
	return w.addFault(change)
}

// A mail that IDLE announces is fetched.
//
func TestIdleAnnounces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	idle := w.addIdleFault(mailfake.Fault{Action: mailfake.ActionExists, Count: 300}) // a burst must not block the reader
	w.run()
	w.waitFault(idle, 1)
	w.deliver("one")
	w.wantStored("one")
}

// A server that forgets to announce, and one without IDLE: the poll finds the mail.
func TestPolling(t *testing.T) {
	t.Parallel()
	tests := map[string]mailfake.Fault{
		"silent idle":  {Op: mailfake.OpIDLE, Action: mailfake.ActionSilent},
		"no idle":      {Op: mailfake.OpLOGIN, Action: mailfake.ActionHideIdle},
		"refused idle": {Op: mailfake.OpIDLE, Action: mailfake.ActionReply},
	}
	for name, fault := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			fault.Times = mailfake.Forever
			w.addFault(fault)
			if name == "no idle" {
				w.addFault(mailfake.Fault{Op: mailfake.OpIMAPConnect, Action: mailfake.ActionHideIdle, Times: mailfake.Forever})
			}
			w.opts.Timing.Poll, w.opts.Timing.PollBlind = 10*time.Millisecond, 10*time.Millisecond
			w.watch()
			w.deliver("one")
			w.wantStored("one")
			wantEqual(t, "conditions: active once, since one connection serves all polls", len(w.journal.read().conditions), 1)
		})
	}
}

// A connection that is lost comes back, and nobody is told.
func TestReconnects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	idle := w.addIdleFault(mailfake.Fault{Action: mailfake.ActionExists})
	w.run()
	w.waitFault(idle, 1)
	for i := range 3 {
		w.Disconnect(support)
		w.waitFault(idle, i+2)
	}
	w.deliver("one")
	w.wantStored("one")
	w.wantOnlyActive()
}

// wantOnlyActive checks that the channel has reported nothing but that it works.
func (w *world) wantOnlyActive() {
	w.t.Helper()
	for _, c := range w.journal.read().conditions {
		if c.Status != channels.Active {
			w.t.Errorf("the channel reported %+v, want active alone", c)
		}
	}
}

// A server that stops answering: the watchdog closes the connection and Run goes on.
func TestStall(t *testing.T) {
	t.Parallel()
	for _, op := range []mailfake.Op{mailfake.OpLOGIN, mailfake.OpSELECT, mailfake.OpSEARCH, mailfake.OpFETCH, mailfake.OpIDLE} {
		t.Run(string(op), func(t *testing.T) {
			t.Parallel()
			w := newWatchedWorld(t)
			w.deliver("one")
			w.opts.Timing.Dial, w.opts.Timing.Command = time.Second, time.Second
			w.addFault(mailfake.Fault{Op: op, Action: mailfake.ActionDelay})
			idle := ""
			if op == mailfake.OpIDLE { // nobody can tell that IDLE is dead, until it is asked to end
				w.opts.Timing.Poll = 10 * time.Millisecond
				idle = w.addIdleFault(mailfake.Fault{Action: mailfake.ActionExists})
			}
			w.run()
			w.wantStored("one")
			if idle != "" {
				w.waitFault(idle, 2) // the second connection
			}
		})
	}
}

// A server that stops in the middle of a mail: half a mail is never taken for whole.
func TestStallInsideAMail(t *testing.T) {
	t.Parallel()
	for _, action := range []mailfake.Action{mailfake.ActionFreeze, mailfake.ActionCut} {
		t.Run(string(action), func(t *testing.T) {
			t.Parallel()
			w := newWatchedWorld(t)
			w.deliver("one")
			w.deliver("two")
			w.opts.Timing.Command = 2 * time.Second
			w.addFault(mailfake.Fault{Op: mailfake.OpFETCH, Action: action, Nth: 2, Times: 2})
			w.run()
			w.wantStored("one", "two")
			for _, f := range w.journal.read().facts {
				head, raw := inbound.SplitPayload(f.Payload)
				wantEqual(t, "bytes of the mail", int64(len(raw)), head.SizeBytes)
				wantEqual(t, "it is truncated", head.Truncated, false)
			}
		})
	}
}

// A watermark of a newer version is left alone, and somebody is told.
func TestStrangeWatermark(t *testing.T) {
	t.Parallel()
	for _, state := range []string{`{"v":2,"folder":"INBOX"}`, `{"v":`} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.journal.state = []byte(state)
			stop := w.run()
			if got := w.waitCondition(channels.Broken); got.Hint == "" {
				t.Errorf("the condition %+v has no hint", got)
			}
			stop()
			wantEqual(t, "watermark", string(w.journal.read().state), state)
		})
	}
}

// Another folder begins with its new mail.
func TestFolderChanges(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.appendMail("Archive", "Message-ID: <a@x>\nSubject: old\n\nx\n", time.Time{})
	w.config["folder"] = "Archive"
	w.run()
	w.journal.wait(t, "a watermark of the folder", func() bool { return strings.Contains(string(w.journal.state), `"folder":"Archive"`) })
	w.appendMail("Archive", "Message-ID: <b@x>\nSubject: new\n\nx\n", time.Time{})
	w.wantStored("new")
}

// Stopping does not wait for a server that stays silent.
func TestStopsAtOnce(t *testing.T) {
	t.Parallel()
	for _, op := range []mailfake.Op{mailfake.OpLOGIN, mailfake.OpSEARCH, mailfake.OpIDLE} {
		t.Run(string(op), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.opts.Timing.Dial, w.opts.Timing.Command = time.Hour, time.Hour
			id := w.addFault(mailfake.Fault{Op: op, Action: mailfake.ActionDelay, Times: mailfake.Forever})
			stop := w.run()
			w.waitFault(id, 1)
			stop() // fails after patience
		})
	}
}

// A password that was changed breaks the account until it is set back; what came meanwhile is fetched.
func TestRefusedLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	setPassword := func(p string) {
		if err := w.SetMailbox(support, func(m *mailfake.MailboxConfig) { m.Password = p }); err != nil {
			t.Fatal(err)
		}
	}
	w.lookOnce()
	setPassword("changed")
	w.deliver("one")
	w.run()
	got := w.waitCondition(channels.Broken)
	wantText(t, "condition", got.Text, "refuses the user name or the password")
	if got.Hint == "" {
		t.Errorf("the condition %+v has no hint", got)
	}
	setPassword("secret")
	w.ready()
	w.wantStored("one")
}

// A login refused because of too many connections is no wrong password.
func TestBusyServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addFault(mailfake.Fault{Op: mailfake.OpLOGIN, Action: mailfake.ActionReply, Enhanced: "UNAVAILABLE", Text: "Too many simultaneous connections", Times: 2})
	w.watch()
	w.wantOnlyActive()
}

// nobody is an address at which nobody listens: a free port may be somebody's a moment later.
const nobody = "127.0.0.1:1"

// What keeps a mailbox from being read is told with what to do.
func TestBrokenConditions(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		needsTLS   bool // the server has to speak it
		change     func(w *world)
		text, hint string // words of each
	}{
		"nothing listens": {change: func(w *world) { w.pointTo(nobody, w.SMTPAddr()) }, text: "No connection to 127.0.0.1", hint: "firewall"},
		"unknown name":    {change: func(w *world) { w.config["imap.host"] = "imap.invalid" }, text: "imap.invalid can't be found", hint: "server's name"},
		"no such folder":  {change: func(w *world) { w.config["folder"] = "Helpdesk" }, text: `"Helpdesk" can't be opened`, hint: "INBOX"},
		"untrusted certificate": {needsTLS: true, change: func(w *world) {
			w.pointTo(w.IMAPTLSAddr(), w.SMTPAddr())
			w.config["imap.security"] = "tls"
		}, text: "signed by nobody known", hint: "authority"},
		"wrong name": {needsTLS: true, change: func(w *world) {
			w.env.Dialer = redirect(w.IMAPTLSAddr())
			w.config["imap.security"], w.config["imap.host"] = "tls", "imap.other.test"
			w.opts.TLS = trusting(w)
		}, text: "belongs to another name", hint: "certificate"},
		"plain port, tls": {change: func(w *world) { w.config["imap.security"] = "tls" }, text: "does not speak TLS", hint: "993"},
		"no starttls":     {change: func(w *world) { w.config["imap.security"] = "starttls" }, text: "No protected connection", hint: "starttls"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *mailfake.Options) { o.TLS = tc.needsTLS })
			tc.change(w)
			w.run()
			got := w.waitCondition(channels.Broken)
			wantText(t, "condition", got.Text, tc.text)
			wantText(t, "hint", got.Hint, tc.hint)
		})
	}
}

// redirect dials one address, whatever is asked for.
type redirect string

func (r redirect) DialContext(ctx context.Context, network, _ string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, string(r))
}

// trusting makes a TLS configuration that trusts the emulator.
func trusting(w *world) *tls.Config {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(w.CertPEM()) {
		w.t.Fatal("no certificate")
	}
	return &tls.Config{RootCAs: pool}
}

// Mail is read and sent under TLS, in both of its forms.
func TestProtectedConnections(t *testing.T) {
	t.Parallel()
	for _, security := range []string{"tls", "starttls"} {
		t.Run(security, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *mailfake.Options) { o.TLS = true })
			w.config["imap.security"], w.config["smtp.security"] = security, security
			w.opts.TLS = trusting(w)
			if security == "tls" {
				w.pointTo(w.IMAPTLSAddr(), w.SMTPTLSAddr())
			}
			w.watch()
			w.deliver("one")
			w.wantStored("one")
			if _, err := w.channel().Send(testContext(t), reply()); err != nil {
				t.Fatal(err)
			}
			wantEqual(t, "mails that the customer got", len(w.Inbox("ann@customer.test")), 1)
		})
	}
}
