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
	"parley/bot/slack/manifest"
	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/channels"
)

// httpStage is a workspace that calls us by HTTP.
func httpStage(t *testing.T) (*stage, *httptest.Server) {
	t.Helper()
	st := newStage(t, func(o *Options, f *slackfake.Options) {
		o.SigningSecret = "s3cret"
		f.SigningSecret = o.SigningSecret
	})
	mux := http.NewServeMux()
	for pattern, h := range st.surface.Handlers() {
		mux.Handle(pattern, h)
	}
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return st, srv
}

func TestSocketModeHasNoHandlers(t *testing.T) {
	t.Parallel()
	if h := newStage(t).surface.Handlers(); h != nil {
		t.Errorf("got the handlers %v, want none", h)
	}
}

// Events and commands that Slack brings by HTTP are stored, without what would let a reader of the journal act in our name.
func TestEventsByHTTP(t *testing.T) {
	t.Parallel()
	st, srv := httpStage(t)
	interactions := srv.URL + "/slack/interactions"
	must(t, st.fake.Webhooks.Use(st.ctx(), slackfake.Targets{
		Events: srv.URL + "/slack/events", Commands: srv.URL + "/slack/commands", Interactions: interactions, Options: interactions,
	})) // proves url_verification
	st.connect()

	root := st.postRoot()
	ts := st.postAsAnn(root.Message, "On our way")
	wantEqual(t, "text of the message", st.waitAction(fact.MessageID(st.channel, ts)).Text, "On our way")

	st.typeCommand("#12 assign <@U0ANN>")
	f := st.desk.First(t, "i:")
	a := st.mustDecode(f)
	wantEqual(t, "verb", a.Verb, bridge.VerbAssign)
	wantEqual(t, "conversation", a.Args.Conversation, 12)
	wantEqual(t, "assigned to", strings.Join(a.Args.Agents, " "), st.ann)
	wantEqual(t, "origin", a.Origin, bridge.OriginSlash)
	for _, secret := range []string{"response_url", "fakeVerificationToken"} {
		if bytes.Contains(f.Payload, []byte(secret)) {
			t.Errorf("%s is stored: %s", secret, f.Payload)
		}
	}
}

// saidInThread is the callback of a message that somebody wrote in a thread of ours.
func saidInThread(st *stage) string {
	me := st.self()
	return fmt.Sprintf(`{"type":"event_callback","team_id":%q,"api_app_id":%q,"event_id":"Ev1","event":{"type":"message","user":"UANN",`+
		`"channel":"C1","ts":"1700000002.000200","thread_ts":"1700000001.000100","parent_user_id":"UBOT","text":"x"}}`, me.Team, me.App)
}

// If an event can't be stored, Slack is asked to bring it later. What is said meanwhile may overtake it, so that a gap is open.
func TestOverloadAnswers503(t *testing.T) {
	t.Parallel()
	st, srv := httpStage(t)
	st.desk.Refuse(channels.ErrOverloaded)
	body := []byte(saidInThread(st))
	resp := st.postTo(srv.URL+"/slack/events", body, st.fake.Webhooks.Sign(body))
	wantEqual(t, "status", resp.StatusCode, http.StatusServiceUnavailable)
	wantEqual(t, "Slack is told when to try again", resp.Header.Get("Retry-After") != "", true)
	wantEqual(t, "gaps", st.desk.Gaps(), 1)
	wantEqual(t, "the gap is open", hasGap(st.surface), true)

	st.desk.Refuse(nil)
	resp = st.postTo(srv.URL+"/slack/events", body, st.fake.Webhooks.Sign(body))
	wantEqual(t, "status of the second attempt", resp.StatusCode, http.StatusOK)
	st.wantFacts("", 1)
}

// An event that Slack could not bring at once may come after what was said later, so that more may be missing: replies wait until
// that is looked for.
func TestEventBroughtAgain(t *testing.T) {
	t.Parallel()
	st, srv := httpStage(t)
	body := []byte(saidInThread(st))
	for attempt, wantGaps := range map[string]int{"": 0, "1": 1} {
		head := st.fake.Webhooks.Sign(body)
		if attempt != "" {
			head.Set("X-Slack-Retry-Num", attempt)
		}
		before := st.desk.Gaps()
		resp := st.postTo(srv.URL+"/slack/events", body, head)
		wantEqual(t, "status of attempt "+attempt, resp.StatusCode, http.StatusOK)
		wantEqual(t, "gaps by attempt "+attempt, st.desk.Gaps()-before, wantGaps)
	}
}

