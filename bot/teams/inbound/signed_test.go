package inbound

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/bot/teams/auth"
	"parley/bot/teams/connector"
	"parley/bot/teams/rest"
	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/entra"
	"parley/channels/fence"
)

// world is an endpoint to which an emulated organisation sends. The endpoint's clock can be moved, and the emulator's
// stands still.
type world struct {
	srv *teamsfake.Server

	mu   sync.Mutex
	at   time.Time
	got  []connector.Activity
	raws []string // their bytes
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

// advance moves the endpoint's clock on.
func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

// takeReceived returns what came through since the last call, and its bytes.
func (w *world) takeReceived() (got []connector.Activity, raws []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	got, raws = w.got, w.raws
	w.got, w.raws = nil, nil
	return got, raws
}

// newWorld starts an organisation that signs what it sends.
func newWorld(t *testing.T) *world { return newWorldWith(t, worldOptions{}) }

type worldOptions struct{ unsigned bool }

func newWorldWith(t *testing.T, o worldOptions) *world {
	t.Helper()
	start := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	w := &world{at: start}
	w.srv = teamsfake.New(teamsfake.Options{
		Clock: func() time.Time { return start }, Unsigned: o.unsigned, Users: []teamsfake.User{{ID: ann, Name: "Ann Lee"}},
	})
	noError(t, w.srv.Start("127.0.0.1:0"))
	hosts, err := rest.NewHosts([]string{w.srv.ServiceURL()}, false)
	noError(t, err)
	v, err := auth.New(auth.Options{
		AppID: w.srv.AppID(), Tenants: []string{w.srv.TenantID()}, OpenID: w.srv.OpenIDURL(), Hosts: hosts,
		Client: fence.NewClient(fence.Options{Answer: time.Minute}), Now: w.now,
	})
	noError(t, err)

	keep := func(_ http.ResponseWriter, _ *http.Request, a connector.Activity, raw []byte) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.got, w.raws = append(w.got, a), append(w.raws, string(raw))
	}

	endpoint := httptest.NewServer(New(v, o.unsigned, func() {}, slog.New(slog.DiscardHandler)).Handler(keep))
	t.Cleanup(func() {
		noError(t, w.srv.Close())
		endpoint.Close()
	})
	w.srv.Activities.SetEndpoint(endpoint.URL)
	return w
}

const ann = "aaaaaaaa-0000-4000-8000-000000000001"

// body is an activity, in which Ann mentions us. more are further fields, each with a comma in front.
func (w *world) body(more string) string {
	return fmt.Sprintf(`{"type":"message","id":"1","channelId":"msteams","serviceUrl":%q,"conversation":{"id":"19:x","tenantId":%q},`,
		w.srv.ServiceURL(), w.srv.TenantID()) +
		`"from":{"id":"29:1","aadObjectId":"` + ann + `"},"recipient":{"id":"28:x","isTargeted":true},` +
		`"entities":[{"type":"mention","mentioned":{"id":"28:x"},"text":"<at>x</at>"}]` + more + `}`
}

// sendRaw sends a body with a token of some kind, and returns the status of the answer.
func (w *world) sendRaw(t *testing.T, kind entra.Token, body string) (status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	status, _, err := w.srv.Forger.SendRaw(ctx, kind, []byte(body))
	noError(t, err)
	return status
}

// wantAnswer sends a body, and checks the status of the answer. If it is 200, one activity comes through, else none.
func (w *world) wantAnswer(t *testing.T, kind entra.Token, body string, want int) {
	t.Helper()
	what := fmt.Sprintf("%.60q with the token %q", body, kind)
	wantEqual(t, what+": status", w.sendRaw(t, kind, body), want)
	activities := 0
	if want == http.StatusOK {
		activities = 1
	}
	got, _ := w.takeReceived()
	wantEqual(t, what+": activities", len(got), activities)
}

// wantKeyRequests checks how often the endpoint asked for keys so far.
func (w *world) wantKeyRequests(t *testing.T, want int) {
	t.Helper()
	wantEqual(t, "requests for keys", len(w.srv.Calls("keys")), want)
}

func TestGoodTokensAreTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, kind := range entra.GoodTokens() {
		w.wantAnswer(t, kind, w.body(""), http.StatusOK)
	}
}

// Every token that the emulator can spoil is refused, and nothing of it comes through.
func TestSpoiltTokensAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.wantAnswer(t, entra.TokenGood, w.body(""), http.StatusOK) // by which the keys are known
	for _, kind := range entra.BadTokens() {
		w.wantAnswer(t, kind, w.body(""), http.StatusUnauthorized)
	}
}

// A signed body that isn't an activity for us is refused. If a field occurs twice, the last one counts.
func TestSignedBodiesThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const tooLong = 2 << 20
	for _, tt := range []struct {
		name string
		body string
		want int
	}{
		{name: "null", body: "null", want: http.StatusBadRequest},
		{name: "empty", body: "", want: http.StatusBadRequest},
		{name: "more than an activity", body: w.body("") + "{}", want: http.StatusBadRequest},
		{
			name: "too long",
			body: w.body(`,"x":"` + strings.Repeat("x", tooLong) + `"`),
			want: http.StatusRequestEntityTooLarge,
		},
		{
			name: "another service than the token is for",
			body: w.body(`,"serviceUrl":"` + teamsService + `"`),
			want: http.StatusUnauthorized,
		},
		{name: "another channel", body: w.body(`,"channelId":"webchat"`), want: http.StatusUnauthorized},
		{name: "another tenant", body: w.body(`,"conversation":{"tenantId":"other"}`), want: http.StatusUnauthorized},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.wantAnswer(t, entra.TokenGood, tt.body, tt.want)
		})
	}
}

// After keys were rotated, a flood of tokens with unknown keys makes us ask for keys once.
func TestRotationAndFlood(t *testing.T) {
	t.Parallel()
	const flood = 100
	w := newWorld(t)
	w.wantAnswer(t, entra.TokenGood, w.body(""), http.StatusOK)
	noError(t, w.srv.Entra.RotateKeys(true))
	w.advance(time.Minute)
	w.wantAnswer(t, entra.TokenGood, w.body(""), http.StatusOK)
	w.wantKeyRequests(t, 2)

	w.advance(time.Minute)
	refusals := w.srv.Forger.Flood(t.Context(), entra.TokenUnknownKid, flood)[http.StatusUnauthorized]
	wantEqual(t, "refusals", refusals, flood)
	w.wantKeyRequests(t, 3)
}
