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
	"parley/channels/emulator"
	"parley/channels/http/httpfake"
	"parley/cmd/parley/app"
	"parley/cmd/parley/demo/company"
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
  - {name: shop, kind: http, team: Night, hold: 0s, settings: {who_replies: any_agent}, ` +
		`http: {secret: "${SHOP_SECRET}", callback_url: "%s/parley", allow_private: "true"}}
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
	description := must(manifest.JSON(manifest.Options{AppID: appID, PublicURL: "https://help.acme.test"}))(t)
	w := teamsWorld{
		shop: httpfake.New(shopSecret, time.Now),
		fake: teamsfake.New(teamsfake.Options{AppID: appID, Manifest: description, Permissions: []string{manifest.ReadRight},
			Users: []teamsfake.User{{ID: annInEntra, Name: "Ann Lee", Email: "ann@acme.test"},
				{ID: benInEntra, Name: "Ben Katz", Email: "b.katz@acme.test"}},
			Teams:    []teamsfake.Team{{ID: teamOfAcme, Name: "Acme"}},
			Channels: []teamsfake.Channel{{ID: nightShift, Team: teamOfAcme, Name: "Night shift"}}}),
	}
	check(t, w.fake.Start("127.0.0.1:0"))
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
	check(t, w.fake.Admin.Connect(t.Context(), "http://"+w.app.Address()+"/teams/messages"))
	until(t, "the app is in the team", func() bool { return w.fake.Activities.Pending() == 0 })
}

// parse reads a set-up file in which %s is the shop's address.
func (w teamsWorld) parse(t *testing.T, raw string) *setup.File {
	t.Helper()
	return parse(t, strings.Replace(raw, "%s", w.back.URL, 1))
}

func (w teamsWorld) apply(t *testing.T, raw string) {
	t.Helper()
	o := setup.Options{Sealer: w.db.Sealer, Specs: app.Specs(), Lookup: w.lookup(t, false)}
	must(setup.Apply(t.Context(), w.db.Pool, w.parse(t, raw), o))(t)
}

// sendMessage lets a customer write to the shop, once it is connected.
func (w teamsWorld) sendMessage(t *testing.T, customer, name, text string) {
	t.Helper()
	until(t, "the shop is heard", func() bool {
		status, _, err := w.shop.Post(t.Context(), "http://"+w.app.Address()+"/hooks/shop",
			map[string]any{"type": "message", "id": customer + text, "from": map[string]any{"id": customer, "name": name}, "text": text})
		return err == nil && status == http.StatusOK
	})
}

// lookup returns a Lookup that asks Teams, as apply and doctor do beside serve. readOnly is that of app.NewLookup.
func (w teamsWorld) lookup(t *testing.T, readOnly bool) *app.Lookup {
	t.Helper()
	return must(app.NewLookup(t.Context(), w.env, w.db, slog.New(slog.DiscardHandler), readOnly))(t)
}

// examine returns what the doctor says.
func (w teamsWorld) examine(t *testing.T) inspect.Report {
	t.Helper()
	return inspect.Doctor(t.Context(), inspect.Options{
		Pool:     w.db.Pool,
		Sealer:   w.db.Sealer,
		Specs:    app.Specs(),
		Outside:  w.env.Outside,
		Surfaces: w.lookup(t, true).Surfaces(),
	})
}

