package email

import (
	"slices"
	"strings"
	"testing"

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

// isAbout reports whether a finding is about the protocol's server.
func (p protocol) isAbout(f channels.Finding) bool { return strings.HasPrefix(f.What, p.label) }

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
