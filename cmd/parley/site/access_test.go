package site_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/bot/web"
	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
)

// withoutRateLimit lets a second pass with each look at the clock, so that nobody sends too much at once.
func withoutRateLimit() func(*site.Options) {
	var looks atomic.Int64
	return func(o *site.Options) {
		o.Now = func() time.Time { return time.Now().Add(time.Duration(looks.Add(1)) * time.Second) }
	}
}

// startRanks starts a site with every route, and with a person of each rank: Ann is a super-admin, Cy an admin, Ben
// an agent.
func startRanks(t *testing.T) *sitetest.Site {
	t.Helper()
	return sitetest.Start(t, ranks(), allProviders(t), withInbox(t), withoutRateLimit())
}

// fromSite is the header with which a browser says that a page of the site itself sent a request.
func fromSite() http.Header { return http.Header{"Sec-Fetch-Site": {"same-origin"}} }

// fromOtherSites are the headers with which browsers say that a page of another site sent a request.
func fromOtherSites() []http.Header {
	return []http.Header{{"Sec-Fetch-Site": {"cross-site"}}, {"Sec-Fetch-Site": {"same-site"}}, {"Origin": {"https://evil.test"}}}
}

// No route lets anybody further than their role allows. A stranger is asked to sign in, and is told that a form that
// was sent wasn't saved. An agent is refused what is for admins, and an admin what is for super-admins.
// Requirement R-211: Roles.
// Requirement R-221: Pages for admins.
func TestAccess(t *testing.T) {
	t.Parallel()
	s := startRanks(t)
	admin, agent := s.Visitor("cy@acme.test"), s.Visitor("ben@acme.test")
	for _, route := range s.Pages.Routes() {
		if route.Token != nil {
			continue // programs use it: TestAPINeedsToken
		}
		method, _, _ := strings.Cut(route.Pattern, " ")
		path := requests()[route.Pattern]
		if route.For != web.Anyone {
			a := s.Visitor("").Do(method, path, nil, fromSite())
			if method == http.MethodGet {
				wantSignIn(t, route.Pattern+", not signed in", a)
			} else {
				wantSignedOutForm(t, route.Pattern+", not signed in", a)
			}
		}

		forbidden := agent.Do(method, path, nil, fromSite()).Status == http.StatusForbidden
		needsRole := strings.HasPrefix(path, "/settings/blocked") // a role of the company's own that opens the list
		if want := route.For == web.Admins || route.For == web.SuperAdmins || needsRole; forbidden != want {
			t.Errorf("%s, as an agent: forbidden is %t, want %t", route.Pattern, forbidden, want)
		}
		forbidden = admin.Do(method, path, nil, fromSite()).Status == http.StatusForbidden
		if want := route.For == web.SuperAdmins; forbidden != want {
			t.Errorf("%s, as an admin: forbidden is %t, want %t", route.Pattern, forbidden, want)
		}

		if strings.HasPrefix(path, "/auth/sign-out") {
			admin, agent = s.Visitor("cy@acme.test"), s.Visitor("ben@acme.test")
		}
	}
}

// Routes for programs need a token, whoever is signed in (tokens_test.go).
// Requirement R-211: Roles.
// Requirement R-221: Pages for admins.
func TestAPINeedsToken(t *testing.T) {
	t.Parallel()
	s := startRanks(t)
	for _, tt := range []struct {
		name    string
		visitor *sitetest.Visitor
	}{
		{name: "a stranger", visitor: s.Visitor("")},
		{name: "an agent", visitor: s.Visitor("ben@acme.test")},
		{name: "a super-admin", visitor: s.Visitor("ann@acme.test")},
	} {
		for _, route := range s.Pages.Routes() {
			if route.Token == nil {
				continue
			}
			method, _, _ := strings.Cut(route.Pattern, " ")
			a := tt.visitor.Do(method, requests()[route.Pattern], nil, fromSite())
			wantStatus(t, route.Pattern+", as "+tt.name, a, http.StatusUnauthorized)
		}
	}
}

// A form that a page of another site sends is refused, even if a super-admin is signed in.
// Requirement R-211: Roles.
// Requirement R-221: Pages for admins.
func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	s := startRanks(t)
	super := s.Visitor("ann@acme.test")
	for _, route := range s.Pages.Routes() {
		method, _, _ := strings.Cut(route.Pattern, " ")
		if method != http.MethodPost || route.Token != nil {
			continue
		}
		for _, header := range fromOtherSites() {
			a := super.Do(method, requests()[route.Pattern], nil, header)
			wantStatus(t, fmt.Sprintf("%s with %v", route.Pattern, header), a, http.StatusForbidden)
		}
	}
}

// Every page tells the browser to run nothing but the site's own script, has nothing that this would block, and shows
// no secret.
func TestPagesAreGuarded(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme, allProviders(t), withInbox(t))
	ann := s.Visitor("ann@acme.test")
	for pattern, path := range requests() {
		if !strings.HasPrefix(pattern, "GET ") {
			continue
		}
		a := ann.Get(path)
		if a.Status >= http.StatusInternalServerError {
			t.Errorf("%s has status %d, want a page", path, a.Status)
		}
		wantHeader(t, path, a, "Content-Security-Policy", "script-src 'self'")
		wantHeader(t, path, a, "X-Content-Type-Options", "nosniff")
		wantHeader(t, path, a, "Cache-Control", "no-store")
		wantHeader(t, path, a, "Referrer-Policy", "same-origin")
		if pattern != "GET /auth/tab" { // which is in a frame of Teams: TestTabIsFramed
			wantHeader(t, path, a, "X-Frame-Options", "DENY")
		}
		wantHidden(t, path, a, sitetest.Secrets()...)
		wantHidden(t, path, a, " style=", "<style", " onclick=", "<script>")
	}
}
