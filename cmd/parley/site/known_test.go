package site_test

import (
	"net/http"
	"testing"

	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
	"parley/store"
)

// Pages of the set-up show what others change meanwhile, whichever way they do, and who is no admin any more sees nothing
// from that moment on: what is kept of the set-up never says more than the database.
func TestSetUpIsNeverStale(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	ann := s.Visitor("ann@acme.test")
	shows := func(path, text string, want bool) {
		t.Helper()
		for range 2 { // as it is read, and as it is kept
			if a := ann.Get(path); a.Status != http.StatusOK || a.Has(text) != want {
				t.Errorf("%s: %d, shows %q: %v", path, a.Status, text, a.Has(text))
			}
		}
	}
	exec := func(sql string) {
		t.Helper()
		if _, err := s.Pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	shows("/settings/agents", "Ben Osei", true)
	exec(`UPDATE agents SET name = 'Ben Okafor' WHERE email = 'ben@acme.test'`)
	shows("/settings/agents", "Ben Okafor", true)
	shows("/settings/agents", "Ben Osei", false)
	exec(`INSERT INTO tags (name, color) VALUES ('Broken lamp', '#112233')`)
	shows("/settings/tags", "Broken lamp", true)
	shows("/settings/dashboard", "Broken lamp", true)
	exec(`DELETE FROM tags WHERE name = 'Broken lamp'`)
	shows("/settings/tags", "Broken lamp", false)
	exec(`UPDATE accounts SET signature = 'Yours, the lamps' WHERE name = 'support-mail'`)
	shows("/settings/accounts/support-mail/signature", "Yours, the lamps", true)
	shows("/settings/teams", "Ben Okafor", true)
	exec(`UPDATE teams SET members = '{}' WHERE name = 'Support'`)
	shows("/settings/teams", "Ben Okafor", false)
	s.Apply(sitetest.Acme)
	shows("/settings/agents", "Ben Osei", true)

	ben := s.Visitor("ben@acme.test")
	exec(`UPDATE agents SET roles = '{admin}' WHERE email = 'ben@acme.test'`)
	if a := ben.Get("/settings/agents"); a.Status != http.StatusOK {
		t.Errorf("a new admin: %d", a.Status)
	}
	exec(`UPDATE agents SET roles = '{agent}' WHERE email = 'ben@acme.test'`)
	if a := ben.Get("/settings/agents"); a.Status == http.StatusOK {
		t.Error("who is no admin any more sees the people")
	}
}

// What changes while the set-up is read, and changes back after it, as an account's status does, is not kept as what was so
// before: the stamp is the same then.
func TestSetUpChangesWhileItIsRead(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	say := func(text string) {
		t.Helper()
		if _, err := s.Pool.Exec(t.Context(), `UPDATE accounts SET status_text = $1 WHERE name = 'support-mail'`, text); err != nil {
			t.Fatal(err)
		}
	}
	keep, meanwhile := site.Keeping(s.Pool), func() { say("The password is refused.") }
	ask := func() (text string) {
		t.Helper()
		text, err := keep(t.Context(), func(q store.Querier) (text string, err error) {
			meanwhile()
			err = q.QueryRow(t.Context(), `SELECT status_text FROM accounts WHERE name = 'support-mail'`).Scan(&text)
			return text, err
		})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	ask()
	meanwhile = func() {}
	say("")
	if text := ask(); text != "" {
		t.Errorf("it is told that %q, which is over", text)
	}
}
