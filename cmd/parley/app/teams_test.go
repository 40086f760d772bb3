package app_test

import (
	"bytes"
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
	"parley/cmd/parley/inspect"
)

// People and places of the organisation.
const (
	annInEntra = "a0000000-0000-4000-8000-000000000001"
	benInEntra = "b0000000-0000-4000-8000-000000000002"
	teamOfAcme = "19:acme@thread.tacv2"
	nightShift = "19:night@thread.tacv2"
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
