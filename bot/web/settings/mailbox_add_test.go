package settings

import (
	"strings"
	"testing"
)

// If the server for sending is left out, it is the one for fetching. Its lack of security is taken over only if it is the
// same server, so that no password goes unencrypted to another one.
func TestCompleteServers(t *testing.T) {
	t.Parallel()
	type server struct{ host, port, security string }
	for _, tt := range []struct {
		name     string
		imap     server
		smtp     server
		wantSMTP server
	}{
		{name: "nobody spoke of security", imap: server{host: "a", port: "993"}, smtp: server{port: "587"}, wantSMTP: server{host: "a", port: "587"}},
		{name: "the same server without security", imap: server{host: "a", port: "1143", security: "none"}, smtp: server{port: "1025"},
			wantSMTP: server{host: "a", port: "1025", security: "none"}},
		{name: "its usual port, which has security", imap: server{host: "a", port: "1143", security: "none"}, smtp: server{port: "587"},
			wantSMTP: server{host: "a", port: "587"}},
		{name: "the same server in capital letters", imap: server{host: "a", port: "1143", security: "none"},
			smtp:     server{host: "A", port: "1025"},
			wantSMTP: server{host: "A", port: "1025", security: "none"}},
		{name: "another server", imap: server{host: "a", port: "1143", security: "none"}, smtp: server{host: "b", port: "1025"},
			wantSMTP: server{host: "b", port: "1025"}},
		{name: "both were said", imap: server{host: "a", port: "993", security: "tls"}, smtp: server{host: "b", port: "25", security: "none"},
			wantSMTP: server{host: "b", port: "25", security: "none"}},
	} {
		form := map[string][]string{}
		for side, given := range map[string]server{"imap": tt.imap, "smtp": tt.smtp} {
			for name, value := range map[string]string{"host": given.host, "port": given.port, "security": given.security} {
				if value != "" {
					form["email."+side+"."+name] = []string{value}
				}
			}
		}
		completeServers(form)
		read := func(side string) server {
			value := func(name string) string { return strings.Join(form["email."+side+"."+name], "") }
			return server{host: value("host"), port: value("port"), security: value("security")}
		}
		if got := read("smtp"); got != tt.wantSMTP {
			t.Errorf("%s: got the server for sending %+v, want %+v", tt.name, got, tt.wantSMTP)
		}
		if got := read("imap"); got != tt.imap {
			t.Errorf("%s: got the server for fetching %+v, want it unchanged: %+v", tt.name, got, tt.imap)
		}
	}
}

func TestMailboxName(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", maxNameLength+1)
	for _, tt := range []struct {
		address string
		taken   []string
		want    string
	}{
		{address: "Help@Acme.test", want: "help"},
		{address: "help@acme.test", taken: []string{"Help"}, want: "help-acme-test"},
		{address: "help@acme.test", taken: []string{"help", "help-acme-test", "help-acme-test-2"}, want: "help-acme-test-3"},
		{address: "slack@acme.test", want: "slack-acme-test"},
		{address: long + "@acme.test", want: "mailbox"},
		{address: long + "@acme.test", taken: []string{"mailbox"}, want: "mailbox-2"},
	} {
		if got := mailboxName(tt.address, tt.taken); got != tt.want {
			t.Errorf("mailboxName(%q, %q) = %q, want %q", tt.address, tt.taken, got, tt.want)
		}
	}
}
