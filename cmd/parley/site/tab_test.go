package site_test

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"parley/bot/teams"
	"parley/bot/web/oidcfake"
	"parley/bot/web/openid"
	"parley/channels/meta"
	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
)

// These tests are about the tab in Teams: a page of the site that Teams shows in a frame. The client of Teams hands
// it a token of Entra, by which it signs the agent in. startTab makes the site, with an emulated Entra.

const (
	teamsInBrowser = "5e3ce6c0-2b1f-4285-8d4b-75ee78787346" // the client id of Teams in a browser
	otherClient    = "00000000-0000-4000-8000-000000000000"
	tabHost        = "help.acme.test"
	tabAudience    = "api://" + tabHost + "/botid-parley"
	parleyApp      = "parley" // the client id of Parley's app
)

// tabSite is a site that Teams shows in a tab, and the Entra that gives tokens for it.
type tabSite struct {
	*door

	entra *oidcfake.Server
}

// startTab starts a site that Teams shows in a tab. Entra knows Ann by the object id that Parley knows, too, and some
// others whom no token signs in.
func startTab(t *testing.T) *tabSite {
	t.Helper()
	tab := &tabSite{door: &door{kind: openid.Microsoft}}
	tab.Site = sitetest.Start(t, sitetest.Acme, withInbox(t), func(o *site.Options) {
		entra, config := provider(t, openid.Microsoft, map[string]claims{
			"ann":       {"tid": ourOrganisation, "oid": annInTeams, "preferred_username": "private@home.test"},
			"thief":     {"tid": ourOrganisation, "oid": "eeee-6", "email": "ann@acme.test", "xms_edov": true}, // has Ann's address
			"unproven":  {"tid": ourOrganisation, "oid": "eeee-5", "email": "ben@acme.test"},
			"elsewhere": {"tid": "other", "oid": annInTeams},
			"nobody":    {"tid": ourOrganisation},
		})
		o.BaseURL = "https://" + tabHost
		var err error
		if o.SignUp, err = meta.NewSignUp(meta.SignUpOptions{AppID: "9000000001", Secret: "tops3cret", Config: "77001"}); err != nil {
			t.Fatal(err)
		}
		tab.fake, tab.entra = entra, entra
		o.Doors = site.Doors{
			Providers: func() []openid.Config { return []openid.Config{config} },
			Tab:       func() site.Tab { return site.Tab{Host: tabHost, Ancestors: teams.FrameOrigins()} },
		}
	})
	tab.addPeople()
	tab.Secure()
	return tab
}

// tokenRequest says for which token of Entra a test asks.
type tokenRequest struct {
	user     string // of Entra; "" means Ann
	audience string // "" means the tab
	client   string // who asks; "" means Teams in a browser
	change   map[string]any
}

// token returns a token of Entra.
func (tab *tabSite) token(t *testing.T, r tokenRequest) string {
	t.Helper()
	return must(tab.entra.TabToken(cmp.Or(r.user, "ann"), cmp.Or(r.audience, tabAudience), cmp.Or(r.client, teamsInBrowser), r.change))(t)
}

// signInForm is what the tab sends to sign an agent in.
func signInForm(token string) url.Values { return url.Values{"token": {token}, "to": {"settings"}} }

// In the tab a token for the app signs an agent in, whether it names the app by its address or by its id. The
// session's cookie is one that browsers send from a frame.
// Requirement R-274: An inbox in the browser.
// Requirement R-221: Pages for admins.
func TestTabSignsIn(t *testing.T) {
	t.Parallel()
	tab := startTab(t)
	for _, tt := range []struct {
		name     string
		audience string
	}{
		{name: "by address", audience: tabAudience},
		{name: "by id", audience: parleyApp},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v := tab.Visitor("")
			a := v.Post("/auth/tab", signInForm(tab.token(t, tokenRequest{audience: tt.audience})))
			wantRedirect(t, "signing in", a, "/settings")
			for _, attribute := range []string{"__Host-parley_tab=", "SameSite=None", "Secure", "Partitioned", "HttpOnly", "Path=/"} {
				wantHeader(t, "signing in", a, "Set-Cookie", attribute)
			}
			wantShown(t, "her first page", firstPage(v), "Ann Lee")

			out := v.Post("/auth/sign-out", nil)
			if to := out.Header.Get("Location"); to != "/auth/tab?stay=yes" {
				t.Errorf("signing out leads to %q, want the tab, which then doesn't sign in by itself", to)
			}
			if signedIn(v) {
				t.Error("she is signed in after signing out")
			}
		})
	}
}

