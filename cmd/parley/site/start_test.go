package site_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/bridge"
	"parley/channels"
	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
	"parley/store/credential"
	sites "parley/store/site"
	"parley/store/storetest"
)

const onlyAnn = `agents: [{email: ann@acme.test, name: Ann Lee, roles: [admin]}]`

// channelsOf is a chat that knows its channels and people.
type channelsOf map[string]string

func (c channelsOf) Resolve(_ context.Context, _, channel string) (string, error) {
	return c[channel], nil
}

func (c channelsOf) Find(_ context.Context, _, email string) (string, error) { return c[email], nil }

// What is wrong with the credentials of a chat stands on the page, and nothing of them is kept or shown.
func TestFirstStepsRefused(t *testing.T) {
	t.Parallel()
	asked := 0
	connected := []site.Chat{{Kind: "teams", Name: "Microsoft Teams", FromEnv: true}}
	s := sitetest.Start(t, onlyAnn, func(o *site.Options) {
		o.Chats.Connected = func() []site.Chat { return connected }
		o.Lookup = channelsOf{"#support": "C0SUPPORT"}
		o.Chats.Identify = func(_ context.Context, kind string, values map[string]string) (string, []channels.Finding) {
			asked++
			return "T1", []channels.Finding{{OK: true, What: "bot token", Text: "belongs to Parley in Acme"},
				{What: "scopes", Text: "missing: files:write, users:read.email", Hint: "Update the app."}}
		}
	})
	v := s.Visitor("ann@acme.test")
	for name, c := range map[string]struct {
		path  string
		form  url.Values
		shows []string
	}{
		"a token is missing":       {"/slack", url.Values{"bot_token": {"xoxb-tops3cret"}}, []string{"Is missing."}},
		"the tokens are exchanged": {"/slack", url.Values{"bot_token": {"xapp-tops3cret"}, "app_token": {"xoxb-tops3cret"}}, []string{"it begins with xoxb-", "it begins with xapp-"}},
		"scopes are missing": {"/slack", url.Values{"bot_token": {"xoxb-tops3cret"}, "app_token": {"xapp-tops3cret"}},
			[]string{"Nothing was kept.", "missing: files:write, users:read.email", "Update the app."}},
		"the environment comes before": {"/teams", url.Values{"app_id": {"x"}, "tenant_id": {"y"}, "app_password": {"tops3cret"}}, []string{"comes before this page"}},
		"no such channel":              {"/team", url.Values{"name": {"Support"}, "chat": {"teams"}, "channel": {"#suport"}}, []string{"no such channel"}},
		"a chat that is not connected": {"/team", url.Values{"name": {"Support"}, "chat": {"slack"}, "channel": {"#support"}}, []string{"Choose a chat that is connected"}},
		"members of no team":           {"/members", url.Values{"team": {"Nobody"}, "chat": {"slack"}}, []string{"no channel there"}},
	} {
		a := v.Post("/settings/first-steps"+c.path, c.form)
		if a.Status != http.StatusUnprocessableEntity || a.Has("tops3cret") {
			t.Errorf("%s: %d, or the page shows a secret", name, a.Status)
		}
		for _, text := range c.shows {
			if !a.Has(text) {
				t.Errorf("%s: the page doesn't say %q:\n%s", name, text, a.Body)
			}
		}
	}
	if list, err := credential.List(t.Context(), s.Pool, sitetest.Sealer(t)); err != nil || len(list) > 0 {
		t.Errorf("%v are kept, %v", list, err)
	}
	if asked != 1 {
		t.Errorf("Slack was asked %d times", asked)
	}
}

// memberList is a chat whose channels all have the same members.
type memberList struct {
	bridge.Surface

	list []bridge.Member
}

// Members implements bridge.Roster.
func (m memberList) Members(context.Context, string, func(string) bool) ([]bridge.Member, error) {
	return m.list, nil
}

