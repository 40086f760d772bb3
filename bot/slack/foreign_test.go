package slack

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"parley/channels/wire"
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
			resp, err := NewWebclient(wire.NewClient(wire.Options{Answer: requestTimeout}), s.apiURL, otherToken).Do(r)
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
