package message

import (
	"maps"
	"slices"
	"testing"

	"parley/channels"
)

// SentTo names another place for a password if the host changes or the connection loses its protection. The SMTP server
// gets the IMAP password if it has none of its own.
// Requirement R-221: Pages for admins.
func TestSentTo(t *testing.T) {
	t.Parallel()
	const imapServer, smtpServer = "imap.acme.test", "smtp.acme.test"
	tests := []struct {
		name         string
		set          channels.Config // beside the names of both servers
		imapPassword []string        // where it goes
		smtpPassword []string
		tokens       []string
	}{
		{name: "one password for both", imapPassword: []string{imapServer, smtpServer}, smtpPassword: []string{smtpServer}},
		{
			name: "a password each", set: channels.Config{fieldSMTPPassword: "x"}, imapPassword: []string{imapServer},
			smtpPassword: []string{smtpServer},
		},
		{
			name: "another protected port", set: channels.Config{fieldIMAPPort: "143", fieldSMTPPassword: "x"},
			imapPassword: []string{imapServer}, smtpPassword: []string{smtpServer},
		},
		{
			name:         "a connection that others can read",
			set:          channels.Config{fieldIMAPSecurity: Unprotected, fieldSMTPPassword: "x"},
			imapPassword: []string{"imap.acme.test:993 without protection"},
			smtpPassword: []string{smtpServer},
		},
		{
			name: "tokens of a provider for own servers", set: channels.Config{FieldOAuth: OAuthGoogle, fieldSMTPPassword: "x"},
			imapPassword: []string{imapServer}, smtpPassword: []string{smtpServer}, tokens: []string{imapServer, smtpServer},
		},
		{
			name:   "tokens of a provider for its own servers",
			set:    channels.Config{FieldOAuth: OAuthMicrosoft, fieldIMAPHost: "", fieldSMTPHost: "", fieldSMTPPassword: "x"},
			tokens: []string{"outlook.office365.com", "smtp.office365.com"},
		},
		{name: "no server", set: channels.Config{fieldIMAPHost: "", fieldSMTPHost: ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			config := channels.Config{fieldIMAPHost: "IMAP.acme.test.", fieldSMTPHost: smtpServer} // names may differ in spelling
			maps.Copy(config, tt.set)
			got := SentTo(config)
			wantHosts(t, fieldIMAPPassword, got[fieldIMAPPassword], tt.imapPassword)
			wantHosts(t, fieldSMTPPassword, got[fieldSMTPPassword], tt.smtpPassword)
			wantHosts(t, FieldOAuth, got[FieldOAuth], tt.tokens)
		})
	}
}

// wantHosts checks where the secret of a field goes.
func wantHosts(t *testing.T, field string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s goes to: got %q, want %q", field, got, want)
	}
}
