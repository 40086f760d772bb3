package email

import (
	"testing"

	"parley/channels"
	"parley/channels/email/mailfake"
)

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
