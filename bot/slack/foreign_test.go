package slack

import (
	"cmp"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	slackapi "github.com/slack-go/slack"

	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/channels/fence"
)

// TestOtherAPI speaks to an API that reads the token from the header only and doesn't
// tell apps apart, as another emulator of Slack does.
func TestOtherAPI(t *testing.T) {
	t.Parallel()
	answers := map[string]string{
		"/api/auth.test": `{"ok":true,"url":"https://acme.slack.com/","team":"Acme","user":"parley","team_id":"T1","user_id":"U0BOT","bot_id":"B1"}`,
		"/api/bots.info": `{"ok":true,"bot":{"id":"B1","name":"parley"}}`,
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer xoxb-1" {
			_, _ = w.Write([]byte(`{"ok":false,"error":"not_authed"}`))
			return
		}
		_, _ = w.Write([]byte(cmp.Or(answers[r.URL.Path], `{"ok":false,"error":"unknown_method"}`)))
	}))
	t.Cleanup(srv.Close)
	s, err := New(Options{BotToken: "xoxb-1", SigningSecret: "s", APIURL: srv.URL + "/api/", Desk: newDesk()})
	must(t, err)
	me, err := s.identify(t.Context())
	must(t, err)
	got, err := s.Confirm(t.Context(), bridge.Place{Channel: "C1", Thread: "1.1", Message: "1.2"}, "Hi")
	if err != nil || got != bridge.Unchanged {
		t.Errorf("confirmed %v: %v", got, err)
	}
	if me.User != "U0BOT" || !me.IsFor("T1", "") || !me.IsFor("T1", "A1") || me.IsFor("T2", "A1") {
		t.Errorf("we are %+v", me)
	}
}

// TestTokenStays proves that the token is named to the API only.
func TestTokenStays(t *testing.T) {
	t.Parallel()
	var got string
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("Authorization") }))
	t.Cleanup(srv.Close)
	s, err := New(Options{BotToken: "xoxb-1", SigningSecret: "s", APIURL: srv.URL + "/api/", Desk: newDesk()})
	must(t, err)
	other := strings.Replace(srv.URL, "127.0.0.1", "localhost", 1)
	for url, want := range map[string]string{srv.URL + "/api/x": "Bearer xoxb-1", srv.URL + "/upload/1": "", other + "/api/x": ""} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, nil)
		must(t, err)
		resp, err := bearerClient(fence.NewClient(fence.Options{Answer: requestTimeout}), s.apiURL, "xoxb-1").Do(r)
		must(t, err)
		must(t, resp.Body.Close())
		if got != want {
			t.Errorf("%s got %q", url, got)
		}
	}
}

// TestEventsBesideTheManifest: what an app is subscribed to beyond our manifest is no
// fault, and events that Slack left out are looked for.
func TestEventsBesideTheManifest(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	me, err := st.s.identify(t.Context())
	must(t, err)
	take := func(body string) {
		t.Helper()
		body = strings.NewReplacer("TEAM", me.Team, "APP", me.App).Replace(body)
		must(t, st.s.intake.takeEvents(context.Background(), me, []byte(body)))
	}
	take(`{"type":"event_callback","team_id":"TEAM","api_app_id":"APP","event":{"type":"file_shared","file_id":"F1","channel_id":"C1"}}`)
	take(`{"type":"event_callback","team_id":"TEAM","api_app_id":"APP","event":{"type":"brand_new","channel":{"id":"C1"}}}`)
	if ids := st.desk.IDs(); len(ids) != 0 || st.desk.Gaps() != 0 {
		t.Errorf("stored %v, gaps %v", ids, st.desk.Gaps())
	}
	take(`{"type":"app_rate_limited","team_id":"TEAM","api_app_id":"APP","minute_rate_limited":1700000000}`)
	if len(st.desk.IDs()) != 0 || st.desk.Gaps() != 1 || !gapOpen(st.s) {
		t.Errorf("stored %v, gaps %v", st.desk.IDs(), st.desk.Gaps())
	}
	take(`{"type":"event_callback","team_id":"TEAM","api_app_id":"APP","event":{"channel":"C1"}}`)
	if ids := st.desk.IDs(); len(ids) != 1 || !strings.Contains(ids[0], "without type") {
		t.Errorf("stored %v", ids)
	}
}

// TestOnlyLook: who only looks finds a channel without joining it.
func TestOnlyLook(t *testing.T) {
	t.Parallel()
	st := newStage(t, false, func(o *Options, _ *slackfake.Options) { o.ReadOnly = true })
	ch := st.fake.Admin.AddChannel(slackfake.Channel{Name: "elsewhere", Members: []string{st.ann}})
	for _, name := range []string{"#elsewhere", ch.ID} {
		if id, err := st.s.Resolve(t.Context(), name); err != nil || id != ch.ID {
			t.Errorf("%s is %q: %v", name, id, err)
		}
	}
	info, err := st.s.api.GetConversationInfoContext(t.Context(), &slackapi.GetConversationInfoInput{ChannelID: ch.ID})
	must(t, err)
	if info.IsMember {
		t.Error("the app joined")
	}
}

func gapOpen(s *Surface) bool {
	_, open := s.sweeper.Gap()
	return open
}
