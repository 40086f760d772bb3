package slack

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"parley/bot/slack/fact"
	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/channels"
	"parley/channels/emulator"
)

// If Slack's answer to a post is lost, Reconcile finds out whether the post was made, by the metadata of
// messages. world (harness_test.go) puts a Surface between slackfake, which plays Slack and its people, and
// fakeDesk, which plays the engine.

// Any app can copy what our posts say of themselves: one that another app wrote isn't taken for ours.
func TestReconcileTellsAppsApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.postRoot()
	p := w.newPost(bridge.PostSaid, root, "t1")
	w.mustSend(p)
	for _, tt := range []struct {
		name string
		self *fact.Self // who looks for a post of its own
		want channels.Outcome
	}{
		{name: "the app that posted it", self: w.self(), want: channels.Landed},
		{
			name: "another app",
			self: &fact.Self{User: "U0OTHER", Bot: "B0OTHER", App: "A0OTHER", Team: w.self().Team},
			want: channels.Absent,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, got, err := w.surface.posts.findPosted(w.ctx(), tt.self, p, root.Message)
			noError(t, err)
			wantEqual(t, "outcome", got, tt.want)
		})
	}
}

// In a thread of which no end is reached nobody can tell whether a post was made.
func TestReconcileInAnEndlessThread(t *testing.T) {
	t.Parallel()
	const page = `{"ok":true,"messages":[],"response_metadata":{"next_cursor":"further"}}` // has_more may be left out
	endless := func(r *http.Request) *http.Response {
		return &http.Response{
			StatusCode: http.StatusOK,
			Header:     http.Header{"Content-Type": {"application/json"}},
			Body:       io.NopCloser(strings.NewReader(page)),
			Request:    r,
		}
	}
	w := newWorld(t, func(o *Options, _ *slackfake.Options) {
		o.Client = &http.Client{Transport: replacedMethod{name: "conversations.replies", answer: endless}}
	})
	w.wantReconciled(w.newPost(bridge.PostSaid, w.postRoot(), "t1"), channels.CannotTell)
}

// replacedMethod is a network in which the test answers the requests for one method, and Slack the others.
type replacedMethod struct {
	name   string
	answer roundTrip
}

func (m replacedMethod) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, m.name) {
		return m.answer(r), nil
	}
	return emulator.NewClient().Transport.RoundTrip(r)
}

// roundTrip answers requests in place of a network.
type roundTrip func(*http.Request) *http.Response

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }
