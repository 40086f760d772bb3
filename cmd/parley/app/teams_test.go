package app_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"parley/bot/teams"
	"parley/bot/teams/teamsfake"
	"parley/channels/http/httpfake"
	"parley/cmd/parley/app"
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
	description := must(teams.JSON(teams.ManifestOptions{AppID: appID, PublicURL: "https://help.acme.test"}))(t)
	w := teamsWorld{
		shop: httpfake.New(shopSecret, time.Now),
		fake: teamsfake.New(teamsfake.Options{AppID: appID, Manifest: description, Permissions: []string{teams.ReadRight},
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
