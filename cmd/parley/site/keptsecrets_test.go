package site_test

import (
	"slices"
	"strings"
	"testing"

	"parley/bridge/setup"
	"parley/cmd/parley/app"
	"parley/cmd/parley/site/sitetest"
)

const oneMailbox = bare + `
accounts:
  - name: help
    kind: email
    team: Support
    email: {address: help@acme.test, imap: {host: imap.acme.test, password: tops3cret}, smtp: {host: smtp.acme.test}}
`

// mailboxTest is a site with one mailbox. An admin changes its settings without knowing its password.
type mailboxTest struct {
	*sitetest.Site

	t *testing.T
}

func newMailboxTest(t *testing.T) *mailboxTest {
	t.Helper()
	return &mailboxTest{Site: sitetest.Start(t, oneMailbox), t: t}
}

// save changes values of the mailbox, as its page does.
func (m *mailboxTest) save(values map[string][]string) error {
	m.t.Helper()
	entries := must(setup.Entries(m.t.Context(), m.Pool, app.Specs()))(m.t)
	i := slices.IndexFunc(entries, func(e setup.Entry) bool { return e.Kind == setup.EntryAccount && e.Name == "help" })
	if i < 0 {
		m.t.Fatal("the set-up has no mailbox")
	}
	change := setup.Change{Kind: entries[i].Kind, Name: entries[i].Name, Channel: "email", Version: entries[i].Version, Values: values}
	_, err := setup.Save(m.t.Context(), m.Pool, change, setup.Options{Sealer: sitetest.Sealer(m.t), Specs: app.Specs()})
	return err
}

// mustSave changes values of the mailbox, and ends the test if the change is refused.
func (m *mailboxTest) mustSave(what string, values map[string][]string) {
	m.t.Helper()
	if err := m.save(values); err != nil {
		m.t.Fatalf("%s: %v", what, err)
	}
}

// An admin who doesn't know a mailbox's password can't have it sent to a server of her own. She can't do it by
// another host, without encryption, or by a provider.
// Requirement R-221: Pages for admins.
func TestStoredPasswordStaysWithItsServer(t *testing.T) {
	t.Parallel()
	m := newMailboxTest(t)
	for _, tt := range []struct {
		name   string
		values map[string][]string
	}{
		{name: "another IMAP server", values: map[string][]string{"email.imap.host": {"evil.test"}}},
		{name: "another SMTP server", values: map[string][]string{"email.smtp.host": {"evil.test"}}},
		{name: "no protection", values: map[string][]string{"email.imap.security": {"none"}}},
		{name: "a provider's tokens", values: map[string][]string{"email.oauth": {"google"}, "email.imap.password": {""}}},
	} {
		if err := m.save(tt.values); err == nil || !strings.Contains(err.Error(), "sent to") {
			t.Errorf("%s: got %v, want an error that says where the password would be sent to", tt.name, err)
		}
	}
	m.mustSave("another sender name", map[string][]string{"email.sender_name": {"Acme"}})
}

// A parley.yaml that is applied by a token of the API can't have the password sent to another server. An operator,
// who has the master key, may do that.
// Requirement R-221: Pages for admins.
func TestAppliedFileKeepsPasswordWithItsServer(t *testing.T) {
	t.Parallel()
	m := newMailboxTest(t)
	m.mustSave("another server, with its password", map[string][]string{
		"email.imap.host":     {"evil.test"},
		"email.smtp.host":     {"evil.test"},
		"email.imap.password": {"an0ther"},
	})

	noEnvironment := func(string) (string, bool) { return "", false }
	file := must(setup.Parse([]byte("accounts:\n  - name: help\n    email: {imap: {host: imap.acme.test}}\n"), noEnvironment))(t)
	options := setup.Options{Sealer: sitetest.Sealer(t), Specs: app.Specs()}
	if _, err := setup.Apply(t.Context(), m.Pool, file, options); err == nil {
		t.Error("applied by the API: got no error, want a refusal")
	}

	options.Operator = true
	if _, err := setup.Apply(t.Context(), m.Pool, file, options); err != nil {
		t.Errorf("applied by an operator: %v", err)
	}
}
