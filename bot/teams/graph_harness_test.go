package teams_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"parley/bot/teams"
	"parley/bot/teams/teamsfake"
	"parley/channels/wire"
)

// The emulated organisation's team, its channel, and Ann, who is in it.
const (
	graphAnn     = "aaaaaaaa-0000-4000-8000-000000000001"
	graphTeam    = "19:team0000@thread.tacv2"
	graphGroup   = "99999999-0000-4000-8000-000000000009"
	graphTickets = "19:tickets0@thread.tacv2"
)

// thread is a thread of the channel.
func thread(root string) teams.Thread {
	return teams.Thread{Group: graphGroup, Channel: graphTickets, Root: root}
}

// world is a client beside an emulated organisation.
type world struct {
	t      *testing.T
	srv    *teamsfake.Server
	ann    *teamsfake.Person
	client *teams.GraphClient
	tokens *teams.Tokens
	http   *http.Client
}

func newWorld(t *testing.T, o teamsfake.Options) *world {
	t.Helper()
	o.Users = []teamsfake.User{{ID: graphAnn, Name: "Ann Lee"}}
	o.Teams = []teamsfake.Team{{ID: graphTeam, GroupID: graphGroup, Name: "Support", Installed: true}}
	o.Channels = []teamsfake.Channel{{ID: graphTickets, Team: graphTeam, Name: "tickets"}}
	w := &world{t: t, srv: teamsfake.New(o), http: wire.NewClient(wire.Options{Answer: time.Minute})}
	noError(t, w.srv.Start("127.0.0.1:0"))
	t.Cleanup(func() {
		w.http.CloseIdleConnections()
		noError(t, w.srv.Close())
	})
	w.ann = w.srv.As(graphAnn)
	w.tokens = teams.NewTokens(teams.TokenOptions{
		LoginURL: w.srv.LoginURL(), TenantID: w.srv.TenantID(), AppID: w.srv.AppID(), Password: w.srv.AppPassword(),
		Scope: teams.GraphScope(""), Client: w.http, Now: time.Now,
	})
	w.client = w.clientAt(w.srv.GraphURL())
	return w
}

// clientAt returns a client that calls Graph at another address.
func (w *world) clientAt(address string) *teams.GraphClient {
	w.t.Helper()
	c, err := teams.NewGraph(teams.GraphOptions{URL: address, Tokens: w.tokens, HTTP: w.http, Now: time.Now})
	noError(w.t, err)
	return c
}

func (w *world) ctx() context.Context {
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	w.t.Cleanup(cancel)
	return ctx
}

// postAsAnn posts a text in a thread, or at top level if root is "", and returns the message's id.
func (w *world) postAsAnn(root, text string, files ...teamsfake.NewFile) string {
	w.t.Helper()
	id, err := w.ann.Post(teamsfake.Post{Channel: graphTickets, Root: root, Text: text, Files: files})
	noError(w.t, err)
	return id
}

// readAll reads a channel page by page: the root of each message, by the message's id.
func (w *world) readAll() map[string]string {
	w.t.Helper()
	got := map[string]string{}
	add := func(list ...teams.Message) {
		for _, m := range list {
			if _, isKnown := got[m.ID]; isKnown {
				w.t.Errorf("%s is found twice", m.ID)
			}
			got[m.ID] = m.ReplyToID
		}
	}
	for next, isFirst := "", true; isFirst || next != ""; isFirst = false {
		p, err := w.client.Messages(w.ctx(), graphGroup, graphTickets, 2, next)
		noError(w.t, err)
		for _, m := range p.Value {
			add(m)
			add(m.Replies...)
			for more := m.MoreReplies; more != ""; {
				r, err := w.client.Replies(w.ctx(), thread(m.ID), more)
				noError(w.t, err)
				add(r.Value...)
				more = r.Next
			}
		}
		next = p.Next
	}
	return got
}
