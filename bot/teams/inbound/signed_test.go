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

// newUnsignedWorld starts an organisation that signs nothing, and an endpoint that accepts this.
func newUnsignedWorld(t *testing.T) *world { return newWorldWith(t, worldOptions{unsigned: true}) }

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

// A key that isn't endorsed for our channel is refused. The emulator publishes such a key only once it has signed a
// token with it, so each test begins with such a token.
func TestKeysWithoutOurEndorsementAreRefused(t *testing.T) {
	t.Parallel()
	for _, kind := range []entra.Token{entra.TokenNoEndorsements, entra.TokenOtherChannelKey} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.wantAnswer(t, kind, w.body(""), http.StatusUnauthorized)
		})
	}
}

// An activity that the SDK can't read, or would drop a part of, comes through whole.
func TestThroughTheSDK(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, tt := range []struct {
		name string
		more string // fields of the activity
	}{
		{name: "plain"},
		{name: "value a text", more: `,"value":"x"`},
		{name: "value an array", more: `,"value":[1]`},
		{name: "value a number", more: `,"value":7`},
		{name: "value an object", more: `,"value":{"a":[{}]}`},
		{name: "channelData a text", more: `,"channelData":"x"`},
		{name: "channelData an array", more: `,"channelData":[]`},
		{name: "time empty", more: `,"timestamp":""`},
		{name: "time without a zone", more: `,"timestamp":"2026-01-02T03:04:05.678","localTimestamp":"2026-01-02T03:04:05"`},
		{name: "expiration empty", more: `,"expiration":""`},
		{name: "suggested actions an array", more: `,"suggestedActions":[]`},
		{name: "attachment", more: `,"attachments":[{"contentType":"text/html","content":"<p>x</p>"}]`},
		{name: "long text", more: `,"text":"` + strings.Repeat("ü", 200_000) + `"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := w.body(tt.more)
			wantEqual(t, "status", w.sendRaw(t, entra.TokenGood, body), http.StatusOK)
			got, raws := w.takeReceived()
			if len(got) != 1 {
				t.Fatalf("got %d activities, want one", len(got))
			}
			wantEqual(t, "its bytes came whole", raws[0] == body, true)
			wantEqual(t, "it is for one person", got[0].Recipient.IsTargeted, true)
			wantEqual(t, "who is mentioned", got[0].Entities[0].Mentioned.ID, "28:x")
			wantEqual(t, "who wrote it", got[0].From.AADObjectID, ann)
		})
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

// Right after it has asked for keys, the endpoint doesn't ask again, so that a new key is still unknown. A minute
// later the new key is found.
func TestNewKeyIsFoundAfterAMinute(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.wantAnswer(t, entra.TokenGood, w.body(""), http.StatusOK)
	w.wantKeyRequests(t, 1)
	noError(t, w.srv.Entra.RotateKeys(true))
	w.wantAnswer(t, entra.TokenGood, w.body(""), http.StatusUnauthorized)
	w.wantKeyRequests(t, 1)

	w.advance(time.Minute)
	w.wantAnswer(t, entra.TokenGood, w.body(""), http.StatusOK)
	w.wantKeyRequests(t, 2)
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

// If the key server is down at the start, Parley can't tell whether a token is good, and answers with status 503.
// When the server is up again, keys are read within seconds.
func TestKeyServerDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.srv.Inject(teamsfake.Fault{Method: "keys", Kind: teamsfake.FaultHTTP, Status: http.StatusServiceUnavailable})
	w.wantAnswer(t, entra.TokenGood, w.body(""), http.StatusServiceUnavailable)
	w.srv.ClearFaults()
	w.advance(5 * time.Second)
	w.wantAnswer(t, entra.TokenGood, w.body(""), http.StatusOK)
}

// If the key server is down when keys are rotated, Parley can't tell whether a token with the new key is good, and
// answers with status 503.
func TestKeyServerDownWhenKeysAreRotated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.wantAnswer(t, entra.TokenGood, w.body(""), http.StatusOK)
	w.srv.Inject(teamsfake.Fault{Method: "openid", Kind: teamsfake.FaultDrop})
	noError(t, w.srv.Entra.RotateKeys(true))
	w.advance(time.Minute)
	w.wantAnswer(t, entra.TokenGood, w.body(""), http.StatusServiceUnavailable)
}

// checkInstallation checks that what a whole organisation sends when the app is installed and somebody writes comes through.
func checkInstallation(t *testing.T, w *world) {
	t.Helper()
	var teams []string
	for _, team := range w.srv.Teams() {
		teams = append(teams, team.ID)
	}
	noError(t, w.srv.Admin.Install(t.Context(), teams...))
	_, err := w.srv.As(ann).Post(teamsfake.Post{Channel: teams[0], Text: "<@bot> help"})
	noError(t, err)
	noError(t, w.srv.WaitFor(t.Context(), func() bool { return w.srv.Activities.Pending() == 0 }))

	numbers := map[string]int{} // by the type of activity
	got, _ := w.takeReceived()
	for _, a := range got {
		numbers[a.Type]++
	}
	if numbers[connector.TypeInstallationUpdate] == 0 {
		t.Errorf("got the activities %v, want installations among them", numbers)
	}
	wantEqual(t, "messages", numbers[connector.TypeMessage], 1)
	wantEqual(t, "lost activities", len(w.srv.Activities.Lost()), 0)
}

func TestInstallationComesThrough(t *testing.T) {
	t.Parallel()
	checkInstallation(t, newWorld(t))
}

func TestUnsignedInstallationComesThrough(t *testing.T) {
	t.Parallel()
	checkInstallation(t, newUnsignedWorld(t))
}
