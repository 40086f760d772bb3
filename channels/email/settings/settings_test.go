package settings

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

//
func TestSettings(t *testing.T) {
	t.Parallel()
	base := channels.Config{fieldAddress: "Help@Acme.test", fieldIMAPHost: "imap.acme.test", fieldIMAPPassword: "s", fieldSMTPHost: "smtp.acme.test"}
	with := func(kv ...string) channels.Config {
		c := maps.Clone(base)
		for i := 0; i < len(kv); i += 2 {
			c[kv[i]] = kv[i+1]
		}
		return c
	}
	s, err := Read(with(fieldAliases, "sales@acme.test\nHELP@acme.test\n Info@acme.test"))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.Own, []string{"help@acme.test", "sales@acme.test", "info@acme.test"}) || s.Domain() != "acme.test" ||
		s.IMAP != (Server{"imap.acme.test", "993", TLS, "Help@Acme.test", "s"}) ||
		s.SMTP != (Server{"smtp.acme.test", "587", STARTTLS, "Help@Acme.test", "s"}) ||
		s.Folder != "INBOX" || s.SaveSent != SaveOn || !s.SaveAuto {
		t.Errorf("defaults %+v", s)
	}
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
			t.Errorf("%v: %+v, %v", tc.config, s, err)
		}
	}
	for field, bad := range map[string]string{
		fieldAddress: "Ann <a@b.test>", fieldAliases: "nobody", fieldIMAPHost: "imap.acme.test:993", fieldSMTPHost: "https://x",
		fieldIMAPPort: "0", fieldSMTPPort: "70000", fieldIMAPSecurity: "ssl", fieldSaveSent: "yes", FieldOAuth: "yahoo", fieldOAuthUser: "ann", fieldIMAPPassword: "", fieldSMTPUsername: "other",
	} {
		if _, err := Read(with(field, bad)); err == nil || !strings.Contains(err.Error(), strings.TrimSuffix(field, "username")) {
			t.Errorf("%s = %q: %v", field, bad, err)
		}
	}
	_, err = Read(channels.Config{})
	for _, field := range []string{fieldAddress, fieldIMAPHost, fieldIMAPPassword, fieldSMTPHost} {
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("missing %s is not reported: %v", field, err)
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
	if strings.Contains(out.String(), "secret") || !strings.Contains(out.String(), "help at imap.acme.test:993 (tls)") {
		t.Error(out.String())
	}
}
