package site_test

import (
	"net/http"
	"net/url"
	"testing"

	"parley/bridge"
	"parley/channels"
	"parley/cmd/parley/site/sitetest"
)

// The first admin opens the link of an empty Parley, says who she is, and adds a shop. The shop begins in watch mode,
// and she turns it live.
// Requirement R-013: Each account is set up on its own.
// Requirement R-014: An account is active, broken or paused.
// Requirement R-016: A paused account sends nothing, and says so.
// Requirement R-265: Watch and trial before live.
func TestFirstAdmin(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, "company: Acme\n")
	b := s.Walk("")
	b.Open(s.FirstLink())
	b.Looks("first-admin")
	b.Write("#f-email", "no address")
	b.Press("form.page button")
	b.Shows("isn't an e-mail address")
	b.Shows("Write the name") // both faults at once, and what was typed stays
	b.Looks("first-admin-refused")

	b.Write("#f-name", "Ann Lee")
	b.Write("#f-email", "Ann@acme.test")
	b.Press("form.page button")
	b.Shows("1. Connect Slack or Microsoft Teams")

	b.Open("/settings/accounts")
	b.Shows("No customer can write to you yet")
	b.Looks("accounts-none")

	b.Press("a[href='/settings/new-account/http']")
	b.Write("#f-name", "shop")
	b.Write("#f-http-secret", "short")
	b.Write("#f-http-callback_url", "https://shop.test/parley")
	b.Looks("account-new")
	b.Press("form.page button")
	b.Shows("At least 16 characters are needed")

	b.Write("#f-http-secret", "a-secret-that-is-long")
	b.Press("form.page button")
	b.Shows("shop")
	b.Shows("Saved. Account shop:")
	b.Holds("#f-mode", "watch")

	b.Choose("#f-mode", "live")
	b.Press("form.page button")
	b.Has(".flash")
	b.Holds("#f-mode", "live")
	b.Looks("account")

	b.Open("/settings/accounts")
	b.Press("button[aria-label='Pause shop']")
	b.Shows("Paused")
	b.Looks("accounts-paused")
	b.Press("button[aria-label='Resume shop']")
	b.Has("button[aria-label='Pause shop']")
}

// Two admins change the same account. The second is told so, and what she typed isn't lost. A fault is shown beside
// its field, and a field that the page doesn't have changes nothing.
func TestAccountPage(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	ann := s.Visitor("ann@acme.test")
	const path = "/settings/accounts/support-mail/replies"
	page := ann.Get(path)
	first := ann.Post(path, url.Values{
		"version": {page.Version()},
		"hold":    {"45s"},
		"kind":    {"sms"},
		"team":    {"Support"},
		"side":    {"surface"},
	})
	if first.Status != http.StatusSeeOther {
		t.Fatalf("saving: %d %s", first.Status, first.Body)
	}

	if again := ann.Post(path, url.Values{"version": {page.Version()}, "hold": {"1m30s"}}); again.Status != http.StatusUnprocessableEntity ||
		!again.Has("Somebody else changed this") || !again.Has(`value="1m30s"`) {
		t.Errorf("a second admin: %d", again.Status)
	}

	wrong := ann.Post(path, url.Values{"version": {ann.Get(path).Version()}, "hold": {"<script>soon</script>"}, "mode": {"watch"}})
	if wrong.Status != http.StatusUnprocessableEntity || !wrong.Has("isn't a duration") || wrong.Has("<script>soon") {
		t.Errorf("a wrong hold: %d", wrong.Status)
	}

	var kind, hold, mode string
	if err := s.Pool.QueryRow(t.Context(), `SELECT kind, hold_seconds::text, mode FROM accounts
		WHERE name = 'support-mail'`).Scan(&kind, &hold, &mode); err != nil ||
		kind != "email" || hold != "45" || mode != "live" {
		t.Errorf("stored: %s %s %s %v", kind, hold, mode, err)
	}

	if a := ann.Get("/settings/accounts/" + url.PathEscape("../../etc/passwd")); a.Status != http.StatusNotFound {
		t.Errorf("no such account: %d", a.Status)
	}
}

// An account may have its own bounds for the sizes of files. If it has none, those of the company count. Both are set
// on pages, which say what is wrong with them.
// Requirement R-067: Bounds of each channel and account.
func TestBoundsOnPages(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	ann := s.Visitor("ann@acme.test")
	set := func(path, bounds string) sitetest.Answer {
		t.Helper()
		form := formAt(ann.Get(path), path)
		if form == nil {
			t.Fatalf("%s has no form", path)
		}
		return ann.Post(path, with(form.Values, url.Values{"settings.file_limits": {bounds}}))
	}

	counts := func(account string, megabytes int64) {
		t.Helper()
		d := directoryOf(t, s)
		for _, a := range d.Accounts {
			if a.Name != account {
				continue
			}
			if got := bridge.SettingsOf(d.Settings, a.Settings, true).FileLimits[channels.FileImage]; got/(1<<20) != megabytes {
				t.Errorf("%s: pictures may have %d bytes, want %d MB", account, got, megabytes)
			}
		}
	}

	set("/settings/company", "image 5MB")
	if a := set("/settings/accounts/shop/replies", "image huge"); a.Status != http.StatusUnprocessableEntity ||
		!a.Has("Write kinds and sizes: image 5MB") {
		t.Errorf("bounds that are none: %d", a.Status)
	}

	counts("shop", 5)
	set("/settings/accounts/shop/replies", "image 1MB, audio 0")
	counts("shop", 1)
	counts("support-mail", 5)
	if a := ann.Get("/settings/accounts/shop/replies"); !a.Has("image 1MB, audio 0") || !a.Has("Largest files") {
		t.Error("the page doesn't show them")
	}
}
