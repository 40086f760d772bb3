package email

import (
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/email/mailfake"
)

// IMAP and SMTP are tested apart. What is wrong with one says what to do, and the other is tested all the same.
func TestCheckTellsServersApart(t *testing.T) {
	t.Parallel()
	type side struct{ name, other string }
	imap, smtp := side{"imap", "SMTP"}, side{"smtp", "IMAP"}
	for name, c := range map[string]struct {
		change     func(w *world, side string)
		text, hint string
		imapOnly   bool // an SMTP client waits for the greeting as long as for a slow server
		redirected bool // every connection reaches one server, so that the other can't be judged
	}{
		"wrong password":  {change: func(w *world, side string) { w.config[side+".password"] = "other" }, text: "refuses the user name or the password", hint: "app password"},
		"nobody listens":  {change: func(w *world, side string) { w.config[side+".port"] = "1" }, text: "No connection to 127.0.0.1:1", hint: "port"},
		"unknown name":    {change: func(w *world, side string) { w.config[side+".host"] = "mail.invalid" }, text: "mail.invalid can't be found", hint: "server's name"},
		"tls, plain port": {change: func(w *world, side string) { w.config[side+".security"] = "tls" }, text: "does not speak TLS", hint: "993"},
		"starttls, port of tls": {change: func(w *world, side string) {
			at := map[string]string{"imap": w.IMAPTLSAddr(), "smtp": w.SMTPTLSAddr()}[side]
			_, w.config[side+".port"], _ = strings.Cut(at, ":")
			w.config[side+".security"] = "starttls"
			w.opts.Timing.Dial = time.Second
		}, hint: "port and security", imapOnly: true},
		"strange certificate": {change: func(w *world, side string) { w.config[side+".security"] = "starttls" }, text: "signed by nobody known", hint: "authority"},
		"certificate of another name": {change: func(w *world, side string) {
			w.config[side+".security"], w.config[side+".host"] = "starttls", "localhost.localdomain"
			w.env.Dialer = redirect(map[string]string{"imap": w.IMAPAddr(), "smtp": w.SMTPAddr()}[side])
			w.opts.TLS = trusting(w)
		}, text: "belongs to another name", hint: "certificate", redirected: true},
	} {
		for _, s := range []side{imap, smtp} {
			if c.imapOnly && s == smtp {
				continue
			}
			t.Run(name+" "+s.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, func(o *mailfake.Options) { o.TLS = true })
				w.config["smtp.username"], w.config["smtp.password"] = support, "secret"
				c.change(w, s.name)
				var bad []channels.Finding
				others := 0
				for _, f := range w.channel().Check(testContext(t)) {
					if !f.OK {
						bad = append(bad, f)
					}
					if f.OK && strings.HasPrefix(f.What, s.other) {
						others++
					}
				}
				if !c.redirected && (len(bad) != 1 || others == 0) {
					t.Fatalf("got %d good findings of %s and the bad ones %+v, want some and one", others, s.other, bad)
				}
				for _, f := range bad {
					if strings.HasPrefix(f.What, strings.ToUpper(s.name)) {
						wantText(t, f.What, f.Text, c.text)
						wantText(t, f.What+": hint", f.Hint, c.hint)
					}
				}
			})
		}
	}
}

// Providers that take no passwords, or only some, say so in words that help nobody.
func TestPasswordHints(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ imap, smtp, hint string }{
		{imap: "outlook.office365.com", smtp: "smtp.office365.com", hint: "Sign in with Microsoft"},
		{imap: "imap.gmail.com", smtp: "smtp.gmail.com", hint: "app passwords only"},
	} {
		w := newWorld(t)
		w.config["imap.password"] = "other"
		w.config["imap.host"], w.config["smtp.host"] = c.imap, c.smtp
		for _, side := range []string{"imap", "smtp"} {
			w.env.Dialer = redirect(map[string]string{"imap": w.IMAPAddr(), "smtp": w.SMTPAddr()}[side])
			logins := 0
			for _, f := range w.channel().Check(testContext(t)) {
				if strings.ToLower(f.What) == side+" login" {
					logins++
					wantEqual(t, f.What+" is good", f.OK, false)
					wantText(t, f.What+": hint", f.Hint, c.hint)
				}
			}
			wantEqual(t, "findings about the login by "+side, logins, 1)
		}
	}
}
