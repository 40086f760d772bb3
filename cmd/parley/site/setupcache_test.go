package site_test

import (
	"testing"

	"parley/cmd/parley/site/sitetest"
	"parley/store/storetest"
)

// The site keeps what it has read of the set-up until that changes. These tests change the set-up in the database,
// past the site.

// wantKept checks that a page has a text when the set-up is read for it, and when it is kept from then.
func wantKept(t *testing.T, v *sitetest.Visitor, path, text string) {
	t.Helper()
	wantShown(t, path+", as it is read", v.Get(path), text)
	wantShown(t, path+", as it is kept", v.Get(path), text)
}

// wantKeptWithout checks that a page doesn't have a text, neither when the set-up is read for it nor when it is kept
// from then.
func wantKeptWithout(t *testing.T, v *sitetest.Visitor, path, text string) {
	t.Helper()
	wantHidden(t, path+", as it is read", v.Get(path), text)
	wantHidden(t, path+", as it is kept", v.Get(path), text)
}

// Pages of the set-up show what others change meanwhile, whichever way they do.
func TestSetUpIsNeverStale(t *testing.T) {
	t.Parallel()
	t.Run("renamed agent", func(t *testing.T) {
		s := sitetest.Start(t, sitetest.Acme)
		ann := s.Visitor("ann@acme.test")
		wantKept(t, ann, "/settings/agents", "Ben Osei")
		storetest.Exec(t, s.Pool, `UPDATE agents SET name = 'Ben Okafor' WHERE email = 'ben@acme.test'`)
		wantKept(t, ann, "/settings/agents", "Ben Okafor")
		wantKeptWithout(t, ann, "/settings/agents", "Ben Osei")
	})

	t.Run("tag", func(t *testing.T) {
		s := sitetest.Start(t, sitetest.Acme)
		ann := s.Visitor("ann@acme.test")
		wantKeptWithout(t, ann, "/settings/tags", "Broken lamp")
		storetest.Exec(t, s.Pool, `INSERT INTO tags (name, color) VALUES ('Broken lamp', '#112233')`)
		wantKept(t, ann, "/settings/tags", "Broken lamp")
		wantKept(t, ann, "/settings/dashboard", "Broken lamp")
		storetest.Exec(t, s.Pool, `DELETE FROM tags WHERE name = 'Broken lamp'`)
		wantKeptWithout(t, ann, "/settings/tags", "Broken lamp")
	})

	t.Run("signature", func(t *testing.T) {
		s := sitetest.Start(t, sitetest.Acme)
		ann := s.Visitor("ann@acme.test")
		const page = "/settings/accounts/support-mail/replies"
		wantKeptWithout(t, ann, page, "Yours, the lamps")
		storetest.Exec(t, s.Pool, `UPDATE accounts SET signature = 'Yours, the lamps' WHERE name = 'support-mail'`)
		wantKept(t, ann, page, "Yours, the lamps")
	})

	t.Run("team's members", func(t *testing.T) {
		s := sitetest.Start(t, sitetest.Acme)
		ann := s.Visitor("ann@acme.test")
		wantKept(t, ann, "/settings/teams", "Ben Osei")
		storetest.Exec(t, s.Pool, `UPDATE teams SET members = '{}' WHERE name = 'Support'`)
		wantKeptWithout(t, ann, "/settings/teams", "Ben Osei")
	})

	t.Run("parley apply", func(t *testing.T) {
		s := sitetest.Start(t, sitetest.Acme)
		ann := s.Visitor("ann@acme.test")
		storetest.Exec(t, s.Pool, `UPDATE agents SET name = 'Ben Okafor' WHERE email = 'ben@acme.test'`)
		wantKept(t, ann, "/settings/agents", "Ben Okafor")
		s.Apply(sitetest.Acme)
		wantKept(t, ann, "/settings/agents", "Ben Osei")
	})
}
