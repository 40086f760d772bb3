package site_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/bot/web/oidcfake"
	"parley/bot/web/openid"
	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
)

// ours is the workspace, and the tenant, that Parley is in.
const ours = "T0ACME"

// said is what a provider says of somebody.
type said map[string]any

// door is a site with one provider by which agents sign in.
type door struct {
	*sitetest.Site

	fake *oidcfake.Server
	kind openid.Kind
}

// provider starts an emulated provider of a kind that knows people by a name each.
func provider(t *testing.T, kind openid.Kind, people map[string]said) (*oidcfake.Server, openid.Config) {
	t.Helper()
	o := oidcfake.Options{ClientID: "parley", ClientSecret: "geheim, and long enough to sign with"}
	if kind == openid.Microsoft {
		o.Path = "/" + ours + "/v2.0"
	}
	for name, claims := range people {
		o.Users = append(o.Users, oidcfake.User{ID: name, Claims: claims})
	}
	fake := oidcfake.New(o)
	if err := fake.Start(""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = fake.Close() })
	return fake, openid.Config{Kind: kind, Name: "Provider of " + string(kind), Issuer: fake.Issuer(), ClientID: "parley", ClientSecret: o.ClientSecret, Tenant: ours}
}

// startDoor starts a site where one provider signs people in.
func startDoor(t *testing.T, kind openid.Kind, people map[string]said) *door {
	t.Helper()
	d := &door{kind: kind}
	d.Site = sitetest.Start(t, sitetest.Acme, func(o *site.Options) {
		fake, config := provider(t, kind, people)
		config.Redirect = o.BaseURL + openid.Back(kind)
		fake.Register(config.Redirect)
		d.fake, o.Doors.Providers = fake, func() []openid.Config { return []openid.Config{config} }
		o.Chats.SlackTeam = func(context.Context) (string, error) { return ours, nil }
	})
	return d
}

// allProviders has every kind of provider, so that all routes are there.
func allProviders(t *testing.T) func(*site.Options) {
	return func(o *site.Options) {
		o.Doors.Tab = func() site.Tab {
			return site.Tab{Host: "help.acme.test", Ancestors: []string{"https://teams.microsoft.com"}}
		}
		var list []openid.Config
		o.Chats.SlackTeam = func(context.Context) (string, error) { return ours, nil }
		for _, kind := range []openid.Kind{openid.Slack, openid.Microsoft, openid.Any} {
			_, config := provider(t, kind, annAlone())
			config.Redirect = o.BaseURL + openid.Back(kind)
			list = append(list, config)
		}
		o.Doors.Providers = func() []openid.Config { return list }
	}
}

// signIn presses the provider's button and chooses an account there; it returns what the site answers to who is sent
// back, and where that was.
func (d *door) signIn(v *sitetest.Visitor, account string) (answer sitetest.Answer, back string) {
	d.T.Helper()
	page := v.Get("/auth/sign-in")
	if !page.Has(`href="`+openid.Begin(d.kind)+`"`) || !page.Has("Sign in with Provider of "+string(d.kind)) {
		d.T.Fatalf("there is no button: %s", page.Body)
	}
	begun := v.Get(openid.Begin(d.kind))
	if begun.Status != http.StatusSeeOther || !strings.HasPrefix(begun.Header.Get("Location"), d.fake.Issuer()+"/authorize?") {
		d.T.Fatalf("the button leads to %d %s", begun.Status, begun.Header.Get("Location"))
	}
	where, err := d.fake.Choose(d.T.Context(), begun.Header.Get("Location"), account)
	if err != nil {
		d.T.Fatal(err)
	}
	back = strings.TrimPrefix(where.String(), d.URL)
	return v.Get(back), back
}

// signedIn reports whether a browser is somebody's.
func signedIn(v *sitetest.Visitor) bool {
	first := v.Get("/settings")
	return first.Status == http.StatusOK || first.Header.Get("Location") != "/auth/sign-in"
}

// firstPage is what somebody who is signed in sees first.
func firstPage(v *sitetest.Visitor) sitetest.Answer {
	first := v.Get("/settings")
	if at := first.Header.Get("Location"); strings.HasPrefix(at, "/settings/") {
		return v.Get(at)
	}
	return first
}

// An agent signs in by whoever vouches for her, and comes to the page that she asked for; nobody else comes in.
//
func TestSignInByProvider(t *testing.T) {
	t.Parallel()
	slack := func(team, user, mail string) said {
		return said{"https://slack.com/team_id": team, "https://slack.com/user_id": user, "email": mail, "email_verified": true}
	}
	entra := func(tenant, object, mail string, edov bool) said {
		return said{"tid": tenant, "oid": object, "email": mail, "xms_edov": edov}
	}
	for kind, c := range map[openid.Kind]struct {
		people map[string]said
		in     map[string]string // account → whom it signs in
		out    map[string]string // account → what the page says
	}{
		openid.Any: {
			people: map[string]said{
				"ann": {"email": "Ann@Acme.test", "email_verified": true}, "unverified": {"email": "ann@acme.test", "email_verified": false},
				"mailless": {}, "stranger": {"email": "eve@acme.test", "email_verified": true}, "former": {"email": "former@acme.test", "email_verified": true},
			},
			in:  map[string]string{"ann": "Ann Lee"},
			out: map[string]string{"unverified": "not an agent", "mailless": "not an agent", "stranger": "not an agent", "former": "not an agent"},
		},
		openid.Slack: {
			people: map[string]said{
				"ann": slack(ours, "U0ANN", "private@home.test"), "new": slack(ours, "U0CAT", "cat@acme.test"),
				"thief": slack(ours, "U0EVE", "ann@acme.test"), "elsewhere": slack("T0EVIL", "U0ANN", "ann@acme.test"), "nowhere": slack("", "U0ANN", "ann@acme.test"),
			},
			in:  map[string]string{"ann": "Ann Lee", "new": "Cat Moss"},
			out: map[string]string{"thief": "not an agent", "elsewhere": "another organisation", "nowhere": "another organisation"},
		},
		openid.Microsoft: {
			people: map[string]said{
				"ann": entra(ours, "aaaa-1", "private@home.test", false), "new": entra(ours, "cccc-3", "cat@acme.test", true),
				"unproven": entra(ours, "eeee-5", "cat@acme.test", false), "thief": entra(ours, "eeee-6", "ann@acme.test", true), "elsewhere": entra("other", "aaaa-1", "ann@acme.test", true),
			},
			in:  map[string]string{"ann": "Ann Lee", "new": "Cat Moss"},
			out: map[string]string{"unproven": "not an agent", "thief": "not an agent", "elsewhere": "another organisation"},
		},
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			d := startDoor(t, kind, c.people)
			d.prepare()
			for account, name := range c.in {
				v := d.Visitor("")
				v.Get("/settings?asked=for") // she is asked to sign in first
				answer, _ := d.signIn(v, account)
				if answer.Status != http.StatusSeeOther || answer.Header.Get("Location") != "/settings?asked=for" {
					t.Errorf("%s: %d to %s: %s", account, answer.Status, answer.Header.Get("Location"), answer.Body)
				}
				if page := firstPage(v); !page.Has(name) {
					t.Errorf("%s is not signed in as %s: %d", account, name, page.Status)
				}
			}
			for account, says := range c.out {
				v := d.Visitor("")
				answer, _ := d.signIn(v, account)
				if answer.Status != http.StatusForbidden || !answer.Has(says) || !answer.Has("Ask one of") && !answer.Has("ask one of") || signedIn(v) {
					t.Errorf("%s: %d, in: %v: %s", account, answer.Status, signedIn(v), answer.Body)
				}
			}
		})
	}
}

// prepare adds Cat, whose users are not known yet, Ann's user in Teams, and an agent who takes part no more.
func (d *door) prepare() {
	d.T.Helper()
	d.Apply("agents:\n  - {email: cat@acme.test, name: Cat Moss}\n  - {email: former@acme.test, name: Former}\n")
	for _, statement := range []string{
		`UPDATE agents SET active = false WHERE email = 'former@acme.test'`,
		`INSERT INTO accounts (name, kind, side) VALUES ('teams', 'teams', 'surface') ON CONFLICT DO NOTHING`,
		`INSERT INTO agent_users (account_id, user_id, agent_id)
			SELECT s.id, 'aaaa-1', a.id FROM accounts AS s, agents AS a WHERE s.kind = 'teams' AND a.email = 'ann@acme.test'`,
	} {
		if _, err := d.Pool.Exec(d.T.Context(), statement); err != nil {
			d.T.Fatal(err)
		}
	}
}

// annAlone is a provider's only account.
func annAlone() map[string]said {
	return map[string]said{"ann": {"email": "ann@acme.test", "email_verified": true}}
}

