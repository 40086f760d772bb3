package teams

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

	"parley/bot/teams/teamsfake"
	"parley/channels/wire"
)

// world is an endpoint to which an emulated organisation sends. The endpoint's clock can be moved, and the emulator's
// stands still.
type inboundWorld struct {
	srv *teamsfake.Server

	mu   sync.Mutex
	at   time.Time
	got  []Activity
	raws []string // their bytes
}

func (w *inboundWorld) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

// advance moves the endpoint's clock on.
func (w *inboundWorld) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

// takeReceived returns what came through since the last call, and its bytes.
func (w *inboundWorld) takeReceived() (got []Activity, raws []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	got, raws = w.got, w.raws
	w.got, w.raws = nil, nil
	return got, raws
}

// newWorld starts an organisation that signs what it sends.
func newWorldInbound(t *testing.T) *inboundWorld { return newWorldWith(t, worldOptions{}) }

type worldOptions struct{ unsigned bool }

func newWorldWith(t *testing.T, o worldOptions) *inboundWorld {
	t.Helper()
	start := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	w := &inboundWorld{at: start}
	w.srv = teamsfake.New(teamsfake.Options{
		Clock: func() time.Time { return start }, Unsigned: o.unsigned, Users: []teamsfake.User{{ID: inboundAnn, Name: "Ann Lee"}},
	})
	noError(t, w.srv.Start("127.0.0.1:0"))
	hosts, err := NewHosts([]string{w.srv.ServiceURL()}, false)
	noError(t, err)
	v, err := NewAuth(AuthOptions{
		AppID: w.srv.AppID(), Tenants: []string{w.srv.TenantID()}, OpenID: w.srv.OpenIDURL(), Hosts: hosts,
		Client: wire.NewClient(wire.Options{Answer: time.Minute}), Now: w.now,
	})
	noError(t, err)

	keep := func(_ http.ResponseWriter, _ *http.Request, a Activity, raw []byte) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.got, w.raws = append(w.got, a), append(w.raws, string(raw))
	}

	endpoint := httptest.NewServer(NewInbound(v, o.unsigned, func() {}, slog.New(slog.DiscardHandler)).Handler(keep))
	t.Cleanup(func() {
		noError(t, w.srv.Close())
		endpoint.Close()
	})
	w.srv.Activities.SetEndpoint(endpoint.URL)
	return w
}

const inboundAnn = "aaaaaaaa-0000-4000-8000-000000000001"

// body is an activity, in which Ann mentions us. more are further fields, each with a comma in front.
func (w *inboundWorld) body(more string) string {
	return fmt.Sprintf(`{"type":"message","id":"1","channelId":"msteams","serviceUrl":%q,"conversation":{"id":"19:x","tenantId":%q},`,
		w.srv.ServiceURL(), w.srv.TenantID()) +
		`"from":{"id":"29:1","aadObjectId":"` + inboundAnn + `"},"recipient":{"id":"28:x","isTargeted":true},` +
		`"entities":[{"type":"mention","mentioned":{"id":"28:x"},"text":"<at>x</at>"}]` + more + `}`
}

// sendRaw sends a body with a token of some kind, and returns the status of the answer.
func (w *inboundWorld) sendRaw(t *testing.T, kind teamsfake.Token, body string) (status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	status, _, err := w.srv.Forger.SendRaw(ctx, kind, []byte(body))
	noError(t, err)
	return status
}

// wantAnswer sends a body, and checks the status of the answer. If it is 200, one activity comes through, else none.
func (w *inboundWorld) wantAnswer(t *testing.T, kind teamsfake.Token, body string, want int) {
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
func (w *inboundWorld) wantKeyRequests(t *testing.T, want int) {
	t.Helper()
	wantEqual(t, "requests for keys", len(w.srv.Calls("keys")), want)
}

func TestGoodTokensAreTaken(t *testing.T) {
	t.Parallel()
	w := newWorldInbound(t)
	for _, kind := range teamsfake.GoodTokens() {
		w.wantAnswer(t, kind, w.body(""), http.StatusOK)
	}
}

// Every token that the emulator can spoil is refused, and nothing of it comes through.
func TestSpoiltTokensAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorldInbound(t)
	w.wantAnswer(t, teamsfake.TokenGood, w.body(""), http.StatusOK) // by which the keys are known
	for _, kind := range teamsfake.BadTokens() {
		w.wantAnswer(t, kind, w.body(""), http.StatusUnauthorized)
	}
}

// A signed body that isn't an activity for us is refused. If a field occurs twice, the last one counts.
func TestSignedBodiesThatAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorldInbound(t)
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
			w.wantAnswer(t, teamsfake.TokenGood, tt.body, tt.want)
		})
	}
}

// After keys were rotated, a flood of tokens with unknown keys makes us ask for keys once.
func TestRotationAndFlood(t *testing.T) {
	t.Parallel()
	const flood = 100
	w := newWorldInbound(t)
	w.wantAnswer(t, teamsfake.TokenGood, w.body(""), http.StatusOK)
	noError(t, w.srv.Entra.RotateKeys(true))
	w.advance(time.Minute)
	w.wantAnswer(t, teamsfake.TokenGood, w.body(""), http.StatusOK)
	w.wantKeyRequests(t, 2)

	w.advance(time.Minute)
	refusals := w.srv.Forger.Flood(t.Context(), teamsfake.TokenUnknownKid, flood)[http.StatusUnauthorized]
	wantEqual(t, "refusals", refusals, flood)
	w.wantKeyRequests(t, 3)
}
