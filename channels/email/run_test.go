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

// idling waits until n IDLE commands have begun since the test armed the returned fault.
func (w *world) idling(change mailfake.Fault) string {
	w.t.Helper()
	change.Op, change.Times = mailfake.OpIDLE, mailfake.Forever
	return w.fault(change)
}

//
func TestIdleAnnounces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	idle := w.idling(mailfake.Fault{Action: mailfake.ActionExists, Count: 300}) // a burst must not block the reader
	w.run()
	w.struck(idle, 1)
	w.mail("one")
	w.arrives("one")
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
			w.fault(fault)
			if name == "no idle" {
				w.fault(mailfake.Fault{Op: mailfake.OpIMAPConnect, Action: mailfake.ActionHideIdle, Times: mailfake.Forever})
			}
			w.opts.Timing.Poll, w.opts.Timing.PollBlind = 10*time.Millisecond, 10*time.Millisecond
			w.run()
			w.ready()
			w.mail("one")
			w.arrives("one")
			if len(w.journal.read().conditions) != 1 {
				t.Errorf("conditions %v, want active once: one connection serves all polls", w.journal.read().conditions)
			}
		})
	}
}

func TestReconnects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	idle := w.idling(mailfake.Fault{Action: mailfake.ActionExists})
	w.run()
	w.struck(idle, 1)
	for i := range 3 {
		w.Disconnect(support)
		w.struck(idle, i+2)
	}
	w.mail("one")
	w.arrives("one")
	for _, c := range w.journal.read().conditions {
		if c.Status != channels.Active {
			t.Errorf("a lost connection that came back was reported: %+v", c)
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
			w.mail("one")
			w.opts.Timing.Dial, w.opts.Timing.Command = time.Second, time.Second
			w.fault(mailfake.Fault{Op: op, Action: mailfake.ActionDelay})
			idle := ""
			if op == mailfake.OpIDLE { // nobody can tell that IDLE is dead, until it is asked to end
				w.opts.Timing.Poll = 10 * time.Millisecond
				idle = w.idling(mailfake.Fault{Action: mailfake.ActionExists})
			}
			w.run()
			w.arrives("one")
			if idle != "" {
				w.struck(idle, 2) // the second connection
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
			w.mail("one")
			w.mail("two")
			w.opts.Timing.Command = 2 * time.Second
			w.fault(mailfake.Fault{Op: mailfake.OpFETCH, Action: action, Nth: 2, Times: 2})
			w.run()
			w.arrives("one", "two")
			for _, f := range w.journal.read().facts {
				if head, raw := inbound.SplitPayload(f.Payload); head.SizeBytes != int64(len(raw)) || head.Truncated {
					t.Errorf("%+v with %d bytes", head, len(raw))
				}
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
			if got := w.condition(channels.Broken); got.Hint == "" {
				t.Errorf("%+v", got)
			}
			stop()
			if string(w.journal.read().state) != state {
				t.Errorf("state became %s", w.journal.read().state)
			}
		})
	}
}

// Another folder begins with its new mail.
func TestFolderChanges(t *testing.T) {
	t.Parallel()
	w := newWatchedWorld(t)
	w.put("Archive", "Message-ID: <a@x>\nSubject: old\n\nx\n", time.Time{})
	w.config["folder"] = "Archive"
	w.run()
	w.journal.wait(t, "a watermark of the folder", func() bool { return strings.Contains(string(w.journal.state), `"folder":"Archive"`) })
	w.put("Archive", "Message-ID: <b@x>\nSubject: new\n\nx\n", time.Time{})
	w.arrives("new")
}

// Stopping does not wait for a server that stays silent.
func TestStopsAtOnce(t *testing.T) {
	t.Parallel()
	for _, op := range []mailfake.Op{mailfake.OpLOGIN, mailfake.OpSEARCH, mailfake.OpIDLE} {
		t.Run(string(op), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.opts.Timing.Dial, w.opts.Timing.Command = time.Hour, time.Hour
			id := w.fault(mailfake.Fault{Op: op, Action: mailfake.ActionDelay, Times: mailfake.Forever})
			stop := w.run()
			w.struck(id, 1)
			stop() // fails after patience
		})
	}
}

func TestRefusedLogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	password := func(p string) {
		if err := w.SetMailbox(support, func(m *mailfake.MailboxConfig) { m.Password = p }); err != nil {
			t.Fatal(err)
		}
	}
	stop := w.run()
	w.ready()
	stop()
	password("changed")
	w.mail("one")
	w.run()
	got := w.condition(channels.Broken)
	if !strings.Contains(got.Text, "refuses the user name or the password") || got.Hint == "" {
		t.Errorf("condition %+v", got)
	}
	password("secret")
	w.ready()
	w.arrives("one")
}

// A login refused because of too many connections is no wrong password.
func TestBusyServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fault(mailfake.Fault{Op: mailfake.OpLOGIN, Action: mailfake.ActionReply, Enhanced: "UNAVAILABLE", Text: "Too many simultaneous connections", Times: 2})
	w.run()
	w.ready()
	if n := len(w.journal.read().conditions); n != 1 {
		t.Errorf("conditions %+v, want active only", w.journal.read().conditions)
	}
}

// nobody is an address at which nobody listens: a free port may be somebody's a moment later.
const nobody = "127.0.0.1:1"

func TestBrokenConditions(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(w *world)
		text   string
		hint   string
	}{
		"nothing listens": {func(w *world) { w.point(nobody, w.SMTPAddr()) }, "No connection to 127.0.0.1", "firewall"},
		"unknown name":    {func(w *world) { w.config["imap.host"] = "imap.invalid" }, "imap.invalid can't be found", "server's name"},
		"no such folder":  {func(w *world) { w.config["folder"] = "Helpdesk" }, `"Helpdesk" can't be opened`, "INBOX"},
		"untrusted certificate": {func(w *world) {
			w.point(w.IMAPTLSAddr(), w.SMTPAddr())
			w.config["imap.security"] = "tls"
		}, "signed by nobody known", "authority"},
		"wrong name": {func(w *world) {
			w.env.Dialer = redirect(w.IMAPTLSAddr())
			w.config["imap.security"], w.config["imap.host"] = "tls", "imap.other.test"
			w.opts.TLS = trusting(w)
		}, "belongs to another name", "certificate"},
		"plain port, tls": {func(w *world) { w.config["imap.security"] = "tls" }, "does not speak TLS", "993"},
		"no starttls":     {func(w *world) { w.config["imap.security"] = "starttls" }, "No protected connection", "starttls"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			needsTLS := strings.Contains(name, "certificate") || name == "wrong name"
			w := newWorld(t, func(o *mailfake.Options) { o.TLS = needsTLS })
			tc.change(w)
			w.run()
			got := w.condition(channels.Broken)
			if !strings.Contains(got.Text, tc.text) || !strings.Contains(got.Hint, tc.hint) {
				t.Errorf("condition %q, %q", got.Text, got.Hint)
			}
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

func TestProtectedConnections(t *testing.T) {
	t.Parallel()
	for _, security := range []string{"tls", "starttls"} {
		t.Run(security, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *mailfake.Options) { o.TLS = true })
			w.config["imap.security"], w.config["smtp.security"] = security, security
			w.opts.TLS = trusting(w)
			if security == "tls" {
				w.point(w.IMAPTLSAddr(), w.SMTPTLSAddr())
			}
			w.run()
			w.ready()
			w.mail("one")
			w.arrives("one")
			if _, err := w.channel().Send(within(t, patience), reply()); err != nil {
				t.Fatal(err)
			}
			if got := w.Inbox("ann@customer.test"); len(got) != 1 {
				t.Errorf("%d mails arrived, want 1", len(got))
			}
		})
	}
}
