package site_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"parley/bot/teams"
	"parley/bot/web/oidcfake"
	"parley/bot/web/openid"
	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
)

// Clients to which Entra gives tokens.
const (
	teamsInBrowser = "5e3ce6c0-2b1f-4285-8d4b-75ee78787346"
	otherClient    = "00000000-0000-4000-8000-000000000000"
	tabHost        = "help.acme.test"
	tabAudience    = "api://" + tabHost + "/botid-parley"
)

// startTab starts a site that Teams shows in a tab.
func startTab(t *testing.T) (*door, *oidcfake.Server) {
	t.Helper()
	d := &door{kind: openid.Microsoft}
	d.Site = sitetest.Start(t, sitetest.Acme, withInbox(t), func(o *site.Options) {
		fake, config := provider(t, openid.Microsoft, map[string]said{
			"ann": {"tid": ours, "oid": "aaaa-1", "preferred_username": "private@home.test"}, "thief": {"tid": ours, "oid": "eeee-6", "email": "ann@acme.test", "xms_edov": true},
			"unproven": {"tid": ours, "oid": "eeee-5", "email": "ben@acme.test"}, "elsewhere": {"tid": "other", "oid": "aaaa-1"}, "nobody": {"tid": ours},
		})
		o.BaseURL = "https://" + tabHost
		d.fake = fake
		o.Doors = site.Doors{Providers: func() []openid.Config { return []openid.Config{config} }, Tab: func() site.Tab { return site.Tab{Host: tabHost, Ancestors: teams.Frames()} }}
	})
	d.prepare()
	d.Secure()
	return d, d.fake
}

func tabToken(t *testing.T, fake *oidcfake.Server, who, audience, client string, change map[string]any) url.Values {
	t.Helper()
	token, err := fake.TabToken(who, audience, client, change)
	if err != nil {
		t.Fatal(err)
	}
	return url.Values{"token": {token}, "to": {"settings"}}
}

// In the tab an agent is signed in by the token that Teams gives: whom it names by the object id, not by an address.
// Forged tokens, tokens for another app or of another tenant, and forms of other sites sign nobody in.
//
func TestTab(t *testing.T) {
	t.Parallel()
	d, fake := startTab(t)
	for name, form := range map[string]url.Values{"its address": tabToken(t, fake, "ann", tabAudience, teamsInBrowser, nil), "its id": tabToken(t, fake, "ann", "parley", teamsInBrowser, nil)} {
		v := d.Visitor("")
		a := v.Post("/auth/tab", form)
		cookie := a.Header.Get("Set-Cookie")
		for _, want := range []string{"__Host-parley_tab=", "SameSite=None", "Secure", "Partitioned", "HttpOnly", "Path=/"} {
			if !strings.Contains(cookie, want) {
				t.Errorf("for the app by %s: the cookie %q lacks %s", name, cookie, want)
			}
		}
		if a.Status != http.StatusSeeOther || a.Header.Get("Location") != "/settings" || !firstPage(v).Has("Ann Lee") {
			t.Errorf("for the app by %s: %d to %s\n%s", name, a.Status, a.Header.Get("Location"), a.Body)
		}
		if out := v.Post("/auth/sign-out", nil); out.Header.Get("Location") != "/auth/tab?stay=yes" || signedIn(v) {
			t.Errorf("signed out to %s", out.Header.Get("Location"))
		}
	}
	refused := map[string]url.Values{
		"of another tenant": tabToken(t, fake, "elsewhere", tabAudience, teamsInBrowser, nil), "for another app": tabToken(t, fake, "ann", "api://"+tabHost+"/botid-other", teamsInBrowser, nil),
		"for another host": tabToken(t, fake, "ann", "api://evil.test/botid-parley", teamsInBrowser, nil), "of another client": tabToken(t, fake, "ann", tabAudience, otherClient, nil),
		"of one's address": tabToken(t, fake, "thief", tabAudience, teamsInBrowser, nil), "of an unproven address": tabToken(t, fake, "unproven", tabAudience, teamsInBrowser, nil),
		"of nobody": tabToken(t, fake, "nobody", tabAudience, teamsInBrowser, nil), "of version 1": tabToken(t, fake, "ann", tabAudience, teamsInBrowser, map[string]any{"ver": "1.0"}),
		"for sign-in": tabToken(t, fake, "ann", "parley", "", map[string]any{"scp": ""}), "for another right": tabToken(t, fake, "ann", tabAudience, teamsInBrowser, map[string]any{"scp": "User.Read"}),
		"that is none": {"token": {"x.y.z"}}, "that is missing": {}, "that is too long": {"token": {strings.Repeat("x", 40_000)}},
	}
	for _, forgery := range []oidcfake.Forgery{oidcfake.ForgeIssuer, oidcfake.ForgeAudience, oidcfake.ForgeTwo, oidcfake.ForgeExpired, oidcfake.ForgeNotYet, oidcfake.ForgeSignature,
		oidcfake.ForgeUnknownKey, oidcfake.ForgeAlgNone, oidcfake.ForgeHS256} {
		fake.Forge(forgery)
		refused["forged: "+string(forgery)] = tabToken(t, fake, "ann", tabAudience, teamsInBrowser, nil)
	}
	fake.Forge(oidcfake.Honest)
	for name, form := range refused {
		v := d.Visitor("")
		if a := v.Post("/auth/tab", form); a.Status < 400 || signedIn(v) {
			t.Errorf("a token %s: %d", name, a.Status)
		}
	}
	good := tabToken(t, fake, "ann", tabAudience, teamsInBrowser, nil)
	for _, header := range []http.Header{{"Sec-Fetch-Site": {"cross-site"}}, {"Origin": {"https://teams.microsoft.com"}}} {
		if a := d.Visitor("").Do(http.MethodPost, "/auth/tab", good, header); a.Status != http.StatusForbidden {
			t.Errorf("sent by another site: %d", a.Status)
		}
	}
	fake.SetDown(true)
	if a := d.Visitor("").Post("/auth/tab", good); a.Status != http.StatusSeeOther { // its keys are known
		t.Errorf("while the provider is away: %d", a.Status)
	}
}