// While the app isn't in a channel, nobody tells it what is said there. When it is invited again, that is a gap.
func TestInvitedAgain(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t, func(_ *Options, f *slackfake.Options) { f.Scopes, f.Events = manifest.Scopes(), manifest.Events() })
	root := st.postRoot()
	must(t, st.fake.Admin.Kick(st.channel, st.fake.BotUserID()))
	missed := st.postAsAnn(root.Message, "Is anybody there?")
	must(t, st.fake.Admin.Invite(st.channel, st.fake.BotUserID(), st.ann))
	st.desk.First(t, fact.MessageID(st.channel, missed))
}

func (st *stage) postTo(url string, body []byte, h http.Header) *http.Response {
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
	signedAt := func(at time.Time) http.Header {
		s := slackfake.New(slackfake.Options{SigningSecret: "s3cret", Clock: func() time.Time { return at }})
		defer s.Close() //nolint:errcheck // it never listened
		return s.Webhooks.Sign(body)
	}
	with := func(name, value string) http.Header {
		h := good.Clone()
		h.Set(name, value)
		return h
	}
	anotherTime := strconv.FormatInt(time.Now().Unix()-60, 10)
	for _, tt := range []struct {
		name string
		head http.Header
		body []byte // the one that was signed, if nil
		want int
	}{
		{name: "good", head: good, want: http.StatusOK},
		{name: "four minutes old", head: signedAt(time.Now().Add(-4 * time.Minute)), want: http.StatusOK},
		{name: "six minutes old", head: signedAt(time.Now().Add(-6 * time.Minute)), want: http.StatusUnauthorized},
		{name: "six minutes ahead", head: signedAt(time.Now().Add(6 * time.Minute)), want: http.StatusUnauthorized},
		{name: "no signature", head: http.Header{}, want: http.StatusUnauthorized},
		{name: "another body", head: good, body: append([]byte(" "), body...), want: http.StatusUnauthorized},
		{name: "another time", head: with("X-Slack-Request-Timestamp", anotherTime), want: http.StatusUnauthorized},
		{name: "no scheme", head: with("X-Slack-Signature", strings.TrimPrefix(good.Get("X-Slack-Signature"), "v0=")), want: http.StatusUnauthorized},
		{name: "an empty signature", head: with("X-Slack-Signature", "v0="), want: http.StatusUnauthorized},
		{name: "a time that is no number", head: with("X-Slack-Request-Timestamp", "now"), want: http.StatusUnauthorized},
		{name: "a body that is too long", head: good, body: bytes.Repeat([]byte("x"), maxBodyBytes+1), want: http.StatusRequestEntityTooLarge},
	} {
		paths := []string{"/slack/events"}
		if tt.want != http.StatusOK {
			paths = append(paths, "/slack/commands", "/slack/interactions")
		}
		if tt.body == nil {
			tt.body = body
		}
		for _, path := range paths {
			wantEqual(t, tt.name+" at "+path+": status", st.postTo(srv.URL+path, tt.body, tt.head).StatusCode, tt.want)
		}
	}
	st.wantFacts("", 0)
}

// Without a secret nothing is taken for signed.
func TestNoSigningSecret(t *testing.T) {
	t.Parallel()
	st, _ := httpStage(t)
	body := []byte("{}")
	d := &door{intake: &intake{workspace: &workspace{now: time.Now}}}
	wantEqual(t, "is signed", d.isSigned(st.fake.Webhooks.Sign(body), body), false)
}

// Slack doesn't sign the requests by which it looks at the certificate of a command's address. Nothing else gets in by such a request.
func TestSSLCheck(t *testing.T) {
	t.Parallel()
	st, srv := httpStage(t)
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	command := "&command=%2Fparley&text=%2312+resolve&team_id=" + st.fake.TeamID() + "&api_app_id=" + st.fake.AppID()
	for body, want := range map[string]int{
		"ssl_check=1&token=x":           http.StatusOK,
		"ssl_check=1&token=x" + command: http.StatusOK,
		"ssl_check=0&token=x":           http.StatusUnauthorized,
	} {
		wantEqual(t, "status of "+body, st.postTo(srv.URL+"/slack/commands", []byte(body), form).StatusCode, want)
	}
	st.wantFacts("", 0)
}
