package slack

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/bot/slack/fact"
	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/channels"
)

// httpStage is a workspace that calls us.
func httpStage(t *testing.T) (*stage, *httptest.Server) {
	t.Helper()
	st := newStage(t, false, func(o *Options, f *slackfake.Options) {
		o.SigningSecret = "s3cret"
		f.SigningSecret = o.SigningSecret
	})
	mux := http.NewServeMux()
	for pattern, h := range st.s.Handlers() {
		mux.Handle(pattern, h)
	}
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return st, srv
}

func TestSocketModeHasNoHandlers(t *testing.T) {
	t.Parallel()
	if h := newStage(t, false).s.Handlers(); h != nil {
		t.Errorf("handlers %v", h)
	}
}

func TestEventsByHTTP(t *testing.T) {
	t.Parallel()
	st, srv := httpStage(t)
	must(t, st.fake.Webhooks.Use(st.ctx(), slackfake.Targets{
		Events: srv.URL + "/slack/events", Commands: srv.URL + "/slack/commands", Interactions: srv.URL + "/slack/interactions", Options: srv.URL + "/slack/interactions",
	})) // proves url_verification
	st.run()
	root := st.root()
	ts := st.say(root.Message, "On our way")
	if a := st.decode(st.desk.First(t, fact.MessageID(st.ch, ts))); a.Text != "On our way" {
		t.Errorf("got %+v", a)
	}
	out, err := st.fake.As(st.ann).Command(st.ctx(), st.ch, "/parley", "#12 assign <@U0ANN>")
	must(t, err)
	f := st.desk.First(t, "i:")
	a := st.decode(f)
	if out.Error != "" || a.Verb != bridge.VerbAssign || a.Args.Conversation != 12 || len(a.Args.Agents) != 1 || a.Args.Agents[0] != st.ann || a.Origin != bridge.OriginSlash {
		t.Errorf("outcome %+v, got %+v", out, a)
	}
	if bytes.Contains(f.Payload, []byte("response_url")) || bytes.Contains(f.Payload, []byte("fakeVerificationToken")) {
		t.Error("secrets are stored")
	}
}

// saidInThread is the callback of a message that somebody wrote in a thread of ours.
func saidInThread(st *stage) string {
	me := testSelfOf(st)
	return fmt.Sprintf(`{"type":"event_callback","team_id":%q,"api_app_id":%q,"event_id":"Ev1","event":{"type":"message","user":"UANN",`+
		`"channel":"C1","ts":"1700000002.000200","thread_ts":"1700000001.000100","parent_user_id":"UBOT","text":"x"}}`, me.Team, me.App)
}

func TestOverloadAnswers503(t *testing.T) {
	t.Parallel()
	st, srv := httpStage(t)
	st.desk.Refuse(channels.ErrOverloaded)
	body := saidInThread(st)
	resp := st.call(srv.URL+"/slack/events", []byte(body), st.fake.Webhooks.Sign([]byte(body)))
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
	if n := st.desk.Gaps(); n != 1 || !gapOpen(st.s) {
		t.Errorf("%d gaps: what is said later may overtake what was not stored", n)
	}
	st.desk.Refuse(nil)
	if resp := st.call(srv.URL+"/slack/events", []byte(body), st.fake.Webhooks.Sign([]byte(body))); resp.StatusCode != http.StatusOK || len(st.desk.IDs()) != 1 {
		t.Errorf("%d, facts %v", resp.StatusCode, st.desk.IDs())
	}
}

// TestEventBroughtAgain: what Slack could not bring at once may come before what was said earlier, so
// that is looked for, and replies wait for it.
func TestEventBroughtAgain(t *testing.T) {
	t.Parallel()
	st, srv := httpStage(t)
	body := saidInThread(st)
	for again, gaps := range map[string]int{"": 0, "1": 1} {
		head := st.fake.Webhooks.Sign([]byte(body))
		if again != "" {
			head.Set("X-Slack-Retry-Num", again)
		}
		before := st.desk.Gaps()
		if resp := st.call(srv.URL+"/slack/events", []byte(body), head); resp.StatusCode != http.StatusOK || st.desk.Gaps() != before+gaps {
			t.Errorf("attempt %q: %d, %d gaps", again, resp.StatusCode, st.desk.Gaps()-before)
		}
	}
}

