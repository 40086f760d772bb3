package teams

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
)

// patience bounds every wait; only a failing test uses it up.
const patience = 2 * time.Minute

// People of the tests' organisation.
const (
	ann = "a0000000-0000-4000-8000-000000000001"
	ben = "a0000000-0000-4000-8000-000000000002"
	eve = "a0000000-0000-4000-8000-000000000003" // a guest
)

// world is an organisation with a surface that it sends requests to.
type world struct {
	t       *testing.T
	fake    *teamsfake.Server
	s       *Surface
	url     string // of the surface's endpoint
	channel string
	team    string
}

// newWorld makes an organisation with a team, and a surface that serves its requests. The
// app isn't in the team yet.
func newWorld(t *testing.T, desk Desk, change func(*Options, *teamsfake.Options)) *world {
	t.Helper()
	o := teamsfake.Options{
		Users: []teamsfake.User{{ID: ann, Name: "Ann Lee", Email: "ann@acme.test"}, {ID: ben, Name: "Ben Kim", Email: "ben@acme.test"}, {ID: eve, Name: "Eve Fox", Email: "eve@other.test", Guest: true}},
		Teams: []teamsfake.Team{{Name: "Support"}}, RetryDelays: []time.Duration{10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond},
		InvokeDeadline: patience, RedeliverAfter: patience, // a slow machine is no late answer
	}
	so := Options{Desk: desk, Rate: 1}
	if change != nil {
		change(&so, &o)
	}
	fake := teamsfake.New(o)
	t.Cleanup(func() { must(t, fake.Close()) })
	must(t, fake.Start("127.0.0.1:0"))
	so.AppID, so.AppPassword, so.TenantID = fake.AppID(), fake.AppPassword(), fake.TenantID()
	so.LoginURL, so.OpenIDURL, so.GraphURL, so.ServiceURLs = fake.LoginURL(), fake.OpenIDURL(), fake.GraphURL(), []string{fake.URL()}
	if so.AllowUnsigned { // a trial without Azure
		so.AppPassword, so.ServiceURLs = "", nil
	}
	s, err := New(so)
	must(t, err)
	mux := http.NewServeMux()
	for pattern, h := range s.Handlers() {
		mux.Handle(pattern, h)
	}
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	team := fake.Teams()[0]
	ch := fake.Admin.AddChannel(teamsfake.Channel{Team: team.ID, Name: "Customers"})
	return &world{t: t, fake: fake, s: s, url: srv.URL + "/teams/messages", channel: ch.ID, team: team.ID}
}

// connect adds the app to the team.
func (w *world) connect() *world {
	w.t.Helper()
	must(w.t, w.fake.Admin.Connect(within(w.t), w.url))
	return w
}

// run runs the surface until the test ends.
func (w *world) run() *world {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.s.Run(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("Run: %v", err)
		}
	})
	return w
}

// within returns a context that ends with the test, or after patience.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
