package graph_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"parley/bot/teams/graph"
	"parley/bot/teams/rest"
	"parley/bot/teams/teamsfake"
	"parley/channels/fence"
)

// The emulated organisation's team, its channel, and Ann, who is in it.
const (
	ann     = "aaaaaaaa-0000-4000-8000-000000000001"
	team    = "19:team0000@thread.tacv2"
	group   = "99999999-0000-4000-8000-000000000009"
	tickets = "19:tickets0@thread.tacv2"
)

// thread is a thread of the channel.
func thread(root string) graph.Thread {
	return graph.Thread{Group: group, Channel: tickets, Root: root}
}

// stage is a client beside an emulated organisation.
type stage struct {
	t      *testing.T
	srv    *teamsfake.Server
	ann    *teamsfake.Person
	client *graph.Client
	tokens *rest.Tokens
	http   *http.Client
}

func newStage(t *testing.T, o teamsfake.Options) *stage {
	t.Helper()
	o.Users = []teamsfake.User{{ID: ann, Name: "Ann Lee"}}
	o.Teams = []teamsfake.Team{{ID: team, GroupID: group, Name: "Support", Installed: true}}
	o.Channels = []teamsfake.Channel{{ID: tickets, Team: team, Name: "tickets"}}
	st := &stage{t: t, srv: teamsfake.New(o), http: fence.NewClient(fence.Options{Answer: time.Minute})}
	must(t, st.srv.Start("127.0.0.1:0"))
	t.Cleanup(func() {
		st.http.CloseIdleConnections()
		must(t, st.srv.Close())
	})
	st.ann = st.srv.As(ann)
	st.tokens = rest.NewTokens(rest.TokenOptions{
		LoginURL: st.srv.LoginURL(), TenantID: st.srv.TenantID(), AppID: st.srv.AppID(), Password: st.srv.AppPassword(),
		Scope: rest.GraphScope(""), Client: st.http, Now: time.Now,
	})
	st.client = st.clientAt(st.srv.GraphURL())
	return st
}

// clientAt returns a client that calls Graph at another address.
func (st *stage) clientAt(address string) *graph.Client {
	st.t.Helper()
	c, err := graph.New(graph.Options{URL: address, Tokens: st.tokens, HTTP: st.http, Now: time.Now})
	must(st.t, err)
	return c
}

func (st *stage) ctx() context.Context {
	ctx, cancel := context.WithTimeout(st.t.Context(), time.Minute)
	st.t.Cleanup(cancel)
	return ctx
}

// postAsAnn posts a text in a thread, or at top level if root is "", and returns the message's id.
func (st *stage) postAsAnn(root, text string, files ...teamsfake.NewFile) string {
	st.t.Helper()
	id, err := st.ann.Post(teamsfake.Post{Channel: tickets, Root: root, Text: text, Files: files})
	must(st.t, err)
	return id
}

func must(t *testing.T, err error) {
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

// readAll reads a channel page by page: the root of each message, by the message's id.
func (st *stage) readAll() map[string]string {
	st.t.Helper()
	got := map[string]string{}
	add := func(list ...graph.Message) {
		for _, m := range list {
			if _, isKnown := got[m.ID]; isKnown {
				st.t.Errorf("%s is found twice", m.ID)
			}
			got[m.ID] = m.ReplyToID
		}
	}
	for next, isFirst := "", true; isFirst || next != ""; isFirst = false {
		p, err := st.client.Messages(st.ctx(), group, tickets, 2, next)
		must(st.t, err)
		for _, m := range p.Value {
			add(m)
			add(m.Replies...)
			for more := m.MoreReplies; more != ""; {
				r, err := st.client.Replies(st.ctx(), thread(m.ID), more)
				must(st.t, err)
				add(r.Value...)
				more = r.Next
			}
		}
		next = p.Next
	}
	return got
}