// TestInvitedAgain: while the app was not in a channel, nobody told it what was said there. When it is
// invited again, that is a gap.
func TestInvitedAgain(t *testing.T) {
	t.Parallel()
	st := newStage(t, true, func(_ *Options, f *slackfake.Options) { f.Scopes, f.Events = botScopes(), botEvents() })
	root := st.root()
	must(t, st.fake.Admin.Kick(st.ch, st.fake.BotUserID()))
	missed := st.say(root.Message, "Is anybody there?")
	must(t, st.fake.Admin.Invite(st.ch, st.fake.BotUserID(), st.ann))
	st.desk.First(t, fact.MessageID(st.ch, missed))
}

func (st *stage) call(url string, body []byte, h http.Header) *http.Response {
	st.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, url, bytes.NewReader(body))
	must(st.t, err)
	r.Header = h.Clone()
	resp, err := http.DefaultClient.Do(r)
	must(st.t, err)
	must(st.t, resp.Body.Close())
	return resp
}

// Case 32: only what Slack signed within five minutes is read.
func TestSignatures(t *testing.T) {
	t.Parallel()
	st, srv := httpStage(t)
	body := []byte(`{"type":"url_verification","challenge":"c"}`)
	good := st.fake.Webhooks.Sign(body)
	sign := func(at time.Time) http.Header {
		s := slackfake.New(slackfake.Options{SigningSecret: "s3cret", Clock: func() time.Time { return at }})
		defer s.Close() //nolint:errcheck // it never listened
		return s.Webhooks.Sign(body)
	}
	with := func(k, v string) http.Header {
		h := good.Clone()
		h.Set(k, v)
		return h
	}
	cases := []struct {
		name string
		h    http.Header
		body []byte
		want int
	}{
		{"good", good, body, 200},
		{"four minutes old", sign(time.Now().Add(-4 * time.Minute)), body, 200},
		{"old", sign(time.Now().Add(-6 * time.Minute)), body, 401},
		{"future", sign(time.Now().Add(6 * time.Minute)), body, 401},
		{"none", http.Header{}, body, 401},
		{"tampered body", good, append([]byte(" "), body...), 401},
		{"other stamp", with("X-Slack-Request-Timestamp", strconv.FormatInt(time.Now().Unix()-60, 10)), body, 401},
		{"no scheme", with("X-Slack-Signature", strings.TrimPrefix(good.Get("X-Slack-Signature"), "v0=")), body, 401},
		{"empty signature", with("X-Slack-Signature", "v0="), body, 401},
		{"no number", with("X-Slack-Request-Timestamp", "now"), body, 401},
		{"too long", good, bytes.Repeat([]byte("x"), maxBodyBytes+1), 413},
	}
	for _, c := range cases {
		for _, path := range []string{"/slack/events", "/slack/commands", "/slack/interactions"} {
			if c.want == 200 && path != "/slack/events" {
				continue
			}
			if resp := st.call(srv.URL+path, c.body, c.h); resp.StatusCode != c.want {
				t.Errorf("%s on %s: %d, want %d", c.name, path, resp.StatusCode, c.want)
			}
		}
	}
	if len(st.desk.IDs()) != 0 {
		t.Errorf("facts %v", st.desk.IDs())
	}
	closed := &door{intake: &intake{workspace: &workspace{now: time.Now}}}
	if closed.isSigned(good, body) {
		t.Error("without a secret everything passes")
	}
}

// Slack doesn't sign the requests by which it looks at the certificate of a command's address. Nothing else gets in
// by such a request.
func TestSSLCheck(t *testing.T) {
	t.Parallel()
	st, srv := httpStage(t)
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	for body, want := range map[string]int{
		"ssl_check=1&token=x": http.StatusOK,
		"ssl_check=1&token=x&command=%2Fparley&text=%2312+resolve&team_id=" + st.fake.TeamID() + "&api_app_id=" + st.fake.AppID(): http.StatusOK,
		"ssl_check=0&token=x": http.StatusUnauthorized,
	} {
		if resp := st.call(srv.URL+"/slack/commands", []byte(body), form); resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", body, resp.StatusCode, want)
		}
	}
	if ids := st.desk.IDs(); len(ids) != 0 {
		t.Errorf("facts %v", ids)
	}
}