// The address with which somebody comes back counts once, in the browser that asked; a session that somebody planted
// there before is worth nothing after it.
//
func TestSignInAgain(t *testing.T) {
	t.Parallel()
	d := startDoor(t, openid.Any, annAlone())
	v, thief := d.Visitor(""), d.Visitor("")
	before := sessionToken(v.Get("/settings").Header.Get("Set-Cookie"))
	begun := v.Get(openid.Begin(d.kind))
	where, err := d.fake.Choose(t.Context(), begun.Header.Get("Location"), "ann")
	if err != nil {
		t.Fatal(err)
	}
	back := strings.TrimPrefix(where.String(), d.URL)
	if answer := thief.Get(back); answer.Status != http.StatusBadRequest || signedIn(thief) {
		t.Errorf("in another browser: %d", answer.Status)
	}
	answer := v.Get(back)
	if after := sessionToken(answer.Header.Get("Set-Cookie")); before == "" || after == "" || before == after {
		t.Errorf("the session kept its token: %q, %q", before, after)
	}
	planted := d.Visitor("").Do(http.MethodGet, "/settings", nil, http.Header{"Cookie": {"parley_session=" + before}})
	if planted.Header.Get("Location") != "/auth/sign-in" {
		t.Error("the token from before signing in is signed in")
	}
	for _, who := range []*sitetest.Visitor{v, thief, d.Visitor("")} {
		if answer := who.Get(back); answer.Status != http.StatusBadRequest || !answer.Has("can&#39;t be finished") && !answer.Has("can't be finished") {
			t.Errorf("a second time: %d %s", answer.Status, answer.Body)
		}
	}
	if d.fake.Tokens() != 1 {
		t.Errorf("%d tokens were given", d.fake.Tokens())
	}
	undecided := d.Visitor("")
	_, cancelled := d.signIn(undecided, oidcfake.Cancel)
	if answer := undecided.Get(cancelled); answer.Status != http.StatusBadRequest {
		t.Errorf("a second time after it was cancelled: %d %s", answer.Status, answer.Body)
	}
	v.Post("/auth/sign-out", nil)
	if signedIn(v) {
		t.Error("signing out left her signed in")
	}
}

// What goes wrong at the provider is told in words, and nobody comes in by it.
//
func TestSignInGoesWrong(t *testing.T) {
	t.Parallel()
	d := startDoor(t, openid.Any, annAlone())
	for name, c := range map[string]struct {
		choose string
		forge  oidcfake.Forgery
		status int
		says   string
	}{
		"cancelled":       {oidcfake.Cancel, oidcfake.Honest, http.StatusForbidden, "You were not signed in."},
		"another's token": {"ann", oidcfake.ForgeNonce, http.StatusBadGateway, "answer can&#39;t be trusted"},
		"another client":  {"ann", oidcfake.ForgeAudience, http.StatusBadGateway, "answer can&#39;t be trusted"},
		"unsigned":        {"ann", oidcfake.ForgeAlgNone, http.StatusBadGateway, "answer can&#39;t be trusted"},
	} {
		d.fake.Forge(c.forge)
		v := d.Visitor("")
		answer, _ := d.signIn(v, c.choose)
		if answer.Status != c.status || !answer.Has(c.says) || signedIn(v) {
			t.Errorf("%s: %d %s", name, answer.Status, answer.Body)
		}
	}
	d.fake.SetDown(true)
	v := d.Visitor("")
	if answer := v.Get(openid.Begin(d.kind)); answer.Status != http.StatusSeeOther { // its addresses are known
		t.Errorf("down, and known: %d", answer.Status)
	}
	fresh := startDoor(t, openid.Any, annAlone())
	fresh.fake.SetDown(true)
	if answer := fresh.Visitor("").Get(openid.Begin(fresh.kind)); answer.Status != http.StatusBadGateway || !answer.Has("does not answer just now") ||
		!answer.Has("<code>parley admin-link</code>") {
		t.Errorf("down from the start: %d %s", answer.Status, answer.Body)
	}
}

// Nothing that stands in an address leads somebody who signs in to another site, or writes into the page.
//
func TestSignInLeadsNowhereElse(t *testing.T) {
	t.Parallel()
	d := startDoor(t, openid.Any, annAlone())
	for _, evil := range []string{"https://evil.test/", "//evil.test", `/\evil.test`, "javascript:alert(1)", "/settings/../..//evil.test"} {
		v := d.Visitor("")
		v.Get("/settings?next=" + url.QueryEscape(evil))
		begun := v.Get(openid.Begin(d.kind) + "?next=" + url.QueryEscape(evil) + "&redirect_uri=" + url.QueryEscape(evil) + "&return=" + url.QueryEscape(evil))
		to, err := url.Parse(begun.Header.Get("Location"))
		if err != nil || to.Query().Get("redirect_uri") != d.URL+openid.Back(d.kind) {
			t.Fatalf("%s: the provider sends people to %s", evil, to.Query().Get("redirect_uri"))
		}
		where, err := d.fake.Choose(t.Context(), to.String(), "ann")
		if err != nil {
			t.Fatal(err)
		}
		answer := v.Get(strings.TrimPrefix(where.String(), d.URL) + "&next=" + url.QueryEscape(evil))
		if at := answer.Header.Get("Location"); !strings.HasPrefix(at, "/settings") || strings.HasPrefix(at, "//") {
			t.Errorf("%s: after signing in she is at %s", evil, at)
		}
	}
	v := d.Visitor("")
	v.Get(openid.Begin(d.kind))
	answer := v.Get(openid.Back(d.kind) + "?state=x&error=%3Cscript%3Ealert(1)%3C/script%3E&error_description=%3Cscript%3E")
	if answer.Has("<script>alert") || answer.Status < http.StatusBadRequest {
		t.Errorf("%d %s", answer.Status, answer.Body)
	}
}
