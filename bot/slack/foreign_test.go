package slack

import (
	"cmp"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	slackapi "github.com/slack-go/slack"

	"parley/bot/slack/slackfake"
	"parley/bot/slack/webclient"
	"parley/bridge"
	"parley/channels/fence"
)

// otherToken is the token that an API other than Slack's accepts.
const otherToken = "xoxb-1"

// newSurfaceFor makes a surface for the API at an address, without slackfake.
func newSurfaceFor(t *testing.T, apiURL string) *Surface {
	t.Helper()
	s, err := New(Options{BotToken: otherToken, SigningSecret: "s", APIURL: apiURL, Desk: newFakeDesk()})
	noError(t, err)
	return s
}

// newPlainAPI starts an API as another emulator of Slack may have it: it knows two methods, reads the token only from
// the header, and doesn't tell apps apart.
func newPlainAPI(t *testing.T) (apiURL string) {
	t.Helper()
	answers := map[string]string{
		"/api/auth.test": `{
			"ok": true, "url": "https://acme.slack.com/", "team": "Acme", "user": "parley",
			"team_id": "T1", "user_id": "U0BOT", "bot_id": "B1"
		}`,
		"/api/bots.info": `{"ok":true,"bot":{"id":"B1","name":"parley"}}`,
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+otherToken {
			_, _ = w.Write([]byte(`{"ok":false,"error":"not_authed"}`))
			return
		}
		_, _ = w.Write([]byte(cmp.Or(answers[r.URL.Path], `{"ok":false,"error":"unknown_method"}`)))
	}))
	t.Cleanup(srv.Close)
	return srv.URL + "/api/"
}

// If the API doesn't tell apps apart, callbacks of our team are ours, whether they name an app or not.
func TestWhoWeAreWithoutAnApp(t *testing.T) {
	t.Parallel()
	self, err := newSurfaceFor(t, newPlainAPI(t)).identify(t.Context())
	noError(t, err)
	wantEqual(t, "our user", self.User, "U0BOT")
	wantEqual(t, "callbacks of our team without an app are ours", self.IsForUs("T1", ""), true)
	wantEqual(t, "callbacks of our team with an app are ours", self.IsForUs("T1", "A1"), true)
	wantEqual(t, "callbacks of another team are ours", self.IsForUs("T2", "A1"), false)
}

// If the API can't read messages, Confirm doesn't keep a reply from leaving as Parley has read it.
func TestConfirmWithoutTheMethod(t *testing.T) {
	t.Parallel()
	s := newSurfaceFor(t, newPlainAPI(t))
	got, err := s.Confirm(t.Context(), bridge.Place{Channel: "C1", Thread: "1.1", Message: "1.2"}, "Hi")
	noError(t, err)
	wantEqual(t, "message that can't be read", got, bridge.Unchanged)
}

// The token is sent only to the API. It isn't sent to the address for uploads, or to another host.
func TestTokenIsSentToTheAPIOnly(t *testing.T) {
	t.Parallel()
	var got string
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get("Authorization") }))
	t.Cleanup(srv.Close)
	s := newSurfaceFor(t, srv.URL+"/api/")
	sameServer := strings.Replace(srv.URL, "127.0.0.1", "localhost", 1) // by another name, which counts as another host

	for _, tt := range []struct {
		name string
		url  string
		want string
	}{
		{name: "API", url: srv.URL + "/api/x", want: "Bearer " + otherToken},
		{name: "upload", url: srv.URL + "/upload/1", want: ""},
		{name: "another host", url: sameServer + "/api/x", want: ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tt.url, nil)
			noError(t, err)
			resp, err := webclient.New(fence.NewClient(fence.Options{Answer: requestTimeout}), s.apiURL, otherToken).Do(r)
			noError(t, err)
			noError(t, resp.Body.Close())
			wantEqual(t, "credentials", got, tt.want)
		})
	}
}

// takeEvent has the surface take a callback for our app. TEAM and APP in it are replaced by ours.
func (w *world) takeEvent(body string) {
	w.t.Helper()
	self := w.self()
	body = strings.NewReplacer("TEAM", self.Team, "APP", self.App).Replace(body)
	noError(w.t, w.surface.intake.takeEvents(w.ctx(), self, []byte(body)))
}

// An app may be subscribed to more events than our manifest names. These events are left out, and aren't a fault.
func TestEventsBesideTheManifest(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		body string
	}{
		{
			name: "an event of Slack's",
			body: `{"type":"event_callback","team_id":"TEAM","api_app_id":"APP","event":{"type":"file_shared","file_id":"F1","channel_id":"C1"}}`,
		},
		{
			name: "an event that nobody knows yet",
			body: `{"type":"event_callback","team_id":"TEAM","api_app_id":"APP","event":{"type":"brand_new","channel":{"id":"C1"}}}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.takeEvent(tt.body)
			w.wantFacts(allFacts, 0)
			wantEqual(t, "gaps", w.desk.Gaps(), 0)
		})
	}
}

// If Slack says that it left events out, a gap begins.
func TestEventsThatSlackLeftOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.takeEvent(`{"type":"app_rate_limited","team_id":"TEAM","api_app_id":"APP","minute_rate_limited":1700000000}`)
	w.wantFacts(allFacts, 0)
	wantEqual(t, "gaps", w.desk.Gaps(), 1)
	wantEqual(t, "the gap is open", w.hasGap(), true)
}

// An event without a type is put into quarantine, so that people can look at it.
func TestEventWithoutType(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.takeEvent(`{"type":"event_callback","team_id":"TEAM","api_app_id":"APP","event":{"channel":"C1"}}`)
	ids := w.desk.IDs() // with the reasons for quarantine
	if len(ids) != 1 {
		t.Fatalf("stored are %v, want one fact", ids)
	}
	wantWords(t, ids[0], "without type")
}

// A surface that only reads finds a channel without joining it.
func TestReadOnlyDoesNotJoin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options, _ *slackfake.Options) { o.ReadOnly = true })
	ch := w.fake.Admin.AddChannel(slackfake.Channel{Name: "elsewhere", Members: []string{w.ann}})
	for _, name := range []string{"#elsewhere", ch.ID} {
		id, err := w.surface.Resolve(t.Context(), name)
		noError(t, err)
		wantEqual(t, "channel of "+name, id, ch.ID)
	}
	info, err := w.surface.api.GetConversationInfoContext(t.Context(), &slackapi.GetConversationInfoInput{ChannelID: ch.ID})
	noError(t, err)
	wantEqual(t, "the app is a member", info.IsMember, false)
}
