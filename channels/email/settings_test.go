package email

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

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
	s, err := newSettings(with(fieldAliases, "sales@acme.test\nHELP@acme.test\n Info@acme.test"))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.own, []string{"help@acme.test", "sales@acme.test", "info@acme.test"}) || s.domain() != "acme.test" ||
		s.imap != (server{"imap.acme.test", "993", securityTLS, "Help@Acme.test", "s"}) ||
		s.smtp != (server{"smtp.acme.test", "587", securitySTARTTLS, "Help@Acme.test", "s"}) ||
		s.folder != "INBOX" || s.saveSent != saveOn || !s.saveAuto {
		t.Errorf("defaults %+v", s)
	}
	for _, tc := range []struct {
		config channels.Config
		ok     func(settings) bool
	}{
		{with(fieldSMTPPort, "465"), func(s settings) bool { return s.smtp.security == securityTLS }},
		{with(fieldIMAPPort, "143"), func(s settings) bool { return s.imap.security == securitySTARTTLS }},
		{with(fieldSMTPHost, "smtp.gmail.com"), func(s settings) bool { return s.saveSent == saveOff && s.provider() == providerGmail }},
		{with(fieldSMTPHost, "smtp.office365.com"), func(s settings) bool { return s.saveSent == saveOff && s.provider() == providerMicrosoft }},
		{with(fieldSMTPHost, "smtp.gmail.com", fieldSaveSent, "on"), func(s settings) bool { return s.saveSent == saveOn && !s.saveAuto }},
		{with(fieldSMTPUsername, "u", fieldSMTPPassword, " p "), func(s settings) bool { return s.smtp.username == "u" && s.smtp.password == " p " }},
	} {
		if s, err := newSettings(tc.config); err != nil || !tc.ok(s) {
			t.Errorf("%v: %+v, %v", tc.config, s, err)
		}
	}
	for field, bad := range map[string]string{
		fieldAddress: "Ann <a@b.test>", fieldAliases: "nobody", fieldIMAPHost: "imap.acme.test:993", fieldSMTPHost: "https://x",
		fieldIMAPPort: "0", fieldSMTPPort: "70000", fieldIMAPSecurity: "ssl", fieldSaveSent: "yes", fieldIMAPPassword: "", fieldSMTPUsername: "other",
	} {
		if _, err := newSettings(with(field, bad)); err == nil || !strings.Contains(err.Error(), strings.TrimSuffix(field, "username")) {
			t.Errorf("%s = %q: %v", field, bad, err)
		}
	}
	_, err = Spec().New(channels.Account{Config: channels.Config{}}, channels.Env{Keys: testKeys(), Now: time.Now})
	for _, field := range []string{fieldAddress, fieldIMAPHost, fieldIMAPPassword, fieldSMTPHost} {
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("missing %s is not reported: %v", field, err)
		}
	}
	for _, env := range []channels.Env{{Now: time.Now}, {Keys: testKeys()}} {
		if _, err := Spec().New(channels.Account{Config: base}, env); err == nil {
			t.Errorf("no error with %+v", env)
		}
	}
}

func TestSpec(t *testing.T) {
	t.Parallel()
	spec := Spec()
	if spec.Kind != "email" || spec.New == nil {
		t.Fatalf("spec %+v", spec)
	}
	secrets := 0
	for _, f := range spec.Fields {
		if f.Label == "" || f.Default != "" && len(f.OneOf) > 0 && !slices.Contains(f.OneOf, f.Default) {
			t.Errorf("field %+v", f)
		}
		if f.Secret != strings.HasSuffix(f.Name, "password") {
			t.Errorf("field %s: secret %v", f.Name, f.Secret)
		}
		if f.Secret {
			secrets++
		}
	}
	if secrets != 2 {
		t.Errorf("%d secrets", secrets)
	}
	caps := unconnected(t).Capabilities()
	if !caps.Threads || !caps.Subject || caps.RichText != channels.Full || caps.RetryFor != retryFor || caps.MaxAttachmentBytes != 20<<20 {
		t.Errorf("capabilities %+v", caps)
	}
}
