package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/bot/web"
	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
)

// requests lists, for every route, a request that reaches it. A route without one fails the test: whoever adds a
// page says here how it is asked for.
func requests() map[string]string {
	return map[string]string{
		"GET /auth/sign-in":                             "/auth/sign-in",
		"GET /auth/link/{link}":                         "/auth/link/none",
		"POST /auth/link/{link}":                        "/auth/link/none",
		"GET /auth/with/slack":                          "/auth/with/slack",
		"GET /auth/with/slack/back":                     "/auth/with/slack/back",
		"GET /auth/with/microsoft":                      "/auth/with/microsoft",
		"GET /auth/with/microsoft/back":                 "/auth/with/microsoft/back?code=x&state=y",
		"GET /auth/with/oidc":                           "/auth/with/oidc",
		"GET /auth/with/oidc/back":                      "/auth/with/oidc/back?error=access_denied",
		"GET /auth/tab":                                 "/auth/tab?to=inbox",
		"POST /auth/tab":                                "/auth/tab",
		"POST /auth/sign-out":                           "/auth/sign-out",
		"POST /auth/sign-out-everywhere":                "/auth/sign-out-everywhere",
		"GET /settings/first-steps":                     "/settings/first-steps",
		"GET /settings/first-steps/slack-manifest.json": "/settings/first-steps/slack-manifest.json",
		"GET /settings/first-steps/teams-app.zip":       "/settings/first-steps/teams-app.zip",
		"POST /settings/first-steps/slack":              "/settings/first-steps/slack",
		"POST /settings/first-steps/teams":              "/settings/first-steps/teams",
		"POST /settings/first-steps/disconnect":         "/settings/first-steps/disconnect",
		"GET /settings/first-steps/members":             "/settings/first-steps/members?team=Support&chat=slack",
		"POST /settings/first-steps/members":            "/settings/first-steps/members",
		"POST /settings/first-steps/agents":             "/settings/first-steps/agents",
		"POST /settings/first-steps/team":               "/settings/first-steps/team",
		"GET /settings":                                 "/settings",
		"GET /settings/accounts":                        "/settings/accounts",
		"GET /settings/accounts/{name}":                 "/settings/accounts/support-mail",
		"POST /settings/accounts/{name}":                "/settings/accounts/support-mail",
		"POST /settings/accounts/{name}/pause":          "/settings/accounts/support-mail/pause",
		"POST /settings/accounts/{name}/take-out":       "/settings/accounts/support-mail/take-out",
		"GET /settings/new-account/{kind}":              "/settings/new-account/email",
		"POST /settings/new-account/{kind}":             "/settings/new-account/email",
		"GET /settings/dashboard":                       "/settings/dashboard",
		"GET /settings/dashboard/longest":               "/settings/dashboard/longest",
		"GET /settings/dashboard/figures.csv":           "/settings/dashboard/figures.csv",
		"GET /settings/add-mailbox":                     "/settings/add-mailbox",
		"POST /settings/add-mailbox":                    "/settings/add-mailbox",
		"POST /settings/add-mailbox/servers":            "/settings/add-mailbox/servers",
		"POST /settings/add-mailbox/provider":           "/settings/add-mailbox/provider",
		"GET /settings/mailboxes/return":                "/settings/mailboxes/return?state=made-up",
		"GET /settings/mailboxes/{name}":                "/settings/mailboxes/support-mail",
		"POST /settings/mailboxes/{name}/connect":       "/settings/mailboxes/support-mail/connect",
		"POST /settings/mailboxes/{name}/test":          "/settings/mailboxes/support-mail/test",

		"GET /settings/add-whatsapp":            "/settings/add-whatsapp",
		"POST /settings/add-whatsapp/sign-up":   "/settings/add-whatsapp/sign-up",
		"GET /settings/add-whatsapp/return":     "/settings/add-whatsapp/return?state=made-up&code=x",
		"GET /settings/add-whatsapp/numbers":    "/settings/add-whatsapp/numbers",
		"POST /settings/add-whatsapp/numbers":   "/settings/add-whatsapp/numbers",
		"GET /settings/add-number/{kind}":       "/settings/add-number/whatsapp",
		"POST /settings/add-number/{kind}":      "/settings/add-number/sms",
		"GET /settings/numbers/{name}":          "/settings/numbers/none",
		"POST /settings/numbers/{name}/check":   "/settings/numbers/none/check",
		"POST /settings/numbers/{name}/webhook": "/settings/numbers/none/webhook",

		"GET /settings/log":                         "/settings/log?who=1&what=resolved&conversation=%2312&from=2026-01-01&until=2026-02-01",
		"GET /settings/log.csv":                     "/settings/log.csv",
		"GET /settings/erase":                       "/settings/erase?contact=nobody",
		"GET /settings/erase/contact/{id}":          "/settings/erase/contact/1",
		"POST /settings/erase/contact/{id}":         "/settings/erase/contact/1",
		"GET /settings/erase/contact/{id}/export":   "/settings/erase/contact/1/export",
		"POST /settings/erase/go-on/{erasure}":      "/settings/erase/go-on/none",
		"GET /settings/erase/certificate/{erasure}": "/settings/erase/certificate/none",
		"GET /settings/tokens":                      "/settings/tokens",
		"POST /settings/tokens":                     "/settings/tokens",
		"POST /settings/tokens/{id}/revoke":         "/settings/tokens/1/revoke",
		"GET /api/figures.csv":                      "/api/figures.csv",
		"GET /api/log.csv":                          "/api/log.csv",
		"GET /api/setup":                            "/api/setup",
		"PUT /api/setup":                            "/api/setup",
		"GET /settings/health":                      "/settings/health",
		"POST /settings/health":                     "/settings/health",
		"GET /settings/retention":                   "/settings/retention",
		"POST /settings/retention":                  "/settings/retention",
		"GET /settings/stuck":                       "/settings/stuck",
		"POST /settings/stuck/{delivery}/decide":    "/settings/stuck/1/decide",
		"POST /settings/stuck/{event}/replay":       "/settings/stuck/1/replay",
		"POST /settings/stuck/{event}/drop":         "/settings/stuck/1/drop",
		"GET /settings/blocked":                     "/settings/blocked",
		"POST /settings/blocked/{sender}/unblock":   "/settings/blocked/1/unblock",

		"GET /inbox":             "/inbox?list=unassigned",
		"GET /inbox/live":        "/inbox/live?conversation=99",
		"GET /inbox/{id}":        "/inbox/99",
		"POST /inbox/{id}":       "/inbox/99",
		"POST /inbox/{id}/reply": "/inbox/99/reply",
		"GET /inbox/{id}/pictures/{message}/{index}": "/inbox/99/pictures/1/0",
		"GET /inbox/{id}/files/{message}/{index}":    "/inbox/99/files/1/0",

		"GET /settings/company":  "/settings/company",
		"POST /settings/company": "/settings/company",

		"GET /settings/accounts/{name}/hours":  "/settings/accounts/support-mail/hours",
		"POST /settings/accounts/{name}/hours": "/settings/accounts/support-mail/hours",

		"GET /settings/accounts/{name}/signature":  "/settings/accounts/support-mail/signature",
		"POST /settings/accounts/{name}/signature": "/settings/accounts/support-mail/signature",
		"GET /settings/me":                         "/settings/me",
		"POST /settings/me":                        "/settings/me",

		"GET /settings/templates":                  "/settings/templates",
		"GET /settings/templates/{name}":           "/settings/templates/shop%2Fen%2FHello",
		"POST /settings/templates/{name}":          "/settings/templates/shop%2Fen%2FHello",
		"POST /settings/templates/{name}/take-out": "/settings/templates/shop%2Fen%2FHello/take-out",
		"GET /settings/new-template":               "/settings/new-template",
		"POST /settings/new-template":              "/settings/new-template",

		"GET /settings/ai":            "/settings/ai",
		"POST /settings/ai":           "/settings/ai",
		"POST /settings/ai/knowledge": "/settings/ai/knowledge",
		"POST /settings/ai/try":       "/settings/ai/try",

		"GET /settings/agents":                  "/settings/agents",
		"GET /settings/agents/{name}":           "/settings/agents/ben@acme.test",
		"POST /settings/agents/{name}":          "/settings/agents/ben@acme.test",
		"POST /settings/agents/{name}/take-out": "/settings/agents/ben@acme.test/take-out",
		"GET /settings/new-agent":               "/settings/new-agent",
		"POST /settings/new-agent":              "/settings/new-agent",

		"GET /settings/teams":                  "/settings/teams",
		"GET /settings/teams/{name}":           "/settings/teams/Support",
		"POST /settings/teams/{name}":          "/settings/teams/Support",
		"POST /settings/teams/{name}/take-out": "/settings/teams/Support/take-out",
		"GET /settings/new-team":               "/settings/new-team",
		"POST /settings/new-team":              "/settings/new-team",

		"GET /settings/tags":                  "/settings/tags",
		"GET /settings/tags/{name}":           "/settings/tags/Billing",
		"POST /settings/tags/{name}":          "/settings/tags/Billing",
		"POST /settings/tags/{name}/take-out": "/settings/tags/Billing/take-out",
		"GET /settings/new-tag":               "/settings/new-tag",
		"POST /settings/new-tag":              "/settings/new-tag",
	}
}