// Only the page of the tab, and pages in its session, may be in a frame, and only in one of Teams.
//
func TestTabIsFramed(t *testing.T) {
	t.Parallel()
	d, fake := startTab(t)
	tab, usual := d.Visitor(""), d.Visitor("ann@acme.test")
	tab.Post("/auth/tab", tabToken(t, fake, "ann", tabAudience, teamsInBrowser, nil))
	for path, c := range map[string]struct {
		who    *sitetest.Visitor
		framed bool
	}{
		"/auth/tab?to=inbox": {d.Visitor(""), true}, "/auth/tab?stay=yes": {usual, true}, "/settings": {tab, true}, "/inbox": {tab, true}, "/inbox/99": {tab, true},
		"/auth/sign-in": {d.Visitor(""), false}, "/settings/accounts": {usual, false}, "/inbox?list=all": {usual, false}, "/auth/link/x": {d.Visitor(""), false},
	} {
		h := c.who.Get(path).Header
		_, ancestors, _ := strings.Cut(h.Get("Content-Security-Policy"), "frame-ancestors ")
		want := "'none'"
		if c.framed {
			want = strings.Join(teams.Frames(), " ")
		}
		if ancestors != want || (h.Get("X-Frame-Options") == "DENY") == c.framed {
			t.Errorf("%s: framed by %s, %s", path, ancestors, h.Get("X-Frame-Options"))
		}
	}
	for _, header := range []http.Header{{"Sec-Fetch-Site": {"cross-site"}}, {"Origin": {"https://evil.test"}}} {
		if a := tab.Do(http.MethodPost, "/settings/company", url.Values{"name": {"Evil"}}, header); a.Status != http.StatusForbidden {
			t.Errorf("a form of another site, in the tab's session: %d", a.Status)
		}
	}
	if a := d.Visitor("").Do(http.MethodGet, "/inbox", nil, http.Header{"Sec-Fetch-Dest": {"iframe"}}); a.Header.Get("Location") != "/auth/tab?stay=yes" {
		t.Errorf("a frame whose session has ended is led to %s", a.Header.Get("Location"))
	}
	tab.Post("/auth/sign-out-everywhere", nil)
	if signedIn(usual) {
		t.Error("the other browser is still signed in")
	}
}

// client is a page of a Teams client that shows the tab and answers it as Teams does: the library's own messages.
const client = `<!doctype html><title>Teams</title><style>body{margin:0}iframe{border:0;width:100vw;height:100vh}</style>
<script>
window.said = [];
const answers = {"initialize": ["content", "web", JSON.stringify({apiVersion: 4, supports: {}}), "2.58.0"], "authentication.getAuthToken": [%s, %s]};
window.addEventListener("message", (e) => {
	if (e.origin !== "https://` + tabHost + `") return;
	window.said.push(e.data.func);
	const args = answers[e.data.func];
	if (args) e.source.postMessage({id: e.data.id, uuidAsString: e.data.uuidAsString, args: args}, e.origin);
});
</script><iframe src="https://` + tabHost + `/auth/tab?to=inbox"></iframe>`

