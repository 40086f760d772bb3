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
		{"one password for both", nil, []string{"imap.acme.test", "smtp.acme.test"}, []string{"smtp.acme.test"}, nil},
		{"a password each", channels.Config{fieldSMTPPassword: "x"}, []string{"imap.acme.test"}, []string{"smtp.acme.test"}, nil},
		{"another protected port", channels.Config{fieldIMAPPort: "143", fieldSMTPPassword: "x"}, []string{"imap.acme.test"}, []string{"smtp.acme.test"}, nil},
		{"readable", channels.Config{fieldIMAPSecurity: Unprotected, fieldSMTPPassword: "x"},
			[]string{"imap.acme.test:993 without protection"}, []string{"smtp.acme.test"}, nil},
		{"a provider before own servers", channels.Config{FieldOAuth: OAuthGoogle, fieldSMTPPassword: "x"},
			[]string{"imap.acme.test"}, []string{"smtp.acme.test"}, []string{"imap.acme.test", "smtp.acme.test"}},
		{"a provider alone", channels.Config{FieldOAuth: OAuthMicrosoft, fieldIMAPHost: "", fieldSMTPHost: "", fieldSMTPPassword: "x"},
			nil, nil, []string{"outlook.office365.com", "smtp.office365.com"}},
		{"no server", channels.Config{fieldIMAPHost: "", fieldSMTPHost: ""}, nil, nil, nil},
	} {
		c := maps.Clone(base)
		maps.Copy(c, tt.set)
		got := SentTo(c)
		if !slices.Equal(got[fieldIMAPPassword], tt.imap) || !slices.Equal(got[fieldSMTPPassword], tt.smtp) || !slices.Equal(got[FieldOAuth], tt.tokens) {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}