// hasting lets a second pass with each look at the clock, so that nobody sends too much at once.
func hasting() func(*site.Options) {
	var looks atomic.Int64
	return func(o *site.Options) {
		o.Now = func() time.Time { return time.Now().Add(time.Duration(looks.Add(1)) * time.Second) }
	}
}

// Nobody gets further than their role allows, on any route: whoever is not signed in is asked to, an agent who is
// no admin is refused what is for admins, an admin what is for super-admins, and a form that another site sends is refused to everybody.
//
func TestAccess(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, ranks(), allProviders(t), withInbox(t), hasting())
	known := requests()
	super, admin, signedIn := s.Visitor("ann@acme.test"), s.Visitor("cy@acme.test"), s.Visitor("ben@acme.test")
	for _, route := range s.Pages.Routes() {
		path := known[route.Pattern]
		if path == "" {
			t.Errorf("%s: no request in this test", route.Pattern)
			continue
		}
		delete(known, route.Pattern)
		method, _, _ := strings.Cut(route.Pattern, " ")
		stranger, agent := s.Visitor(""), signedIn
		same := http.Header{"Sec-Fetch-Site": {"same-origin"}}
		if route.Token != nil { // TestTokens
			for who, v := range map[string]*sitetest.Visitor{"nobody": stranger, "an agent": agent, "a super-admin": super} {
				if a := v.Do(method, path, nil, same); a.Status != http.StatusUnauthorized {
					t.Errorf("%s, as %s without a token: %d", route.Pattern, who, a.Status)
				}
			}
			continue
		}
		if a := stranger.Do(method, path, nil, same); route.For != web.Anyone && (a.Status != http.StatusSeeOther || a.Header.Get("Location") != "/auth/sign-in") {
			t.Errorf("%s, not signed in: %d to %s", route.Pattern, a.Status, a.Header.Get("Location"))
		}
		if a := agent.Do(method, path, nil, same); (route.For <= web.Admins) != (a.Status == http.StatusForbidden) {
			t.Errorf("%s, as an agent: %d", route.Pattern, a.Status)
		}
		if a := admin.Do(method, path, nil, same); (route.For == web.SuperAdmins) != (a.Status == http.StatusForbidden) {
			t.Errorf("%s, as an admin: %d", route.Pattern, a.Status)
		}
		if strings.HasPrefix(path, "/auth/sign-out") {
			signedIn, admin = s.Visitor("ben@acme.test"), s.Visitor("cy@acme.test")
		}
		if method != http.MethodPost {
			continue
		}
		for _, header := range []http.Header{{"Sec-Fetch-Site": {"cross-site"}}, {"Origin": {"https://evil.test"}}, {"Sec-Fetch-Site": {"same-site"}}} {
			if a := super.Do(method, path, nil, header); a.Status != http.StatusForbidden {
				t.Errorf("%s, sent by another site: %d", route.Pattern, a.Status)
			}
		}
	}
	for pattern := range known {
		t.Errorf("%s: there is no such route", pattern)
	}
}