// TestTeams goes the way of docs/teams.md: the app is added to a team, people are found by e-mail and the channel by its
// name, a customer's message opens a thread, and a plain answer in it reaches the customer.
func TestTeams(t *testing.T) {
	t.Parallel()
	w := openTeams(t)
	until(t, "Parley is ready", func() bool { status, _ := ready(t, w.app); return status == http.StatusOK })

	file := w.parse(t, nightPeople)
	o := setup.Options{Sealer: w.db.Sealer, Specs: app.Specs(), Lookup: w.lookup(t, true)}
	if _, err := setup.Plan(t.Context(), w.db.Pool, file, o); err == nil || !strings.Contains(err.Error(), "Night shift") {
		t.Errorf("plan with a channel of a team that the app is not in: got %v, want an error that names Night shift", err)
	}

	w.connect(t)
	o.Lookup = w.lookup(t, true)
	plan := must(setup.Plan(t.Context(), w.db.Pool, file, o))(t)
	for _, want := range []string{"+ agent ann@acme.test: name Ann Lee, teams " + annInEntra, "teams_channel " + nightShift} {
		if !strings.Contains(plan.Text(), want) {
			t.Fatalf("the plan lacks %q:\n%s", want, plan.Text())
		}
	}
	w.apply(t, nightPeople)

	w.sendMessage(t, "u-17", "Kim Miller", "Where is my order?")
	root := w.waitForThread(t, "Where is my order?")
	must(w.fake.As(annInEntra).Reply(nightShift, root, "It leaves today."))(t)
	until(t, "the shop has the answer", func() bool { return len(w.shop.Got()) > 0 })
	if got := w.shop.Got()[0]; got.To != "u-17" || got.Text != "It leaves today." {
		t.Errorf("the shop got %q to %q, want the answer to u-17", got.Text, got.To)
	}

	if report := w.examine(t); strings.Contains(sectionOf(report, "surface teams"), "✗") {
		t.Errorf("the doctor finds a fault in Teams:\n%s", report.Text())
	}
	for _, p := range w.fake.Problems() {
		t.Errorf("Teams would not show it so: %+v", p)
	}
	w.checkUnsigned(t)
}

// checkUnsigned checks that a request without Microsoft's signature is refused and not stored.
func (w teamsWorld) checkUnsigned(t *testing.T) {
	t.Helper()
	before := w.countEvents(t)
	req := must(http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+w.app.Address()+"/teams/messages",
		bytes.NewReader(fmt.Appendf(nil, `{"type":"message","id":"1","channelId":"msteams","serviceUrl":%q,"text":"resolve"}`,
			w.fake.ServiceURL()))))(t)
	resp := must(emulator.NewClient().Do(req))(t)
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("a request without signature: got %d, want %d", resp.StatusCode, http.StatusUnauthorized)
	}
	if after := w.countEvents(t); after != before {
		t.Errorf("a request without signature left %d events, want %d as before", after, before)
	}
}

func (w teamsWorld) countEvents(t *testing.T) (n int) {
	t.Helper()
	check(t, w.db.Pool.QueryRow(t.Context(), `SELECT count(*) FROM events e JOIN accounts a ON a.id = e.account_id
		WHERE a.kind = 'teams'`).Scan(&n))
	return n
}

