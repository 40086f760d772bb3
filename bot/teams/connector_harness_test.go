package teams_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"parley/bot/teams"
	"parley/bot/teams/teamsfake"
	"parley/channels"
	"parley/channels/wire"
)

const (
	ann     = "aaaaaaaa-0000-4000-8000-000000000001"
	team    = "19:team0000@thread.tacv2"
	group   = "99999999-0000-4000-8000-000000000009"
	tickets = "19:tickets0@thread.tacv2"
)

// stage is a client beside an emulated organisation in which the app is installed.
type stage struct {
	t      *testing.T
	srv    *teamsfake.Server
	client *teams.Client
	http   *http.Client
}

func newStage(t *testing.T, o teamsfake.Options) *stage {
	t.Helper()
	st := &stage{t: t, http: wire.NewClient(wire.Options{Answer: time.Minute})}
	o.Users = append(o.Users, teamsfake.User{ID: ann, Name: "Ann Lee", Email: "ann@acme.test"})
	o.Teams = append(o.Teams, teamsfake.Team{ID: team, GroupID: group, Name: "Support", Installed: true})
	o.Channels = append(o.Channels, teamsfake.Channel{ID: tickets, Team: team, Name: "tickets"})
	st.srv = teamsfake.New(o)
	noError(t, st.srv.Start("127.0.0.1:0"))
	t.Cleanup(func() {
		st.http.CloseIdleConnections()
		noError(t, st.srv.Close())
	})
	st.client = st.clientFor(st.srv.ServiceURL(), st.srv.AppPassword())
	return st
}

// clientFor makes a client that may call one service.
func (st *stage) clientFor(service, password string) *teams.Client {
	st.t.Helper()
	hosts, err := teams.NewHosts([]string{service}, false)
	noError(st.t, err)
	return teams.NewConnector(teams.ConnectorOptions{
		AppID: st.srv.AppID(),
		Hosts: hosts,
		HTTP:  st.http,
		Now:   time.Now,
		Tokens: teams.NewTokens(teams.TokenOptions{
			LoginURL: st.srv.LoginURL(), TenantID: st.srv.TenantID(), AppID: st.srv.AppID(), Password: password,
			Scope: teams.BotFramework("") + "/.default", Client: st.http, Now: time.Now,
		}),
	})
}

func (st *stage) ctx() context.Context {
	ctx, cancel := context.WithTimeout(st.t.Context(), time.Minute)
	st.t.Cleanup(cancel)
	return ctx
}

func textActivity(s string) teams.Activity {
	return teams.Activity{Type: teams.TypeMessage, Content: teams.Content{TextFormat: "xml", Text: s}}
}

func (st *stage) startThread() teams.Conversation {
	st.t.Helper()
	s, err := st.client.StartThread(st.ctx(), st.srv.ServiceURL(), st.srv.TenantID(), tickets, textActivity("root"))
	noError(st.t, err)
	return teams.Conversation{Service: st.srv.ServiceURL(), ID: s.ID}
}

// wantClass checks how an error is classified.
func wantClass(t *testing.T, err error, want channels.Class) {
	t.Helper()
	e := asError(t, err)
	if e.Class != want {
		t.Errorf("got error %v of class %s, want class %s", err, e.Class, want)
	}
	wantEqual(t, "it is ambiguous", e.Ambiguous(), want == channels.Ambiguous)
}

func asError(t *testing.T, err error) (e *teams.Error) {
	t.Helper()
	if !errors.As(err, &e) {
		t.Fatalf("got error %v, want a *connector.Error", err)
	}
	return e
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantEqual checks one value. what says whose it is.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %#v, want %#v", what, got, want)
	}
}