// In Chromium, framed by Teams, the tab asks for the token by Teams' own library, shows the inbox, and takes a form;
// framed by anybody else, it shows nothing.
//
func TestTabInBrowser(t *testing.T) {
	t.Parallel()
	d, fake := startTab(t)
	token := tabToken(t, fake, "ann", tabAudience, teamsInBrowser, nil).Get("token")
	shown, err := json.Marshal(token)
	if err != nil {
		t.Fatal(err)
	}
	around := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/refuses" {
			fmt.Fprintf(w, client, "false", `"CancelledByUser"`)
			return
		}
		fmt.Fprintf(w, client, "true", shown)
	}))
	defer around.Close()
	host := func(u string) string { return strings.TrimPrefix(u, "https://") }
	b := d.Window(chromedp.IgnoreCertErrors, chromedp.Flag("host-resolver-rules", fmt.Sprintf("MAP %s:443 %s, MAP teams.microsoft.com:443 %s, MAP evil.test:443 %s",
		tabHost, host(d.URL), host(around.URL), host(around.URL))), chromedp.Flag("test-third-party-cookie-phaseout", true))
	sessions := func() (n int) {
		if err := d.Pool.QueryRow(t.Context(), `SELECT count(*) FROM site_sessions WHERE expires_at > clock_timestamp()`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	b.Do("open evil", chromedp.Navigate("https://evil.test/"))
	b.Do("open Teams that refuses", chromedp.Navigate("https://teams.microsoft.com/refuses"))
	b.Until("it asked", "window.said.includes('authentication.getAuthToken')")
	if n := sessions(); n != 0 {
		t.Errorf("%d are signed in", n)
	}
	b.Do("open Teams", chromedp.Navigate("https://teams.microsoft.com/"))
	b.Until("the token was handed in", "window.said.includes('appInitialization.success')")
	end := time.Now().Add(5 * time.Minute)
	for sessions() != 1 && time.Now().Before(end) {
		b.Do("wait", chromedp.WaitReady(chromedp.CSS("iframe")))
	}
	b.Frame(tabHost).Until("Ann's inbox is shown", "document.querySelector('.tabs') && document.querySelector('.who').innerText.includes('Ann Lee')")
	b.Frame(tabHost).Until("a form is handed in", "fetch('/auth/sign-out', {method: 'POST'})")
	for sessions() != 0 && time.Now().Before(end) {
		b.Do("wait", chromedp.WaitReady(chromedp.CSS("iframe")))
	}
	if n := sessions(); n != 0 {
		t.Errorf("%d are signed in still", n)
	}
	b.Do("open evil", chromedp.Navigate("https://evil.test/"))
	b.Until("it is there", "document.querySelector('iframe')")
	if asked := b.Value("String(window.said.length)"); asked != "0" {
		t.Errorf("framed by another site, it said %s things", asked)
	}
}

// A provider or a tab that comes, changes or goes while the site is at work counts with the next request: a button, a
// frame, a registration; where there is none, there is no page.
func TestDoorsComeAndGo(t *testing.T) {
	t.Parallel()
	var doors atomic.Pointer[openid.Config]
	var fakes []*oidcfake.Server
	d := sitetest.Start(t, sitetest.Acme, func(o *site.Options) {
		o.BaseURL = "https://" + tabHost
		o.Doors = site.Doors{Providers: func() []openid.Config {
			if c := doors.Load(); c != nil {
				return []openid.Config{*c}
			}
			return nil
		}, Tab: func() site.Tab {
			if doors.Load() == nil {
				return site.Tab{}
			}
			return site.Tab{Host: tabHost, Ancestors: teams.Frames()}
		}}
	})
	none := func(when string) {
		t.Helper()
		v := d.Visitor("")
		for _, path := range []string{"/auth/with/microsoft", "/auth/with/microsoft/back", "/auth/tab"} {
			if a := v.Get(path); a.Status != http.StatusNotFound || a.Header.Get("X-Frame-Options") != "DENY" {
				t.Errorf("%s, %s: %d, framed by %q", when, path, a.Status, a.Header.Get("Content-Security-Policy"))
			}
		}
		if v.Post("/auth/tab", nil).Status != http.StatusNotFound || v.Get("/auth/sign-in").Has("Provider of microsoft") {
			t.Errorf("%s there is a door", when)
		}
	}
	none("at first")
	for range 2 { // the second registration takes the place of the first
		fake, config := provider(t, openid.Microsoft, annAlone())
		fakes = append(fakes, fake)
		doors.Store(&config)
		v := d.Visitor("")
		if a := v.Get("/auth/tab"); a.Status != http.StatusOK || !strings.Contains(a.Header.Get("Content-Security-Policy"), "teams.microsoft.com") {
			t.Errorf("the tab: %d, framed by %q", a.Status, a.Header.Get("Content-Security-Policy"))
		}
		if !v.Get("/auth/sign-in").Has("Provider of microsoft") || !strings.HasPrefix(v.Get("/auth/with/microsoft").Header.Get("Location"), fake.Issuer()) {
			t.Error("the button leads elsewhere")
		}
	}
	doors.Store(nil)
	none("at last")
	if fakes[0].Issuer() == fakes[1].Issuer() {
		t.Error("this test shows nothing")
	}
}