// waitForThread waits for a thread with a text, and returns its root.
func (w teamsWorld) waitForThread(t *testing.T, text string) (root string) {
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

// wantDoctor checks what the doctor says of Teams in some state: whether something is broken, and these words.
func (w teamsWorld) wantDoctor(t *testing.T, state string, broken bool, words ...string) {
	t.Helper()
	text := sectionOf(w.examine(t), "surface teams")
	if got := strings.Contains(text, "✗"); got != broken {
		t.Errorf("%s: the doctor finds a fault: %t, want %t:\n%s", state, got, broken, text)
	}
	for _, want := range words {
		if !strings.Contains(text, want) {
			t.Errorf("%s: the doctor doesn't say %q:\n%s", state, want, text)
		}
	}
	if strings.Contains(text, w.env.Teams.AppPassword) {
		t.Errorf("%s: the doctor shows the secret", state)
	}
}

// The doctor says what is wrong and what to do, on each step of the set-up, and after changes that may break it.
func TestDoctorOfTeams(t *testing.T) {
	t.Parallel()
	const healthy, broken = false, true
	w := openTeams(t)
	w.wantDoctor(t, "not added yet", broken, "installation", "parley manifest teams")
	w.connect(t)
	w.wantDoctor(t, "added", healthy, "team “Acme”: the app is in it")
	w.apply(t, `teams: [{name: Night, teams_channel: "`+nightShift+`"}]`)
	w.wantDoctor(t, "with a channel", healthy, "Night shift", "its messages may be read")

	w.fake.Entra.Permit()
	w.wantDoctor(t, "nobody agreed", healthy, "its messages may not be read", "@Parley reply")

	secret := w.env.Teams.AppPassword
	w.env.Teams.AppPassword = "another~secret"
	w.wantDoctor(t, "another secret", broken, "app secret", "TEAMS_APP_PASSWORD")
	w.env.Teams.AppPassword = secret

	check(t, w.fake.Admin.Uninstall(t.Context(), teamOfAcme))
	until(t, "the app is taken out", func() bool { return w.fake.Activities.Pending() == 0 })
	w.wantDoctor(t, "taken out", broken, "the app is in no team", "Add it")

	w.env.Teams.LoginURL = "http://127.0.0.1:1"
	w.wantDoctor(t, "no way to Microsoft", broken, "app secret")
}

// A team has a channel in Slack and in Teams. Its threads open in Teams, and in Slack they are worked on by their numbers.
// After the team has moved to Slack, new threads open there and old ones stay.
func TestSlackAndTeams(t *testing.T) {
	t.Parallel()
	ctx, beside := t.Context(), openWorld(t)
	w := openTeams(t, func(e *app.Env) { withSlack(e, beside) })
	w.connect(t)
	until(t, "Slack is connected", func() bool { return beside.Slack.Sockets.Count() > 0 })
	w.apply(t, strings.Replace(nightPeople, `teams_channel:`, `slack_channel: "#support", home: teams, teams_channel:`, 1))

	w.sendMessage(t, "u-17", "Kim Miller", "Where is my order?")
	root := w.waitForThread(t, "Where is my order?")
	ann := beside.Slack.As(company.Ann)
	until(t, "Ann can assign from Slack", func() bool {
		out, err := ann.Command(ctx, company.Support, "/parley", "#1 assign ben@acme.test")
		return err == nil && out.Error == ""
	})
	until(t, "Ben is mentioned in Teams", func() bool {
		return slices.ContainsFunc(w.fake.Thread(nightShift, root), func(m *teamsfake.Message) bool {
			return slices.ContainsFunc(m.Mentions, func(x teamsfake.Mention) bool { return x.ID == benInEntra })
		})
	})
	must(ann.Command(ctx, company.Support, "/parley", "list all"))(t)
	until(t, "the list in Slack says where the thread is", func() bool {
		raw, err := json.Marshal(beside.Slack.Ephemerals(company.Ann))
		return err == nil && strings.Contains(string(raw), "in Microsoft Teams")
	})
	if n := len(beside.Slack.Messages(company.Support)); n != 0 {
		t.Errorf("%d messages in Slack's channel, want none while Teams is home", n)
	}

	w.apply(t, `teams: [{name: Night, home: slack}]`)
	for n := 0; len(beside.Slack.Messages(company.Support)) == 0; n++ { // threads open there from the next look at the settings on
		if n > 100 {
			t.Fatal("no thread of 100 has opened in Slack")
		}
		before := len(w.fake.Roots(nightShift))
		w.sendMessage(t, fmt.Sprintf("u-2%d", n), "Lee Park", "Is it open on Sunday?")
		until(t, "the message has a thread", func() bool {
			return len(beside.Slack.Messages(company.Support)) > 0 || len(w.fake.Roots(nightShift)) > before
		})
	}
	w.sendMessage(t, "u-17", "Kim Miller", "Still nothing")
	if again := w.waitForThread(t, "Still nothing"); again != root {
		t.Errorf("the older conversation goes on in the thread %s, want %s", again, root)
	}
	must(w.fake.As(benInEntra).Reply(nightShift, root, "It leaves today."))(t)
	until(t, "the shop has the answer", func() bool { return len(w.shop.Got()) > 0 })
	report := w.examine(t)
	for _, section := range []string{"surface slack", "surface teams"} {
		if text := sectionOf(report, section); text == "" || strings.Contains(text, "✗") {
			t.Errorf("%s: the doctor says nothing or finds a fault:\n%s", section, text)
		}
	}
}
