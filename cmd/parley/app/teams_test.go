package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bot/teams/manifest"
	"parley/bot/teams/teamsfake"
	"parley/bridge/setup"
	"parley/channels/http/httpfake"
	"parley/cmd/parley/app"
	"parley/cmd/parley/demo/outside"
	"parley/cmd/parley/inspect"
)

// People and places of the organisation.
const (
	annInEntra  = "a0000000-0000-4000-8000-000000000001"
	benInEntra  = "b0000000-0000-4000-8000-000000000002"
	teamOfAcme  = "19:acme@thread.tacv2"
	nightShift  = "19:night@thread.tacv2"
	nightPeople = `
agents: [{email: ann@acme.test, name: Ann Lee}, {email: ben@acme.test, name: Ben Katz, teams: ` + benInEntra + `}]
teams: [{name: Night, members: [ann@acme.test, ben@acme.test], teams_channel: "#Night shift"}]
accounts:
  - {name: shop, kind: http, team: Night, hold: 0s, settings: {who_replies: any_agent}, http: {secret: "${SHOP_SECRET}", callback_url: "%s/parley", allow_private: "true"}}
`
)

// teamsWorld is a whole Parley between Microsoft Teams and a system of the company's own.
type teamsWorld struct {
	fake *teamsfake.Server
	shop *httpfake.Shop
	back *httptest.Server // where the shop listens
	env  app.Env
	db   *app.Database
	app  *app.App
}

func openTeams(t *testing.T, change ...func(*app.Env)) teamsWorld {
	t.Helper()
	const appID = "22222222-2222-4222-8222-222222222222"
	description, err := manifest.JSON(manifest.Options{AppID: appID, PublicURL: "https://help.acme.test"})
	if err != nil {
		t.Fatal(err)
	}
	w := teamsWorld{shop: httpfake.New(shopSecret, time.Now), fake: teamsfake.New(teamsfake.Options{AppID: appID, Manifest: description, Permissions: []string{manifest.ReadRight},
		Users: []teamsfake.User{{ID: annInEntra, Name: "Ann Lee", Email: "ann@acme.test"}, {ID: benInEntra, Name: "Ben Katz", Email: "b.katz@acme.test"}},
		Teams: []teamsfake.Team{{ID: teamOfAcme, Name: "Acme"}}, Channels: []teamsfake.Channel{{ID: nightShift, Team: teamOfAcme, Name: "Night shift"}}})}
	if err := w.fake.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.fake.Close(); err != nil {
			t.Error(err)
		}
	})
	w.back = httptest.NewServer(w.shop)
	t.Cleanup(w.back.Close)
	w.env = environment(t)
	w.env.Teams = app.TeamsEnv{AppID: appID, AppPassword: w.fake.AppPassword(), TenantID: w.fake.TenantID(), LoginURL: w.fake.LoginURL(),
		OpenIDURL: w.fake.OpenIDURL(), GraphURL: w.fake.GraphURL(), ServiceURLs: []string{w.fake.ServiceURL()}}
	for _, f := range change {
		f(&w.env)
	}
	w.db = openDatabase(t, w.env)
	w.app = start(t, w.env, w.db, app.Options{})
	return w
}

// connect adds the app to the team.
func (w teamsWorld) connect(t *testing.T) {
	t.Helper()
	if err := w.fake.Admin.Connect(t.Context(), "http://"+w.app.Address()+"/teams/messages"); err != nil {
		t.Fatal(err)
	}
	until(t, "the app is in the team", func() bool { return w.fake.Activities.Pending() == 0 })
}

// parse reads a set-up file in which %s is the shop's address.
func (w teamsWorld) parse(t *testing.T, raw string) *setup.File {
	t.Helper()
	return parse(t, strings.Replace(raw, "%s", w.back.URL, 1))
}

func (w teamsWorld) apply(t *testing.T, raw string) {
	t.Helper()
	o := setup.Options{Sealer: w.db.Sealer, Specs: app.Specs(), Lookup: w.look(t, false)}
	if _, err := setup.Apply(t.Context(), w.db.Pool, w.parse(t, raw), o); err != nil {
		t.Fatal(err)
	}
}

// writes lets a customer write to the shop, once it is connected.
func (w teamsWorld) writes(t *testing.T, customer, name, text string) {
	t.Helper()
	until(t, "the shop is heard", func() bool {
		status, _, err := w.shop.Post(t.Context(), "http://"+w.app.Address()+"/hooks/shop",
			map[string]any{"type": "message", "id": customer + text, "from": map[string]any{"id": customer, "name": name}, "text": text})
		return err == nil && status == http.StatusOK
	})
}

