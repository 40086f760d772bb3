package app_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bot/teams"
	"parley/bot/teams/teamsfake"
	"parley/channels/http/httpfake"
	"parley/cmd/parley/app"
	"parley/cmd/parley/inspect"
	"parley/cmd/parley/setup"
	"parley/store/storetest"
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

func openTeams(t *testing.T) teamsWorld {
	t.Helper()
	const appID = "22222222-2222-4222-8222-222222222222"
	manifest, err := teams.Manifest(teams.ManifestOptions{AppID: appID, PublicURL: "https://help.acme.test"})
	if err != nil {
		t.Fatal(err)
	}
	w := teamsWorld{shop: httpfake.New(shopSecret, time.Now), fake: teamsfake.New(teamsfake.Options{AppID: appID, Manifest: manifest, Permissions: []string{teams.ReadRight},
		Users: []teamsfake.User{{ID: annInEntra, Name: "Ann Lee", Email: "ann@acme.test"}, {ID: benInEntra, Name: "Ben Katz", Email: "b.katz@acme.test"}},
		Teams: []teamsfake.Team{{ID: teamOfAcme, Name: "Acme"}}, Channels: []teamsfake.Channel{{ID: nightShift, Team: teamOfAcme, Name: "Night shift"}}})}
	if err := w.fake.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	w.back = httptest.NewServer(w.shop)
	t.Cleanup(w.back.Close)
	w.env = app.Env{DatabaseURL: storetest.URL(t), Data: t.TempDir(), Listen: "127.0.0.1:0", PublicURL: "https://help.acme.test",
		Teams: app.TeamsEnv{AppID: appID, AppPassword: w.fake.AppPassword(), TenantID: w.fake.TenantID(), LoginURL: w.fake.LoginURL(),
			OpenIDURL: w.fake.OpenIDURL(), GraphURL: w.fake.GraphURL(), ServiceURLs: []string{w.fake.ServiceURL()}}}
	ctx, cancel := context.WithCancel(t.Context())
	log := slog.New(slog.DiscardHandler)
	if w.db, err = app.OpenDatabase(ctx, w.env, log, func(string) {}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.db.Close)
	if err := w.db.Migrate(ctx, w.env); err != nil {
		t.Fatal(err)
	}
	if w.app, err = app.New(ctx, w.env, w.db, log, app.Options{}); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- w.app.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := w.fake.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// look gives what asks Teams, as apply and doctor do beside serve.
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
	file, err := setup.Parse([]byte(strings.Replace(nightPeople, "%s", w.back.URL, 1)), func(name string) (string, bool) { return shopSecret, name == "SHOP_SECRET" })
	if err != nil {
		t.Fatal(err)
	}
	o := setup.Options{Sealer: w.db.Sealer, Specs: app.Specs(), Lookup: w.look(t, true)}
	if _, err := setup.Plan(t.Context(), w.db.Pool, file, o); err == nil || !strings.Contains(err.Error(), "Night shift") {
		t.Errorf("a channel of a team that the app is not in: %v", err)
	}
	if err := w.fake.Connect(t.Context(), "http://"+w.app.Address()+"/teams/messages"); err != nil {
		t.Fatal(err)
	}
	until(t, "the app is in the team", func() bool { return w.fake.Pending() == 0 })
	o.Lookup = w.look(t, true)
	plan, err := setup.Plan(t.Context(), w.db.Pool, file, o)
	if err != nil || !strings.Contains(plan.Text(), "+ agent ann@acme.test: name Ann Lee, teams "+annInEntra) || !strings.Contains(plan.Text(), "teams_channel "+nightShift) {
		t.Fatalf("%s%v", plan.Text(), err)
	}
	o.Lookup = w.look(t, false)
	if _, err := setup.Apply(t.Context(), w.db.Pool, file, o); err != nil {
		t.Fatal(err)
	}

	hook := "http://" + w.app.Address() + "/hooks/shop"
	until(t, "the shop is heard", func() bool {
		status, _, err := w.shop.Post(t.Context(), hook, map[string]any{"type": "message", "id": "m-1", "from": map[string]any{"id": "u-17", "name": "Kim Miller"}, "text": "Where is my order?"})
		return err == nil && status == http.StatusOK
	})
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

// sectionOf gives what a report says of one thing.
func sectionOf(r inspect.Report, name string) string {
	for _, s := range r.Sections {
		if s.Name == name {
			return inspect.Report{Sections: []inspect.Section{s}}.Text()
		}
	}
	return ""
}