// Two admins do the first steps at once: the slower one doesn't take a team's channel away that the other has given it
// meanwhile, and doesn't confirm members of a channel that she has not seen.
//
func TestTwoAdminsDoTheFirstSteps(t *testing.T) {
	t.Parallel()
	const nobody = `agents: [{email: ann@acme.test, name: Ann Lee, roles: [admin]}]
teams: [{name: Support, members: [ann@acme.test]}]`
	s := sitetest.Start(t, nobody, func(o *site.Options) {
		o.Chats.Connected = func() []site.Chat { return []site.Chat{{Kind: "slack", Name: "Slack"}} }
		o.Chats.Surface = func(string) bridge.Surface {
			return memberList{list: []bridge.Member{{User: "U0BEN", Name: "Ben", Email: "ben@acme.test"}}}
		}
		o.Lookup = channelsOf{"C0OLD": "C0OLD", "C0SUPPORT": "C0SUPPORT"}
	})
	v := s.Visitor("ann@acme.test")
	post := func(page sitetest.Answer, action, name, value string) sitetest.Answer {
		t.Helper()
		for _, f := range page.Forms() {
			if f.Action == action {
				return v.Post(action, with(f.Values, url.Values{name: {value}}))
			}
		}
		t.Fatalf("there is no form for %s:\n%s", action, page.Body)
		return sitetest.Answer{}
	}
	const team, members = "/settings/first-steps/team", "/settings/first-steps/members"
	open := v.Get("/settings/first-steps")
	s.Apply(`teams: [{name: Support, slack_channel: C0SUPPORT}]`)
	before := exported(t, s)
	if a := post(open, team, "channel", "C0OLD"); a.Status != http.StatusUnprocessableEntity || !a.Has("has a channel there already") || exported(t, s) != before {
		t.Errorf("%d %s\n%s", a.Status, a.Body, exported(t, s))
	}

	open = v.Get(members + "?team=Support&chat=slack")
	s.Apply(`teams: [{name: Support, slack_channel: C0OTHER}]`)
	before = exported(t, s)
	if a := post(open, members, "user", "U0BEN"); a.Status != http.StatusUnprocessableEntity || !a.Has("Somebody else changed this team while you did") || exported(t, s) != before {
		t.Errorf("%d %s\n%s", a.Status, a.Body, exported(t, s))
	}
	if a := post(v.Get(members+"?team=Support&chat=slack"), members, "user", "U0BEN"); a.Status != http.StatusSeeOther || !strings.Contains(exported(t, s), "ben@acme.test") {
		t.Errorf("after she has looked: %d %s", a.Status, a.Body)
	}
}

// The last of the first steps is done once a customer has written, and stays done when what arrived has been removed.
func TestFirstStepsStayDone(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	v := s.Visitor("ann@acme.test")
	const arrived = "Something has arrived."
	if v.Get("/settings/first-steps").Has(arrived) {
		t.Error("nobody has written yet")
	}
	storetest.Exec(t, s.Pool, `
		INSERT INTO contacts (id, name) VALUES (1, 'Zoe');
		INSERT INTO identities (id, account_id, key, name, contact_id)
			SELECT 1, id, 'zoe@shop.test', 'Zoe', 1 FROM accounts WHERE name = 'support-mail';
		INSERT INTO conversations (id, account_id, identity_id, status, subject, last_at, created_at)
			SELECT 99, id, 1, 'resolved', 'Hello', now(), now() - interval '2 months' FROM accounts WHERE name = 'support-mail'`)
	if !v.Get("/settings/first-steps").Has(arrived) {
		t.Error("what was done is to be done again")
	}
}

