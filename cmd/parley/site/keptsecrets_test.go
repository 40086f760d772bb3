package site_test

import (
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

// An admin who doesn't know a mailbox's password can't have it sent to a server of her own: neither by another host, nor by
// taking the protection away, nor by a detour over a provider. Typed again, it goes where she says. R-221
func TestStoredPasswordStaysWithItsServer(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, oneMailbox)
	options := setup.Options{Sealer: sitetest.Sealer(t), Specs: app.Specs()}
	save := func(values map[string][]string) error {
		t.Helper()
		entries, err := setup.Entries(t.Context(), s.Pool, app.Specs())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.Kind == setup.EntryAccount && e.Name == "help" {
				_, err = setup.Save(t.Context(), s.Pool, setup.Change{Kind: e.Kind, Name: e.Name, Channel: "email", Version: e.Version, Values: values}, options)
				return err
			}
		}
		t.Fatal("there is no mailbox")
		return nil
	}
	for name, values := range map[string]map[string][]string{
		"another IMAP server": {"email.imap.host": {"evil.test"}},
		"another SMTP server": {"email.smtp.host": {"evil.test"}},
		"no protection":       {"email.imap.security": {"none"}},
		"a provider's tokens": {"email.oauth": {"google"}, "email.imap.password": {""}},
	} {
		if err := save(values); err == nil || !strings.Contains(err.Error(), "sent to") {
			t.Errorf("%s: %v", name, err)
		}
	}
	ok := func(what string, values map[string][]string) {
		t.Helper()
		if err := save(values); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	ok("a provider with its own servers", map[string][]string{"email.oauth": {"google"}, "email.imap.host": {""}, "email.smtp.host": {""}})
	back := map[string][]string{"email.oauth": {""}, "email.imap.host": {"evil.test"}, "email.smtp.host": {"evil.test"}}
	if err := save(back); err == nil {
		t.Error("the detour over a provider led to another server")
	}
	back["email.imap.password"] = []string{"an0ther"}
	ok("typed again", back)
	ok("another sender name", map[string][]string{"email.sender_name": {"Acme"}})

	file, err := setup.Parse([]byte("accounts:\n  - name: help\n    email: {imap: {host: imap.acme.test}}\n"), func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := setup.Apply(t.Context(), s.Pool, file, options); err == nil {
		t.Error("a token of the API sent it to another server")
	}
	options.Operator = true
	if _, err := setup.Apply(t.Context(), s.Pool, file, options); err != nil {
		t.Errorf("parley apply: %v", err)
	}
}
