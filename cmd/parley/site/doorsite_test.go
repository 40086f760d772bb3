package site_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"parley/bot/web/oidcfake"
	"parley/bot/web/openid"
	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
	"parley/store/storetest"
)

const (
	// ourOrganisation is the workspace of Slack, and the tenant of Microsoft, that Parley is in.
	ourOrganisation = "T0ACME"
	// annInTeams is the object id at Microsoft by which Parley knows Ann.
	annInTeams = "aaaa-1"
)

// claims is what a provider says of somebody.
type claims map[string]any

// door is a site with one provider by which agents sign in.
type door struct {
	*sitetest.Site

	fake *oidcfake.Server // the provider
	kind openid.Kind
}

// provider starts an emulated provider of a kind that knows people by a name each.
func provider(t *testing.T, kind openid.Kind, people map[string]claims) (*oidcfake.Server, openid.Config) {
	t.Helper()
	o := oidcfake.Options{ClientID: "parley", ClientSecret: "geheim, and long enough to sign with"}
	if kind == openid.Microsoft {
		o.Path = "/" + ourOrganisation + "/v2.0"
	}
	for name, c := range people {
		o.Users = append(o.Users, oidcfake.User{ID: name, Claims: c})
	}
	fake := oidcfake.New(o)
	check(t, fake.Start(""))
	t.Cleanup(func() { _ = fake.Close() })
	return fake, openid.Config{
		Kind:         kind,
		Name:         "Provider of " + string(kind),
		Issuer:       fake.Issuer(),
		ClientID:     "parley",
		ClientSecret: o.ClientSecret,
		Tenant:       ourOrganisation,
	}
}

// startDoor starts a site where one provider signs people in.
func startDoor(t *testing.T, kind openid.Kind, people map[string]claims) *door {
	t.Helper()
	d := &door{kind: kind}
	d.Site = sitetest.Start(t, sitetest.Acme, func(o *site.Options) {
		fake, config := provider(t, kind, people)
		config.Redirect = o.BaseURL + openid.CallbackPath(kind)
		fake.Register(config.Redirect)
		d.fake, o.Doors.Providers = fake, func() []openid.Config { return []openid.Config{config} }
		o.Chats.SlackTeam = func(context.Context) (string, error) { return ourOrganisation, nil }
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
		o.Chats.SlackTeam = func(context.Context) (string, error) { return ourOrganisation, nil }
		for _, kind := range []openid.Kind{openid.Slack, openid.Microsoft, openid.Any} {
			_, config := provider(t, kind, annAlone())
			config.Redirect = o.BaseURL + openid.CallbackPath(kind)
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
	where := must(d.fake.Choose(d.T.Context(), begun.Header.Get("Location"), account))(d.T)
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

// addPeople adds to Ann and Ben: Cat, whose users in chats are not known yet, Ann's user in Teams, and an agent who takes part no more.
func (d *door) addPeople() {
	d.T.Helper()
	d.Apply("agents:\n  - {email: cat@acme.test, name: Cat Moss}\n  - {email: former@acme.test, name: Former}\n" +
		"  - {email: kim@firm.test, name: Kim Park}\n")
	storetest.Exec(d.T, d.Pool, `UPDATE agents SET active = false WHERE email = 'former@acme.test'`)
	storetest.Exec(d.T, d.Pool, `INSERT INTO accounts (name, kind, side) VALUES ('teams', 'teams', 'surface') ON CONFLICT DO NOTHING`)
	storetest.Exec(d.T, d.Pool, `
		INSERT INTO agent_users (account_id, user_id, agent_id)
		SELECT s.id, $1, a.id FROM accounts AS s, agents AS a WHERE s.kind = 'teams' AND a.email = 'ann@acme.test'`, annInTeams)
}

// annAlone is a provider's only account.
func annAlone() map[string]claims {
	return map[string]claims{"ann": {"email": "ann@acme.test", "email_verified": true}}
}