// A token for another app, of another tenant, or of somebody whose object id Parley doesn't know signs nobody in. A
// text that is no token doesn't, either.
// Requirement R-274: An inbox in the browser.
// Requirement R-221: Pages for admins.
func TestTabRefusesTokens(t *testing.T) {
	t.Parallel()
	tab := startTab(t)
	for _, tt := range []struct {
		name string
		form url.Values
	}{
		{name: "of another tenant", form: signInForm(tab.token(t, tokenRequest{user: "elsewhere"}))},
		{name: "for another app", form: signInForm(tab.token(t, tokenRequest{audience: "api://" + tabHost + "/botid-other"}))},
		{name: "for another host", form: signInForm(tab.token(t, tokenRequest{audience: "api://evil.test/botid-parley"}))},
		{name: "of another client", form: signInForm(tab.token(t, tokenRequest{client: otherClient}))},
		{name: "of somebody with an agent's address", form: signInForm(tab.token(t, tokenRequest{user: "thief"}))},
		{name: "of somebody with an unproven address", form: signInForm(tab.token(t, tokenRequest{user: "unproven"}))},
		{name: "of somebody without an id", form: signInForm(tab.token(t, tokenRequest{user: "nobody"}))},
		{name: "of version 1", form: signInForm(tab.token(t, tokenRequest{change: map[string]any{"ver": "1.0"}}))},
		{name: "for another right", form: signInForm(tab.token(t, tokenRequest{change: map[string]any{"scp": "User.Read"}}))},
		{name: "for signing in outside of Teams", form: signInForm(tab.tokenForSignIn(t))},
		{name: "that is none", form: url.Values{"token": {"x.y.z"}}},
		{name: "that is missing", form: url.Values{}},
		{name: "that is too long", form: url.Values{"token": {strings.Repeat("x", 40_000)}}},
	} {
		t.Run(tt.name, func(t *testing.T) { wantTabRefuses(t, tab, tt.form) })
	}
}

// tokenForSignIn returns a token such as Entra gives to people who sign in on the page for that. It names no client
// and no right.
func (tab *tabSite) tokenForSignIn(t *testing.T) string {
	t.Helper()
	return must(tab.entra.TabToken("ann", parleyApp, "", map[string]any{"scp": ""}))(t)
}

func wantTabRefuses(t *testing.T, tab *tabSite, form url.Values) {
	t.Helper()
	v := tab.Visitor("")
	if a := v.Post("/auth/tab", form); a.Status < http.StatusBadRequest {
		t.Errorf("status %d, want a refusal", a.Status)
	}
	if signedIn(v) {
		t.Error("somebody is signed in by the token")
	}
}

// Requirement R-274: An inbox in the browser.
// Requirement R-221: Pages for admins.
func TestTabRefusesForgedTokens(t *testing.T) {
	t.Parallel()
	tab := startTab(t)
	for _, forgery := range []oidcfake.Forgery{
		oidcfake.ForgeIssuer,
		oidcfake.ForgeAudience,
		oidcfake.ForgeTwo,
		oidcfake.ForgeExpired,
		oidcfake.ForgeNotYet,
		oidcfake.ForgeSignature,
		oidcfake.ForgeUnknownKey,
		oidcfake.ForgeAlgNone,
		oidcfake.ForgeHS256,
	} {
		t.Run(string(forgery), func(t *testing.T) {
			tab.entra.Forge(forgery)
			form := signInForm(tab.token(t, tokenRequest{}))
			tab.entra.Forge(oidcfake.Honest)
			wantTabRefuses(t, tab, form)
		})
	}
}

// Nobody is signed in by a good token that a page of another site sends.
// Requirement R-274: An inbox in the browser.
// Requirement R-221: Pages for admins.
func TestTabRefusesFormsOfOtherSites(t *testing.T) {
	t.Parallel()
	tab := startTab(t)
	form := signInForm(tab.token(t, tokenRequest{}))
	for _, header := range []http.Header{{"Sec-Fetch-Site": {"cross-site"}}, {"Origin": {"https://teams.microsoft.com"}}} {
		a := tab.Visitor("").Do(http.MethodPost, "/auth/tab", form, header)
		wantStatus(t, fmt.Sprintf("with %v", header), a, http.StatusForbidden)
	}
}

