package settings

import (
	"maps"
	"slices"
	"testing"

	"parley/channels"
)

// A password goes to another server as soon as the host is another one, the connection loses its protection, or the SMTP
// server has no password of its own. R-221
func TestSentTo(t *testing.T) {
	t.Parallel()
	base := channels.Config{fieldIMAPHost: "IMAP.acme.test.", fieldSMTPHost: "smtp.acme.test"}
	for _, tt := range []struct {
		name       string
		set        channels.Config
		imap, smtp []string
		tokens     []string
	}{
		{name: "one password for both", imap: []string{"imap.acme.test", "smtp.acme.test"}, smtp: []string{"smtp.acme.test"}},
		{name: "a password each", set: channels.Config{fieldSMTPPassword: "x"}, imap: []string{"imap.acme.test"}, smtp: []string{"smtp.acme.test"}},
		{name: "another protected port", set: channels.Config{fieldIMAPPort: "143", fieldSMTPPassword: "x"},
			imap: []string{"imap.acme.test"}, smtp: []string{"smtp.acme.test"}},
		{name: "readable", set: channels.Config{fieldIMAPSecurity: Unprotected, fieldSMTPPassword: "x"},
			imap: []string{"imap.acme.test:993 without protection"}, smtp: []string{"smtp.acme.test"}},
		{name: "a provider before own servers", set: channels.Config{FieldOAuth: OAuthGoogle, fieldSMTPPassword: "x"},
			imap: []string{"imap.acme.test"}, smtp: []string{"smtp.acme.test"}, tokens: []string{"imap.acme.test", "smtp.acme.test"}},
		{name: "a provider alone", set: channels.Config{FieldOAuth: OAuthMicrosoft, fieldIMAPHost: "", fieldSMTPHost: "", fieldSMTPPassword: "x"},
			tokens: []string{"outlook.office365.com", "smtp.office365.com"}},
		{name: "no server", set: channels.Config{fieldIMAPHost: "", fieldSMTPHost: ""}},
	} {
		c := maps.Clone(base)
		maps.Copy(c, tt.set)
		got := SentTo(c)
		for field, want := range map[string][]string{fieldIMAPPassword: tt.imap, fieldSMTPPassword: tt.smtp, FieldOAuth: tt.tokens} {
			if !slices.Equal(got[field], want) {
				t.Errorf("%s: %s goes to %q, want %q", tt.name, field, got[field], want)
			}
		}
	}
}