// The app's descriptions are files that Slack and Teams take.
func TestFirstStepsFiles(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, onlyAnn, func(o *site.Options) { o.BaseURL = "https://help.acme.test" })
	v := s.Visitor("ann@acme.test")
	a := v.Get("/settings/first-steps/slack-manifest.json")
	if a.Header.Get("Content-Disposition") != `attachment; filename="parley-slack-manifest.json"` || !json.Valid([]byte(a.Body)) || !a.Has(`"socket_mode_enabled": true`) ||
		!a.Has("https://help.acme.test/auth/with/slack/back") {
		t.Errorf("%v %s", a.Header, a.Body)
	}
	a = v.Get("/settings/first-steps/teams-app.zip?package_id=00000000-0000-0000-0000-000000000001")
	if _, err := zip.NewReader(bytes.NewReader([]byte(a.Body)), int64(len(a.Body))); err != nil || a.Status != http.StatusOK {
		t.Errorf("%d, %v", a.Status, err)
	}
	plain := sitetest.Start(t, sitetest.Acme).Visitor("ann@acme.test") // by http
	if a := plain.Get("/settings/first-steps/teams-app.zip?package_id=00000000-0000-0000-0000-000000000001"); !a.Has("Set PARLEY_PUBLIC_URL") {
		t.Errorf("without https: %d %s", a.Status, a.Body)
	}
	if a = v.Get("/settings/first-steps/teams-app.zip?package_id=" + url.QueryEscape("<b>x")); a.Status != http.StatusUnprocessableEntity || a.Has("<b>x") {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

// Tokens are kept when they work, and stand in no page and no log. Those of another workspace are refused while a team
// has a channel in the former one, and what is stored can be forgotten.
func TestTokensAreKept(t *testing.T) {
	t.Parallel()
	home, settled := "T1", 0
	s := sitetest.Start(t, onlyAnn, func(o *site.Options) {
		o.Chats.Identify = func(context.Context, string, map[string]string) (string, []channels.Finding) {
			return home, []channels.Finding{{OK: true, What: "bot token", Text: "works"}}
		}
		o.Chats.AwaitConnected = func(context.Context, string) { settled++ }
	})
	v := s.Visitor("ann@acme.test")
	kept := func() string {
		t.Helper()
		list, err := credential.List(t.Context(), s.Pool, sitetest.Sealer(t))
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			return ""
		}
		return list[0].Home + " " + list[0].Values[site.SlackBotToken] + " " + list[0].Author
	}
	versionNow := func() string { return v.Get("/settings/first-steps").Version() } // Slack's forms come first
	pastesOver := func(version, token string) sitetest.Answer {
		t.Helper()
		return v.Post("/settings/first-steps/slack", url.Values{"version": {version}, "bot_token": {token}, "app_token": {"xapp-tops3cret"}})
	}
	pastes := func(token string) sitetest.Answer {
		t.Helper()
		return pastesOver(versionNow(), token)
	}
	forgets := func(version string) sitetest.Answer {
		t.Helper()
		return v.Post("/settings/first-steps/disconnect", url.Values{"version": {version}, "chat": {"slack"}})
	}
	for _, step := range []struct{ home, token, want string }{
		{"T1", "xoxb-one", "T1 xoxb-one ann@acme.test"}, {"T2", "xoxb-two", "T2 xoxb-two ann@acme.test"}, // nothing is there yet that could be lost
	} {
		home = step.home
		if a := pastes(step.token); a.Status != http.StatusSeeOther || kept() != step.want {
			t.Errorf("%d: %q is kept, want %q", a.Status, kept(), step.want)
		}
	}
	s.Apply(`teams: [{name: Support, slack_channel: C0SUPPORT}]`)
	home = "T3"
	if a := pastes("xoxb-three"); a.Status != http.StatusUnprocessableEntity || !a.Has("it is not T2") || !strings.HasPrefix(kept(), "T2 ") {
		t.Errorf("another workspace: %d, %q is kept", a.Status, kept())
	}
	home = "T2"
	seen := versionNow()
	if a := pastes("xoxb-four"); a.Status != http.StatusSeeOther || !strings.Contains(kept(), "xoxb-four") || settled != 3 {
		t.Errorf("a new token: %d, %q is kept, waited %d times", a.Status, kept(), settled)
	}
	for what, a := range map[string]sitetest.Answer{"pastes": pastesOver(seen, "xoxb-old"), "forgets": forgets(seen)} { // on a page from before the new token
		if a.Status != http.StatusUnprocessableEntity || !a.Has("Somebody else changed this while you did") || !strings.Contains(kept(), "xoxb-four") {
			t.Errorf("another admin %s: %d, %q is kept", what, a.Status, kept())
		}
	}
	for _, path := range []string{"/settings/first-steps", "/settings/log", "/settings/log.csv"} {
		if a := v.Get(path); a.Has("xoxb-four") || a.Has("tops3cret") {
			t.Errorf("%s shows a token", path)
		}
	}
	if a := v.Get("/settings/first-steps"); !a.Has("connecting with what ann@acme.test gave") || !a.Has("Replace") {
		t.Errorf("the page says:\n%s", a.Body)
	}
	if a := forgets(versionNow()); a.Status != http.StatusSeeOther || kept() != "" {
		t.Errorf("forgotten: %d, %q is kept", a.Status, kept())
	}
	if a := v.Get("/settings/first-steps"); a.Has("ann@acme.test gave") || a.Has("Replace") {
		t.Errorf("after that the page says:\n%s", a.Body)
	}
	home = "T3"
	if a := pastes("xoxb-five"); a.Status != http.StatusUnprocessableEntity || !a.Has("it is not T2") || !a.Has("take this chat") || kept() != "" {
		t.Errorf("another workspace, after what was stored is forgotten: %d, %q is kept", a.Status, kept())
	}
	s.Apply(`teams: [{name: Support, slack_channel: ""}]`) // which the page says: the environment may have connected it meanwhile
	if a := pastes("xoxb-six"); a.Status != http.StatusSeeOther || kept() != "T3 xoxb-six ann@acme.test" {
		t.Errorf("as the page has said: %d, %q is kept", a.Status, kept())
	}
	changes, err := sites.ListChanges(t.Context(), s.Pool, 0, 9)
	if err != nil || len(changes) < 4 || changes[2].Lines[0] != "~ chat slack: credentials forgotten" || changes[3].Lines[0] != "~ chat slack: credentials given" {
		t.Errorf("%+v, %v", changes, err)
	}
}