// Every page tells the browser to run nothing but the site's own script, and shows no secret.
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
			t.Errorf("%s: %d", path, a.Status)
		}
		for name, want := range map[string]string{"Content-Security-Policy": "script-src 'self'", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
			"X-Frame-Options": "DENY", "Referrer-Policy": "same-origin"} {
			if path == "/auth/tab?to=inbox" && name == "X-Frame-Options" {
				want = "" // TestTabIsFramed
			}
			if !strings.Contains(a.Header.Get(name), want) {
				t.Errorf("%s: %s is %q", path, name, a.Header.Get(name))
			}
		}
		for _, secret := range sitetest.Secrets() {
			if a.Has(secret) {
				t.Errorf("%s shows a secret", path)
			}
		}
		for _, inline := range []string{" style=", "<style", " onclick=", "<script>"} {
			if a.Has(inline) {
				t.Errorf("%s has %s, which the policy blocks", path, inline)
			}
		}
	}
}

// A session that somebody planted before is worth nothing after signing in; signing out ends one, and signing out
// everywhere ends all; who takes part no more is out at once.
func TestSessions(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	planted := s.Visitor("")
	before := planted.Get("/settings/accounts").Header.Get("Set-Cookie")
	after := planted.Post(s.Link("ann@acme.test"), nil)
	if cookie := after.Header.Get("Set-Cookie"); cookie == "" || token(cookie) == token(before) {
		t.Errorf("the token stayed: %q, %q", before, cookie)
	}
	if cookie := after.Header.Get("Set-Cookie"); !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Lax") {
		t.Errorf("cookie: %s", cookie)
	}
	if after.Header.Get("Location") != "/settings/accounts" {
		t.Errorf("after signing in: %s", after.Header.Get("Location"))
	}
	one, two, three := s.Visitor("ann@acme.test"), s.Visitor("ann@acme.test"), s.Visitor("ben@acme.test")
	one.Post("/auth/sign-out", nil)
	if one.Get("/settings/accounts").Status != http.StatusSeeOther || two.Get("/settings/accounts").Status != http.StatusOK {
		t.Error("signing out ended the wrong session")
	}
	two.Post("/auth/sign-out-everywhere", nil)
	if planted.Get("/settings/accounts").Status != http.StatusSeeOther || three.Get("/settings").Status != http.StatusOK {
		t.Error("signing out everywhere left a session, or ended another agent's")
	}
	if _, err := s.Pool.Exec(t.Context(), `UPDATE agents SET active = false WHERE email = 'ben@acme.test'`); err != nil {
		t.Fatal(err)
	}
	if three.Get("/settings").Status != http.StatusSeeOther {
		t.Error("who takes part no more is still signed in")
	}
}

func token(cookie string) string {
	_, rest, _ := strings.Cut(cookie, "=")
	value, _, _ := strings.Cut(rest, ";")
	return value
}

// A link works once. Looking at it uses nothing up, and nobody is led to another site.
func TestLink(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	link := s.Link("ann@acme.test")
	for range 2 {
		if a := s.Visitor("").Get(link); a.Status != http.StatusOK || !a.Has("Ann Lee") {
			t.Errorf("looking: %d", a.Status)
		}
	}
	if a := s.Visitor("").Post(link+"?next=https://evil.test", url.Values{"next": {"//evil.test"}}); a.Header.Get("Location") != "/settings" {
		t.Errorf("signing in leads to %q", a.Header.Get("Location"))
	}
	if a := s.Visitor("").Post(link, nil); a.Status != http.StatusNotFound || !a.Has("does not work any more") {
		t.Errorf("the second time: %d", a.Status)
	}
	for path, want := range map[string]string{"/settings/accounts?x=1": "/settings/accounts?x=1", "//evil.test": "/settings", "https://evil.test": "/settings",
		`/\evil.test`: "/settings", "/settings/..//evil.test": "/settings/..//evil.test", "/metrics": "/settings", "": "/settings", "/settings\r\nX: y": "/settings"} {
		if got := web.OwnPath(path); got != want {
			t.Errorf("OwnPath(%q) = %q, want %q", path, got, want)
		}
	}
}

// The link of somebody who has no name signs that person in, and makes nobody an admin.
func TestLinkOfNobodyByName(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	if _, err := s.Pool.Exec(t.Context(), `UPDATE agents SET name = '' WHERE email = 'ben@acme.test'`); err != nil {
		t.Fatal(err)
	}
	link := s.Link("ben@acme.test")
	if a := s.Visitor("").Get(link); a.Has("first admin") || !a.Has("ben@acme.test") {
		t.Errorf("Ben is offered to become the first admin: %d %s", a.Status, a.Body)
	}
	s.Visitor("").Post(link, url.Values{"email": {"mallory@evil.test"}, "name": {"Mallory"}})
	var admins int
	if err := s.Pool.QueryRow(t.Context(), `SELECT count(*) FROM agents WHERE email = 'mallory@evil.test'`).Scan(&admins); err != nil || admins > 0 {
		t.Errorf("%d new admins: %v", admins, err)
	}
}

// Whoever asks for pages without being signed in is slowed down, and a long address is not remembered.
func TestStrangersAreSlowedDown(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	sessions := func() (n int) {
		if err := s.Pool.QueryRow(t.Context(), `SELECT count(*) FROM site_sessions`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if s.Visitor("").Get("/settings/log?x=" + strings.Repeat("x", 5000)); sessions() != 0 {
		t.Error("a long address is remembered")
	}
	a := s.Visitor("").Get("/settings/log")
	for n := 0; a.Status != http.StatusTooManyRequests; n++ {
		if n > 100 {
			t.Fatal("nobody minds")
		}
		a = s.Visitor("").Get("/settings/log")
	}
	if wait := a.Header.Get("Retry-After"); wait != "60" {
		t.Errorf("to be tried again after %q", wait)
	}
	if n := sessions(); n > 100 {
		t.Errorf("%d sessions of strangers", n)
	}
}

// Whoever tries links is slowed down.
func TestTryingLinks(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	thief := s.Visitor("")
	for n := range 200 {
		if thief.Get("/auth/link/try").Status == http.StatusTooManyRequests {
			return
		}
		if n > 100 {
			t.Fatal("nobody minds")
		}
	}
}
