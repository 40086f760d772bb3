package site_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
)

// Every answer of the site has headers that tell the browser what it may do with it: pages, forms, refusals,
// redirects, files and missing pages, for strangers, agents and admins. No answer repeats a script that was sent.
func TestHeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme, allProviders(t))
	requests := requests()
	requests["GET /settings/no-such-page"] = "/settings/no-such-page"
	requests["POST /settings/no-such-page"] = "/settings/no-such-page"
	requests["GET /settings/assets/site.css"] = "/settings/assets/none.css"

	for _, tt := range []struct {
		name    string
		visitor *sitetest.Visitor
	}{
		{name: "a stranger", visitor: s.Visitor("")},
		{name: "an agent", visitor: s.Visitor("ben@acme.test")},
		{name: "an admin", visitor: s.Visitor("ann@acme.test")},
	} {
		for pattern, path := range requests {
			method, _, _ := strings.Cut(pattern, " ")
			for _, header := range append(fromOtherSites(), fromSite()) {
				a := tt.visitor.Do(method, path, url.Values{"x": {"<script>alert(1)</script>"}}, header)
				what := fmt.Sprintf("%s for %s with %v", pattern, tt.name, header)
				if a.Status >= http.StatusInternalServerError && a.Status != http.StatusBadGateway {
					t.Errorf("%s has status %d, want no error of Parley's", what, a.Status)
				}
				wantHidden(t, what, a, "<script>alert(1)")
				wantGuarded(t, what, pattern, a)
			}
		}
	}
}

// wantGuarded fails the test if an answer lacks a header that guards pages, or sets a cookie that scripts or other
// sites could use.
func wantGuarded(t *testing.T, what, pattern string, a sitetest.Answer) {
	t.Helper()
	wantHeader(t, what, a, "Content-Security-Policy", "default-src 'none'")
	wantHeader(t, what, a, "X-Content-Type-Options", "nosniff")
	wantHeader(t, what, a, "Referrer-Policy", "same-origin")
	wantHeader(t, what, a, "Cross-Origin-Opener-Policy", "same-origin")
	wantHeader(t, what, a, "Cache-Control", "no-store")
	if !strings.HasSuffix(pattern, " /auth/tab") { // which is in a frame of Teams: TestTabIsFramed
		wantHeader(t, what, a, "X-Frame-Options", "DENY")
	}
	for _, cookie := range a.Header.Values("Set-Cookie") {
		for _, attribute := range []string{"HttpOnly", "SameSite=Lax", "Path=/"} {
			if !strings.Contains(cookie, attribute) {
				t.Errorf("%s sets the cookie %q, want %s", what, cookie, attribute)
			}
		}
		if strings.Contains(cookie, "Domain=") {
			t.Errorf("%s sets the cookie %q, want one for this host alone", what, cookie)
		}
	}
}

// If the site is reached by https, its cookies are never sent by http, and browsers are told never to try http.
func TestHTTPSAlone(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme, func(o *site.Options) { o.BaseURL = "https://help.acme.test" })
	a := s.Visitor("").Get("/settings")
	wantHeader(t, "a page", a, "Set-Cookie", "Secure")
	if a.Header.Get("Strict-Transport-Security") == "" {
		t.Error("a page has no header Strict-Transport-Security, want one, so that browsers never come by http")
	}
}

// Somebody who guesses links is slowed down, even with new browsers and with addresses made up behind the proxy.
// Meanwhile nobody else is kept from the pages.
func TestGuessingLinks(t *testing.T) {
	t.Parallel()
	const guesses, wantRefused = 150, 50
	s := sitetest.Start(t, sitetest.Acme)
	ann := s.Visitor("ann@acme.test")
	refused := 0
	for n := range guesses {
		header := fromSite()
		madeUp := "192.0.2." + strconv.Itoa(n) // by the client; the proxy adds what it sees
		header.Set("X-Forwarded-For", madeUp+", 203.0.113.7")
		if s.Visitor("").Do(http.MethodPost, "/auth/link/GUESS", nil, header).Status == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused < wantRefused {
		t.Errorf("of %d guesses %d were refused, want at least %d", guesses, refused, wantRefused)
	}

	wantStatus(t, "Ann, who is signed in", ann.Get("/settings/accounts"), http.StatusOK)
	elsewhere := http.Header{"X-Forwarded-For": {"198.51.100.1"}}
	wantStatus(t, "Ben, who comes from elsewhere through the same proxy",
		s.Visitor("").Do(http.MethodGet, "/auth/sign-in", nil, elsewhere), http.StatusOK)
}

// countLongSessions returns how many sessions last longer than so long from now on.
func countLongSessions(t *testing.T, s *sitetest.Site, longer time.Duration) int {
	t.Helper()
	return countRowsOf(t, s, `SELECT count(*) FROM site_sessions WHERE expires_at > clock_timestamp() + $1::interval`, longer)
}
