package operate_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/cmd/parley/app"
	"parley/cmd/parley/lab"
	"parley/cmd/parley/operate"
	"parley/store/storetest"
)

// organisation is an emulated Teams with 600 people besides Ann, Ben and Zoe, a guest, and somebody of another organisation.
func organisation(t *testing.T) *teamsfake.Server {
	t.Helper()
	users := []teamsfake.User{
		{ID: "c0000000-0000-4000-8000-00000000000c", Name: "Gus Guest", Email: "gus@elsewhere.test", Guest: true},
		{ID: "d0000000-0000-4000-8000-00000000000d", Name: "Fay Far", Email: "fay@other.test", TenantID: "99999999-0000-4000-8000-000000000001"},
	}
	for i := range 600 {
		users = append(users, teamsfake.User{
			ID:    fmt.Sprintf("e0000000-0000-4000-8000-%012d", i),
			Name:  fmt.Sprintf("Many %d", i),
			Email: fmt.Sprintf("many%d@acme.test", i),
		})
	}
	fake := lab.NewOrganisation(teamsfake.Options{AppID: "22222222-2222-4222-8222-222222222222", Users: users})
	storetest.Check(t, fake.Start("127.0.0.1:0"))
	t.Cleanup(func() { _ = fake.Close() })
	return fake
}

// openTeams opens a Keeper beside a Parley that is connected to Teams, where the team has a channel.
func openTeams(t *testing.T) *workspace {
	t.Helper()
	fake := organisation(t)
	env := app.Env{
		DatabaseURL: storetest.Reused(t).Config().ConnString(),
		Data:        t.TempDir(),
		Listen:      "127.0.0.1:0",
		PublicURL:   "https://help.acme.test",
		Teams: app.TeamsEnv{
			AppID:       fake.AppID(),
			AppPassword: fake.AppPassword(),
			TenantID:    fake.TenantID(),
			LoginURL:    fake.LoginURL(),
			OpenIDURL:   fake.OpenIDURL(),
			GraphURL:    fake.GraphURL(),
			ServiceURLs: []string{fake.ServiceURL()},
		},
	}
	w := &workspace{t: t, db: openDatabase(t, env)}
	serve(t, env, w.db, fake)
	w.keeper = w.newKeeper(env)
	w.apply(`teams: [{name: Support, teams_channel: "` + lab.TeamsSupport + `"}]`)
	return w
}

// In Teams the members are those whom the service lists, page by page, but for those of other organisations. A guest can't answer there.
func TestMembersInTeams(t *testing.T) {
	t.Parallel()
	const people = 600 + 3 + 1 // with Ann, Ben and Zoe, and the guest
	w := openTeams(t)
	l := storetest.Must(w.keeper.List(t.Context(), "Support", "teams", nil))(t)
	if len(l.People) != people {
		t.Errorf("%d people are listed, want %d", len(l.People), people)
	}
	status := map[string]operate.Status{}
	for _, p := range l.People {
		status[p.Email] = p.Status
	}
	if got := status["gus@elsewhere.test"]; got != operate.NotAllowed {
		t.Errorf("the guest's status is %q, want %q", got, operate.NotAllowed)
	}
	if got := status["many599@acme.test"]; got != operate.NoAgent {
		t.Errorf("the status of the last one is %q, want %q", got, operate.NoAgent)
	}
	if _, isListed := status["fay@other.test"]; isListed {
		t.Error("somebody of another organisation is listed")
	}
	if _, err := w.keeper.List(t.Context(), "Support", "slack", nil); err == nil {
		t.Error("List of a chat that isn't connected: got no error")
	}
}

// serve runs a Parley until the app was added to the team, so that it is known where Teams is reached.
func serve(t *testing.T, env app.Env, db *app.Database, fake *teamsfake.Server) {
	t.Helper()
	a := storetest.Must(app.New(t.Context(), env, db, slog.New(slog.DiscardHandler), app.Options{}))(t)
	done := make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	storetest.Check(t, fake.Admin.Connect(t.Context(), "http://"+a.Address()+"/teams/messages"))
	patient, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	storetest.WaitForRow(t, db.Pool, `SELECT FROM surface_notes`)
	storetest.Check(t, fake.WaitFor(patient, func() bool { return fake.Activities.Pending() == 0 }))
}
