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
)

// Any app can copy what our posts say of themselves: one that another app wrote isn't ours.
func TestReconcileBesideACopy(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	root := st.postRoot()
	p := st.newPost(bridge.PostSaid, root, "t1")
	st.mustSend(p)
	for who, c := range map[string]struct {
		me   *fact.Self
		want channels.Outcome
	}{
		"we":          {me: st.self(), want: channels.Landed},
		"another app": {me: &fact.Self{User: "U0OTHER", Bot: "B0OTHER", App: "A0OTHER", Team: st.self().Team}, want: channels.Absent},
	} {
		_, got, err := st.surface.posts.findPosted(st.ctx(), c.me, p, root.Message)
		must(t, err)
		wantEqual(t, "what is found if "+who+" asks", got, c.want)
	}
}

// In a thread of which no end is reached nobody can tell whether a post was made.
func TestReconcileInAnEndlessThread(t *testing.T) {
	t.Parallel()
	endless := http.Header{"Content-Type": {"application/json"}}
	const page = `{"ok":true,"messages":[],"has_more":true,"response_metadata":{"next_cursor":"further"}}`
	st := newStage(t, func(o *Options, _ *slackfake.Options) {
		o.Client = &http.Client{Transport: replacing{"conversations.replies", func(r *http.Request) *http.Response {
			return &http.Response{StatusCode: http.StatusOK, Header: endless, Body: io.NopCloser(strings.NewReader(page)), Request: r}
		}}}
	})
	st.wantReconciled(st.newPost(bridge.PostSaid, st.postRoot(), "t1"), channels.CannotTell)
}

// replacing answers the requests for one method in place of the network.
type replacing struct {
	method string
	answer roundTrip
}

func (f replacing) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.HasSuffix(r.URL.Path, f.method) {
		return f.answer(r), nil
	}
	return http.DefaultTransport.RoundTrip(r)
}

// roundTrip answers requests in place of a network.
type roundTrip func(*http.Request) *http.Response

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }
