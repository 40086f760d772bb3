package message

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"parley/channels"
)

// ordinary are the settings of an ordinary mailbox, with some changed.
func ordinary(changes channels.Config) channels.Config {
	c := channels.Config{
		fieldAddress:      "Help@Acme.test",
		fieldIMAPHost:     "imap.acme.test",
		fieldIMAPPassword: "s",
		fieldSMTPHost:     "smtp.acme.test",
	}
	maps.Copy(c, changes)
	return c
}

// mustRead reads settings that are right.
func mustRead(t *testing.T, c channels.Config) Settings {
	t.Helper()
	s, err := ReadSettings(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Settings that are missing get defaults. Many of these follow from settings that are there, such as the SMTP password
// from the IMAP password.
// Requirement R-003: Mailboxes at Google, Microsoft or any IMAP server.
func TestDefaults(t *testing.T) {
	t.Parallel()
	s := mustRead(t, ordinary(nil))
	wantEqual(t, "domain", s.Domain(), "acme.test")
	wantEqual(t, "IMAP", s.IMAP, Server{Host: "imap.acme.test", Port: "993", Security: TLS, Username: "Help@Acme.test", Password: "s"})
	wantEqual(t, "SMTP", s.SMTP, Server{Host: "smtp.acme.test", Port: "587", Security: STARTTLS, Username: "Help@Acme.test", Password: "s"})
	wantEqual(t, "folder", s.Folder, "INBOX")
	wantEqual(t, "copies", s.SaveSent, SaveOn)
	wantEqual(t, "copies are chosen by the server", s.SaveAuto, true)
}

// If the user names for IMAP and SMTP belong to one mailbox, SMTP uses IMAP's password, too.
// Requirement R-003: Mailboxes at Google, Microsoft or any IMAP server.
func TestPasswordOfOneMailbox(t *testing.T) {
	t.Parallel()
	for imap, smtp := range map[string]string{"help": "help@acme.test", "Help@acme.test": "help", "help@acme.test": "HELP@acme.test"} {
		s := mustRead(t, ordinary(channels.Config{fieldIMAPUsername: imap, fieldSMTPUsername: smtp}))
		wantEqual(t, "SMTP's user name", s.SMTP.Username, smtp)
		wantEqual(t, "SMTP's password", s.SMTP.Password, "s")
	}
	_, err := ReadSettings(ordinary(channels.Config{fieldIMAPUsername: "help@acme.test", fieldSMTPUsername: "help@other.test"}))
	wantErrorNames(t, err, fieldSMTPPassword)
}

// The account's own addresses are the main one and its aliases, each once.
// Requirement R-003: Mailboxes at Google, Microsoft or any IMAP server.
func TestOwnAddresses(t *testing.T) {
	t.Parallel()
	s := mustRead(t, ordinary(channels.Config{fieldAliases: "sales@acme.test\nHELP@acme.test\n Info@acme.test"}))
	if want := []string{"help@acme.test", "sales@acme.test", "info@acme.test"}; !slices.Equal(s.Own, want) {
		t.Errorf("own addresses: got %q, want %q", s.Own, want)
	}
}

// If somebody signs in at a provider, the provider's own servers are used without being set.
// Requirement R-003: Mailboxes at Google, Microsoft or any IMAP server.
func TestServersOfAProvider(t *testing.T) {
	t.Parallel()
	s := mustRead(t, channels.Config{fieldAddress: "help@gmail.test", FieldOAuth: OAuthGoogle})
	wantEqual(t, "IMAP", s.IMAP, Server{Host: "imap.gmail.com", Port: "993", Security: TLS, Username: "help@gmail.test"})
	wantEqual(t, "SMTP", s.SMTP.Address(), "smtp.gmail.com:587")
	wantEqual(t, "copies", s.SaveSent, SaveOff)
}

// wantErrorNames checks that an error names a field.
func wantErrorNames(t *testing.T, err error, field string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one that names %s", field)
		return
	}
	if !strings.Contains(err.Error(), field) {
		t.Errorf("got error %v, want one that names %s", err, field)
	}
}

// The error about a wrong value names its field.
// Requirement R-003: Mailboxes at Google, Microsoft or any IMAP server.
func TestWrongSettings(t *testing.T) {
	t.Parallel()
	tests := []struct {
		field, value string
		named        string // in the error
	}{
		{field: fieldAddress, value: "Ann <a@b.test>", named: fieldAddress},
		{field: fieldAliases, value: "nobody", named: fieldAliases},
		{field: fieldIMAPHost, value: "imap.acme.test:993", named: fieldIMAPHost},
		{field: fieldSMTPHost, value: "https://x", named: fieldSMTPHost},
		{field: fieldIMAPPort, value: "0", named: fieldIMAPPort},
		{field: fieldSMTPPort, value: "70000", named: fieldSMTPPort},
		{field: fieldIMAPSecurity, value: "ssl", named: fieldIMAPSecurity},
		{field: fieldSaveSent, value: "yes", named: fieldSaveSent},
		{field: FieldOAuth, value: "yahoo", named: FieldOAuth},
		{field: fieldOAuthUser, value: "ann", named: fieldOAuthUser},
		{field: fieldIMAPPassword, value: "", named: fieldIMAPPassword},
		{field: fieldSMTPUsername, value: "other", named: "smtp."}, // its password is missing
	}
	for _, tt := range tests {
		t.Run(tt.field, func(t *testing.T) {
			t.Parallel()
			_, err := ReadSettings(ordinary(channels.Config{tt.field: tt.value}))
			wantErrorNames(t, err, tt.named)
		})
	}
}

// A server that is logged, printed or encoded doesn't tell its password.
func TestPasswordStaysHidden(t *testing.T) {
	t.Parallel()
	s := Settings{IMAP: Server{Host: "imap.acme.test", Port: "993", Security: TLS, Username: "help", Password: "secret"}}
	var out strings.Builder
	fmt.Fprintf(&out, "%v %+v %#v %s\n", s, s, s, s.IMAP)
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("set", "settings", s, "server", s.IMAP, "pointer", &s.IMAP)
	}

	encoded, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(encoded)

	if strings.Contains(out.String(), "secret") {
		t.Errorf("the password shows in %s", out.String())
	}
	if want := "help at imap.acme.test:993 (tls)"; !strings.Contains(out.String(), want) {
		t.Errorf("got %s, want %q in it", out.String(), want)
	}
}
