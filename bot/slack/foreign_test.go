package slack

import (
	"cmp"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	slackapi "github.com/slack-go/slack"

	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/channels/fence"
)

// Another API, as that of another emulator of Slack, may read the token from the header only and not tell apps apart.
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
	must(t, err)
	wantEqual(t, "a message that can't be read", got, bridge.Unchanged)
	wantEqual(t, "who we are", me.User, "U0BOT")
	wantEqual(t, "callbacks of our team without an app are ours", me.IsFor("T1", ""), true)
	wantEqual(t, "callbacks of our team with an app are ours", me.IsFor("T1", "A1"), true)
	wantEqual(t, "callbacks of another team are ours", me.IsFor("T2", "A1"), false)
}

// The token is sent to the API only.
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
		wantEqual(t, "authorization sent to "+url, got, want)
	}
}

// takeEvent takes a callback for our app. TEAM and APP stand for ours.
func (st *stage) takeEvent(body string) {
	st.t.Helper()
	me := st.self()
	body = strings.NewReplacer("TEAM", me.Team, "APP", me.App).Replace(body)
	must(st.t, st.surface.intake.takeEvents(st.ctx(), me, []byte(body)))
}

// An app may be subscribed to more events than our manifest has: they are no fault, and are left out.
func TestEventsBesideTheManifest(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.takeEvent(`{"type":"event_callback","team_id":"TEAM","api_app_id":"APP","event":{"type":"file_shared","file_id":"F1","channel_id":"C1"}}`)
	st.takeEvent(`{"type":"event_callback","team_id":"TEAM","api_app_id":"APP","event":{"type":"brand_new","channel":{"id":"C1"}}}`)
	st.wantFacts("", 0)
	wantEqual(t, "gaps", st.desk.Gaps(), 0)
}

// If Slack says that it left events out, that is a gap.
func TestEventsThatSlackLeftOut(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.takeEvent(`{"type":"app_rate_limited","team_id":"TEAM","api_app_id":"APP","minute_rate_limited":1700000000}`)
	st.wantFacts("", 0)
	wantEqual(t, "gaps", st.desk.Gaps(), 1)
	wantEqual(t, "the gap is open", hasGap(st.surface), true)
}

// An event without a type is stored, for people to look at.
func TestEventWithoutType(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.takeEvent(`{"type":"event_callback","team_id":"TEAM","api_app_id":"APP","event":{"channel":"C1"}}`)
	st.wantFacts("", 1)
	wantWords(t, st.desk.IDs()[0], "without type")
}

// A surface that only reads finds a channel without joining it.
func TestReadOnlyDoesNotJoin(t *testing.T) {
	t.Parallel()
	st := newStage(t, func(o *Options, _ *slackfake.Options) { o.ReadOnly = true })
	ch := st.fake.Admin.AddChannel(slackfake.Channel{Name: "elsewhere", Members: []string{st.ann}})
	for _, name := range []string{"#elsewhere", ch.ID} {
		id, err := st.surface.Resolve(t.Context(), name)
		must(t, err)
		wantEqual(t, name+" is", id, ch.ID)
	}
	info, err := st.surface.api.GetConversationInfoContext(t.Context(), &slackapi.GetConversationInfoInput{ChannelID: ch.ID})
	must(t, err)
	wantEqual(t, "the app is a member", info.IsMember, false)
}

func hasGap(s *Surface) bool {
	_, open := s.sweeper.Gap()
	return open
}
