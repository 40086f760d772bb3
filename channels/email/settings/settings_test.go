package settings

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"parley/channels"
)

// with are the settings of an ordinary mailbox, with some changed: names and values in turn.
func with(changes ...string) channels.Config {
	c := channels.Config{fieldAddress: "Help@Acme.test", fieldIMAPHost: "imap.acme.test", fieldIMAPPassword: "s", fieldSMTPHost: "smtp.acme.test"}
	for i := 0; i < len(changes); i += 2 {
		c[changes[i]] = changes[i+1]
	}
	return c
}

// What isn't set follows from what is.
//
func TestDefaults(t *testing.T) {
	t.Parallel()
	s, err := Read(with(fieldAliases, "sales@acme.test\nHELP@acme.test\n Info@acme.test"))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"help@acme.test", "sales@acme.test", "info@acme.test"}; !slices.Equal(s.Own, want) {
		t.Errorf("got the addresses %q, want %q", s.Own, want)
	}
	wantEqual(t, "domain", s.Domain(), "acme.test")
	wantEqual(t, "IMAP", s.IMAP, Server{Host: "imap.acme.test", Port: "993", Security: TLS, Username: "Help@Acme.test", Password: "s"})
	wantEqual(t, "SMTP", s.SMTP, Server{Host: "smtp.acme.test", Port: "587", Security: STARTTLS, Username: "Help@Acme.test", Password: "s"})
	wantEqual(t, "folder", s.Folder, "INBOX")
	wantEqual(t, "copies", s.SaveSent, SaveOn)
	wantEqual(t, "copies are chosen by the server", s.SaveAuto, true)
}

// wantEqual checks one value, which what names. It doesn't show a password: a Server doesn't when it is printed.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

// Ports, providers and names decide what isn't set.
//
func TestSettings(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		config channels.Config
		ok     func(Settings) bool
	}{
		{with(fieldSMTPPort, "465"), func(s Settings) bool { return s.SMTP.Security == TLS }},
		{with(fieldIMAPPort, "143"), func(s Settings) bool { return s.IMAP.Security == STARTTLS }},
		{with(fieldSMTPHost, "smtp.gmail.com"), func(s Settings) bool { return s.SaveSent == SaveOff && s.Service() == gmail }},
		{with(fieldSMTPHost, "smtp.office365.com"), func(s Settings) bool { return s.SaveSent == SaveOff && s.Service() == Microsoft }},
		{with(fieldSMTPHost, "smtp.gmail.com", fieldSaveSent, "on"), func(s Settings) bool { return s.SaveSent == SaveOn && !s.SaveAuto }},
		{channels.Config{fieldAddress: "help@gmail.test", FieldOAuth: OAuthGoogle}, func(s Settings) bool {
			return s.IMAP == (Server{"imap.gmail.com", "993", TLS, "help@gmail.test", ""}) && s.SMTP.Address() == "smtp.gmail.com:587" && s.SaveSent == SaveOff
		}},
		{with(FieldOAuth, OAuthMicrosoft, fieldSMTPHost, "smtp.office365.com"), func(s Settings) bool {
			return s.IMAP.Host == "imap.acme.test" && s.IMAP.Password == "" && s.SMTP.Username == "Help@Acme.test" && s.SMTP.Password == ""
		}},
		{with(fieldSMTPUsername, "u", fieldSMTPPassword, " p "), func(s Settings) bool { return s.SMTP.Username == "u" && s.SMTP.Password == " p " }},
	} {
		if s, err := Read(tc.config); err != nil || !tc.ok(s) {
			t.Errorf("%v is read as %+v, %v", tc.config, s, err)
		}
	}
}

// A wrong value is named, and all that is missing together.
//
func TestWrongSettings(t *testing.T) {
	t.Parallel()
	for field, bad := range map[string]string{
		fieldAddress:      "Ann <a@b.test>",
		fieldAliases:      "nobody",
		fieldIMAPHost:     "imap.acme.test:993",
		fieldSMTPHost:     "https://x",
		fieldIMAPPort:     "0",
		fieldSMTPPort:     "70000",
		fieldIMAPSecurity: "ssl",
		fieldSaveSent:     "yes",
		FieldOAuth:        "yahoo",
		fieldOAuthUser:    "ann",
		fieldIMAPPassword: "",
		fieldSMTPUsername: "other",
	} {
		if _, err := Read(with(field, bad)); err == nil || !strings.Contains(err.Error(), strings.TrimSuffix(field, "username")) {
			t.Errorf("%s = %q: got %v, want an error that names the field", field, bad, err)
		}
	}
	_, err := Read(channels.Config{})
	for _, field := range []string{fieldAddress, fieldIMAPHost, fieldIMAPPassword, fieldSMTPHost} {
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("without settings: got %v, want an error that names %s", err, field)
		}
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
	raw, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(raw)
	if strings.Contains(out.String(), "secret") {
		t.Errorf("the password shows in %s", out.String())
	}
	if want := "help at imap.acme.test:993 (tls)"; !strings.Contains(out.String(), want) {
		t.Errorf("got %s, want %q in it", out.String(), want)
	}
}
