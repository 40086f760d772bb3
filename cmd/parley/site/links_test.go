package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/bot/web"
	"parley/cmd/parley/site/sitetest"
	"parley/store/storetest"
)

// Signing in gives the browser a new session, and leads to the page that was asked for. The session has another token
// than the one before, which somebody may have planted in the browser.
func TestSignInMakesNewSession(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	v := s.Visitor("")
	planted := v.Get("/settings/accounts").Header.Get("Set-Cookie")
	signIn := v.Post(s.Link("ann@acme.test"), nil)
	wantRedirect(t, "signing in", signIn, "/settings/accounts")
	wantHeader(t, "signing in", signIn, "Set-Cookie", "HttpOnly")
	wantHeader(t, "signing in", signIn, "Set-Cookie", "SameSite=Lax")
	if cookie := signIn.Header.Get("Set-Cookie"); sessionToken(cookie) == sessionToken(planted) {
		t.Errorf("after signing in the session's cookie is %q, want another token than in %q", cookie, planted)
	}
}

// sessionToken returns the value of a Set-Cookie header.
func sessionToken(cookie string) string {
	_, rest, _ := strings.Cut(cookie, "=")
	value, _, _ := strings.Cut(rest, ";")
	return value
}

// Signing out ends the session of one browser alone.
func TestSignOut(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	here, elsewhere := s.Visitor("ann@acme.test"), s.Visitor("ann@acme.test")
	here.Post("/auth/sign-out", nil)
	wantSignIn(t, "this browser", here.Get("/settings/accounts"))
	wantStatus(t, "her other browser", elsewhere.Get("/settings/accounts"), http.StatusOK)
}

// Signing out everywhere ends all sessions of an agent, and no other agent's.
func TestSignOutEverywhere(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	here, elsewhere, ben := s.Visitor("ann@acme.test"), s.Visitor("ann@acme.test"), s.Visitor("ben@acme.test")
	here.Post("/auth/sign-out-everywhere", nil)
	wantSignIn(t, "her other browser", elsewhere.Get("/settings/accounts"))
	wantStatus(t, "Ben's page", ben.Get("/settings"), http.StatusOK)
}

// An agent who was taken out is signed out at once.
func TestFormerAgentIsSignedOut(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	ben := s.Visitor("ben@acme.test")
	storetest.Exec(t, s.Pool, `UPDATE agents SET active = false WHERE email = 'ben@acme.test'`)
	wantStatus(t, "Ben's page", ben.Get("/settings"), http.StatusSeeOther)
}

// A link signs in whom it names, whatever is posted with it, and leads where that person may go.
func TestLinkIsOfWhomItNames(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	v := s.Visitor("")
	wantRedirect(t, "signing in", v.Post(s.Link("ben@acme.test"), url.Values{"email": {"ann@acme.test"}, "name": {"Ann"}}), "/settings")
	wantShown(t, "the page", v.Get("/settings"), "Ben")
}

// A link signs in once. Opening its page doesn't use it up.
func TestLinkWorksOnce(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	link := s.Link("ann@acme.test")
	for range 2 {
		page := s.Visitor("").Get(link)
		wantStatus(t, "looking at the link", page, http.StatusOK)
		wantShown(t, "the link's page", page, "Ann Lee")
	}
	wantStatus(t, "signing in", s.Visitor("").Post(link, nil), http.StatusSeeOther)
	again := s.Visitor("").Post(link, nil)
	wantStatus(t, "signing in a second time", again, http.StatusNotFound)
	wantShown(t, "the answer to it", again, "does not work any more")
}

func TestOwnPath(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		path string
		want string
	}{
		{path: "/settings/accounts?x=1", want: "/settings/accounts?x=1"},
		{path: "/settings/..//evil.test", want: "/settings/..//evil.test"},
		{path: "//evil.test", want: "/settings"},
		{path: "https://evil.test", want: "/settings"},
		{path: `/\evil.test`, want: "/settings"},
		{path: "/metrics", want: "/settings"},
		{path: "", want: "/settings"},
		{path: "/settings\r\nX: y", want: "/settings"},
	} {
		if got := web.OwnPath(tt.path); got != tt.want {
			t.Errorf("OwnPath(%q) = %q, want %q", tt.path, got, tt.want)
		}
	}
}

// countRowsOf returns the number that a query yields.
func countRowsOf(t *testing.T, s *sitetest.Site, query string, args ...any) (n int) {
	t.Helper()
	if err := s.Pool.QueryRow(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// maxTries is how many requests of one stranger the site may answer before it has to refuse one.
const maxTries = 100

// Somebody who asks for pages without being signed in is slowed down, even with new browsers.
func TestStrangersAreSlowedDown(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	for range maxTries {
		a := s.Visitor("").Get("/settings/log")
		if a.Status != http.StatusTooManyRequests {
			continue
		}
		if wait := a.Header.Get("Retry-After"); wait != "60" {
			t.Errorf("Retry-After is %q, want 60", wait)
		}
		if n := countRowsOf(t, s, `SELECT count(*) FROM site_sessions`); n > maxTries {
			t.Errorf("%d sessions of strangers are kept, want at most %d", n, maxTries)
		}
		return
	}
	t.Fatalf("%d requests of a stranger were answered, want one refused", maxTries)
}