// look returns what asks Teams, as apply and doctor do beside serve.
func (w teamsWorld) look(t *testing.T, only bool) *app.Lookup {
	t.Helper()
	l, err := app.NewLookup(t.Context(), w.env, w.db, slog.New(slog.DiscardHandler), only)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (w teamsWorld) examined(t *testing.T) inspect.Report {
	t.Helper()
	return inspect.Doctor(t.Context(), inspect.Options{Pool: w.db.Pool, Sealer: w.db.Sealer, Specs: app.Specs(), Outside: w.env.Outside, Surfaces: w.look(t, true).Surfaces()})
}

// TestTeams goes the way of docs/teams.md: the app is added to a team, people are found by
// e-mail and the channel by its name, a customer's message opens a thread, and a plain answer
// in it reaches the customer.
func TestTeams(t *testing.T) {
	t.Parallel()
	w := openTeams(t)
	until(t, "Parley is ready", func() bool { status, _ := ready(t, w.app); return status == http.StatusOK })
	file := w.parse(t, nightPeople)
	o := setup.Options{Sealer: w.db.Sealer, Specs: app.Specs(), Lookup: w.look(t, true)}
	if _, err := setup.Plan(t.Context(), w.db.Pool, file, o); err == nil || !strings.Contains(err.Error(), "Night shift") {
		t.Errorf("a channel of a team that the app is not in: %v", err)
	}
	w.connect(t)
	o.Lookup = w.look(t, true)
	plan, err := setup.Plan(t.Context(), w.db.Pool, file, o)
	if err != nil || !strings.Contains(plan.Text(), "+ agent ann@acme.test: name Ann Lee, teams "+annInEntra) || !strings.Contains(plan.Text(), "teams_channel "+nightShift) {
		t.Fatalf("%s%v", plan.Text(), err)
	}
	w.apply(t, nightPeople)
	w.writes(t, "u-17", "Kim Miller", "Where is my order?")
	root := w.thread(t, "Where is my order?")
	if _, err := w.fake.As(annInEntra).Reply(nightShift, root, "It leaves today."); err != nil {
		t.Fatal(err)
	}
	until(t, "the shop has the answer", func() bool { return len(w.shop.Got()) > 0 })
	if got := w.shop.Got()[0]; got.To != "u-17" || got.Text != "It leaves today." {
		t.Errorf("the shop got %+v", got)
	}
	if report := w.examined(t); strings.Contains(sectionOf(report, "surface teams"), "✗") {
		t.Errorf("the doctor finds:\n%s", report.Text())
	}
	for _, p := range w.fake.Problems() {
		t.Errorf("Teams would not show it so: %+v", p)
	}
	w.forged(t)
}

// forged: what nobody signed is refused and not stored.
func (w teamsWorld) forged(t *testing.T) {
	t.Helper()
	before := w.events(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+w.app.Address()+"/teams/messages",
		bytes.NewReader(fmt.Appendf(nil, `{"type":"message","id":"1","channelId":"msteams","serviceUrl":%q,"text":"resolve"}`, w.fake.ServiceURL())))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized || w.events(t) != before {
		t.Errorf("a forged request is answered %d", resp.StatusCode)
	}
}

func (w teamsWorld) events(t *testing.T) (n int) {
	t.Helper()
	if err := w.db.Pool.QueryRow(t.Context(), `SELECT count(*) FROM events e JOIN accounts a ON a.id = e.account_id WHERE a.kind = 'teams'`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// thread waits for the thread of a text and gives its root.
func (w teamsWorld) thread(t *testing.T, text string) (root string) {
	t.Helper()
	until(t, "a thread shows "+text, func() bool {
		for _, m := range w.fake.Roots(nightShift) {
			if slices.ContainsFunc(w.fake.Thread(nightShift, m.ID), func(r *teamsfake.Message) bool { return strings.Contains(r.Text, text) }) {
				root = m.ID
				return true
			}
		}
		return false
	})
	return root
}

// sectionOf returns what a report says of one thing.
func sectionOf(r inspect.Report, name string) string {
	for _, s := range r.Sections {
		if s.Name == name {
			return inspect.Report{Sections: []inspect.Section{s}}.Text()
		}
	}
	return ""
}

// TestDoctorOfTeams: what an admin meets on the way, each with what to do.
func TestDoctorOfTeams(t *testing.T) {
	t.Parallel()
	w := openTeams(t)
	says := func(state string, broken bool, parts ...string) {
		t.Helper()
		text := sectionOf(w.examined(t), "surface teams")
		if strings.Contains(text, "✗") != broken {
			t.Errorf("%s:\n%s", state, text)
		}
		for _, part := range parts {
			if !strings.Contains(text, part) {
				t.Errorf("%s: %q is not said:\n%s", state, part, text)
			}
		}
		if strings.Contains(text, w.env.Teams.AppPassword) {
			t.Errorf("%s: the secret is shown", state)
		}
	}
	says("not added yet", true, "installation", "parley manifest teams")
	w.connect(t)
	says("added", false, "team “Acme”: the app is in it")
	w.apply(t, `teams: [{name: Night, teams_channel: "`+nightShift+`"}]`)
	says("with a channel", false, "Night shift", "its messages may be read")
	w.fake.Entra.Permit()
	says("nobody agreed", false, "its messages may not be read", "@Parley reply")
	secret := w.env.Teams.AppPassword
	w.env.Teams.AppPassword = "another~secret"
	says("another secret", true, "app secret", "TEAMS_APP_PASSWORD")
	w.env.Teams.AppPassword = secret
	if err := w.fake.Admin.Uninstall(t.Context(), teamOfAcme); err != nil {
		t.Fatal(err)
	}
	until(t, "the app is taken out", func() bool { return w.fake.Activities.Pending() == 0 })
	says("taken out", true, "the app is in no team", "Add it")
	w.env.Teams.LoginURL = "http://127.0.0.1:1"
	says("no way to Microsoft", true, "app secret")
}

// TestSlackAndTeams: a team with a channel in both. Its threads open in Teams; in Slack they are
// worked on by their numbers; after it moves to Slack, new threads open there and old ones stay.
func TestSlackAndTeams(t *testing.T) {
	t.Parallel()
	ctx, beside := t.Context(), openWorld(t)
	w := openTeams(t, func(e *app.Env) { withSlack(e, beside) })
	w.connect(t)
	until(t, "Slack is connected", func() bool { return beside.Slack.Sockets.Count() > 0 })
	w.apply(t, strings.Replace(nightPeople, `teams_channel:`, `slack_channel: "#support", home: teams, teams_channel:`, 1))

	w.writes(t, "u-17", "Kim Miller", "Where is my order?")
	root := w.thread(t, "Where is my order?")
	ann := beside.Slack.As(outside.Ann)
	until(t, "Ann can assign from Slack", func() bool {
		out, err := ann.Command(ctx, outside.Support, "/parley", "#1 assign ben@acme.test")
		return err == nil && out.Error == ""
	})
	until(t, "Ben is mentioned in Teams", func() bool {
		return slices.ContainsFunc(w.fake.Thread(nightShift, root), func(m *teamsfake.Message) bool {
			return slices.ContainsFunc(m.Mentions, func(x teamsfake.Mention) bool { return x.ID == benInEntra })
		})
	})
	if _, err := ann.Command(ctx, outside.Support, "/parley", "list all"); err != nil {
		t.Fatal(err)
	}
	until(t, "the list in Slack says where the thread is", func() bool {
		raw, err := json.Marshal(beside.Slack.Ephemerals(outside.Ann))
		return err == nil && strings.Contains(string(raw), "in Microsoft Teams")
	})
	if n := len(beside.Slack.Messages(outside.Support)); n != 0 {
		t.Errorf("%d messages in Slack's channel", n)
	}

	w.apply(t, `teams: [{name: Night, home: slack}]`)
	n := 0
	until(t, "new threads open in Slack", func() bool { // from the next look at the settings on
		n++
		w.writes(t, fmt.Sprintf("u-2%d", n), "Lee Park", "Is it open on Sunday?")
		return len(beside.Slack.Messages(outside.Support)) > 0
	})
	w.writes(t, "u-17", "Kim Miller", "Still nothing")
	if again := w.thread(t, "Still nothing"); again != root {
		t.Error("the conversation left its thread")
	}
	if _, err := w.fake.As(benInEntra).Reply(nightShift, root, "It leaves today."); err != nil {
		t.Fatal(err)
	}
	until(t, "the shop has the answer", func() bool { return len(w.shop.Got()) > 0 })
	report := w.examined(t)
	for _, section := range []string{"surface slack", "surface teams"} {
		if text := sectionOf(report, section); text == "" || strings.Contains(text, "✗") {
			t.Errorf("the doctor finds in %s:\n%s", section, text)
		}
	}
}