// Only the page of the tab, and pages in its session, may be shown in a frame, and only in one of Teams.
// Requirement R-274: An inbox in the browser.
// Requirement R-221: Pages for admins.
func TestTabIsFramed(t *testing.T) {
	t.Parallel()
	tab := startTab(t)
	stranger, inBrowser, inTab := tab.Visitor(""), tab.Visitor("ann@acme.test"), tab.Visitor("")
	inTab.Post("/auth/tab", signInForm(tab.token(t, tokenRequest{})))
	for _, tt := range []struct {
		name       string
		visitor    *sitetest.Visitor
		path       string
		wantFramed bool
	}{
		{name: "the tab of a stranger", visitor: stranger, path: "/auth/tab?to=inbox", wantFramed: true},
		{name: "the tab of an agent", visitor: inBrowser, path: "/auth/tab?stay=yes", wantFramed: true},
		{name: "settings in the tab's session", visitor: inTab, path: "/settings", wantFramed: true},
		{name: "inbox in the tab's session", visitor: inTab, path: "/inbox", wantFramed: true},
		{name: "conversation in the tab's session", visitor: inTab, path: "/inbox/99", wantFramed: true},
		{name: "sign-in", visitor: stranger, path: "/auth/sign-in", wantFramed: false},
		{name: "link", visitor: stranger, path: "/auth/link/x", wantFramed: false},
		{name: "settings in a browser's session", visitor: inBrowser, path: "/settings/accounts", wantFramed: false},
		{name: "inbox in a browser's session", visitor: inBrowser, path: "/inbox?list=all", wantFramed: false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			header := tt.visitor.Get(tt.path).Header
			want := "'none'"
			if tt.wantFramed {
				want = strings.Join(teams.FrameOrigins(), " ")
			}
			_, ancestors, _ := strings.Cut(header.Get("Content-Security-Policy"), "frame-ancestors ")
			if ancestors != want {
				t.Errorf("%s may be framed by %s, want %s", tt.path, ancestors, want)
			}
			if denied := header.Get("X-Frame-Options") == "DENY"; denied == tt.wantFramed {
				t.Errorf("%s has X-Frame-Options %q, want DENY only where nobody may frame it", tt.path, header.Get("X-Frame-Options"))
			}
		})
	}
}

// In the tab's session a form of another site is refused, too, though browsers send the session's cookie with it.
// Requirement R-274: An inbox in the browser.
// Requirement R-221: Pages for admins.
func TestTabSessionRefusesFormsOfOtherSites(t *testing.T) {
	t.Parallel()
	tab := startTab(t)
	inTab := tab.Visitor("")
	inTab.Post("/auth/tab", signInForm(tab.token(t, tokenRequest{})))
	for _, header := range []http.Header{{"Sec-Fetch-Site": {"cross-site"}}, {"Origin": {"https://evil.test"}}} {
		a := inTab.Do(http.MethodPost, "/settings/company", url.Values{"name": {"Evil"}}, header)
		wantStatus(t, fmt.Sprintf("with %v", header), a, http.StatusForbidden)
	}
}

// Signing out everywhere in the tab ends an agent's sessions in browsers, too.
// Requirement R-274: An inbox in the browser.
// Requirement R-221: Pages for admins.
func TestTabSignOutEverywhere(t *testing.T) {
	t.Parallel()
	tab := startTab(t)
	inBrowser, inTab := tab.Visitor("ann@acme.test"), tab.Visitor("")
	inTab.Post("/auth/tab", signInForm(tab.token(t, tokenRequest{})))
	inTab.Post("/auth/sign-out-everywhere", nil)
	if signedIn(inBrowser) {
		t.Error("the browser is still signed in")
	}
}

// Somebody who reads the table of sessions, such as in a backup, can't sign in by what it holds, neither in a browser
// nor in the tab.
// Requirement R-221: Pages for admins.
func TestSessionsAreStoredHashed(t *testing.T) {
	t.Parallel()
	tab := startTab(t)
	inBrowser, inTab := tab.Visitor("ann@acme.test"), tab.Visitor("")
	wantStatus(t, "a page in the browser", inBrowser.Get("/settings/accounts"), http.StatusOK)
	begun := inTab.Post("/auth/tab", signInForm(tab.token(t, tokenRequest{})))
	ofTab := must(http.ParseSetCookie(begun.Header.Get("Set-Cookie")))(t)
	for _, cookie := range []*http.Cookie{inBrowser.Cookie(), ofTab} {
		if n := countRowsOf(t, tab.Site, `SELECT count(*) FROM site_sessions WHERE token = $1`, cookie.Value); n != 0 {
			t.Errorf("the value of the cookie %s stands in the database", cookie.Name)
		}
	}
	if n := countLongSessions(t, tab.Site, time.Hour); n != 2 {
		t.Errorf("%d sessions are kept for more than an hour, want Ann's in the browser and in the tab", n)
	}
}
