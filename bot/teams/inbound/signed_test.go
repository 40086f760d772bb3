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

// stage is an endpoint to which an emulated organisation sends. Its clock can be moved, that of the emulator stands.
type stage struct {
	srv *teamsfake.Server

	mu   sync.Mutex
	at   time.Time
	got  []connector.Activity
	raws []string // their bytes
}

func (st *stage) now() time.Time {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.at
}

// advance moves the endpoint's clock on.
func (st *stage) advance(d time.Duration) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.at = st.at.Add(d)
}

// takeReceived returns what came through since the last call, and its bytes.
func (st *stage) takeReceived() (got []connector.Activity, raws []string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	got, raws = st.got, st.raws
	st.got, st.raws = nil, nil
	return got, raws
}

func newStage(t *testing.T) *stage { return newStageWith(t, false) }

// newUnsignedStage makes one whose organisation signs nothing, which the endpoint takes.
func newUnsignedStage(t *testing.T) *stage { return newStageWith(t, true) }

func newStageWith(t *testing.T, unsigned bool) *stage {
	t.Helper()
	start := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	st := &stage{at: start}
	st.srv = teamsfake.New(teamsfake.Options{Clock: func() time.Time { return start }, Unsigned: unsigned, Users: []teamsfake.User{{ID: ann, Name: "Ann Lee"}}})
	must(t, st.srv.Start("127.0.0.1:0"))
	hosts, err := rest.NewHosts([]string{st.srv.ServiceURL()}, false)
	must(t, err)
	v, err := auth.New(auth.Options{
		AppID: st.srv.AppID(), Tenants: []string{st.srv.TenantID()}, OpenID: st.srv.OpenIDURL(), Hosts: hosts,
		Client: fence.NewClient(fence.Options{Answer: time.Minute}), Now: st.now,
	})
	must(t, err)
	bot := httptest.NewServer(New(v, unsigned, func() {}, slog.New(slog.DiscardHandler)).Handler(func(_ http.ResponseWriter, _ *http.Request, a connector.Activity, raw []byte) {
		st.mu.Lock()
		defer st.mu.Unlock()
		st.got, st.raws = append(st.got, a), append(st.raws, string(raw))
	}))
	t.Cleanup(func() {
		must(t, st.srv.Close())
		bot.Close()
	})
	st.srv.Activities.SetEndpoint(bot.URL)
	return st
}

const ann = "aaaaaaaa-0000-4000-8000-000000000001"

// body is an activity with more fields.
func (st *stage) body(more string) string {
	return fmt.Sprintf(`{"type":"message","id":"1","channelId":"msteams","serviceUrl":%q,"conversation":{"id":"19:x","tenantId":%q},`+
		`"from":{"id":"29:1","aadObjectId":%q},"recipient":{"id":"28:x","isTargeted":true},"entities":[{"type":"mention","mentioned":{"id":"28:x"},"text":"<at>x</at>"}]%s}`,
		st.srv.ServiceURL(), st.srv.TenantID(), ann, more)
}

func (st *stage) sendRaw(t *testing.T, kind entra.Token, body string) (status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	status, _, err := st.srv.Forger.SendRaw(ctx, kind, []byte(body))
	must(t, err)
	return status
}

// wantAnswer sends a body, and checks the status of the answer. If it is 200, one activity comes through, else none.
func (st *stage) wantAnswer(t *testing.T, kind entra.Token, body string, want int) {
	t.Helper()
	what := fmt.Sprintf("%.60q with the token %q", body, kind)
	wantEqual(t, what+": status", st.sendRaw(t, kind, body), want)
	activities := 0
	if want == http.StatusOK {
		activities = 1
	}
	got, _ := st.takeReceived()
	wantEqual(t, what+": activities", len(got), activities)
}

// wantKeyRequests checks how often the endpoint asked for keys so far.
func (st *stage) wantKeyRequests(t *testing.T, want int) {
	t.Helper()
	wantEqual(t, "requests for keys", len(st.srv.Calls("keys")), want)
}

// Every token that the emulator can spoil is refused, and nothing of it comes through.
func TestTokens(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	for _, kind := range entra.GoodTokens() {
		st.wantAnswer(t, kind, st.body(""), http.StatusOK)
	}
	for _, kind := range entra.BadTokens() {
		st.wantAnswer(t, kind, st.body(""), http.StatusUnauthorized)
	}
}

// Keys without endorsements are published only once a token was signed with them. So these are the first tokens here.
func TestUnendorsed(t *testing.T) {
	t.Parallel()
	for _, kind := range []entra.Token{entra.TokenNoEndorsements, entra.TokenOtherChannelKey} {
		st := newStage(t)
		st.wantAnswer(t, kind, st.body(""), http.StatusUnauthorized)
	}
}

// What the SDK can't read, or would drop, comes through its door whole.
func TestThroughTheSDK(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	for _, more := range []string{
		"", `,"value":"x"`, `,"value":[1]`, `,"value":7`, `,"value":{"a":[{}]}`, `,"channelData":"x"`, `,"channelData":[]`, `,"timestamp":""`,
		`,"timestamp":"2026-01-02T03:04:05.678","localTimestamp":"2026-01-02T03:04:05"`, `,"expiration":""`, `,"suggestedActions":[]`,
		`,"attachments":[{"contentType":"text/html","content":"<p>x</p>"}]`, `,"text":"` + strings.Repeat("ü", 200_000) + `"`,
	} {
		what, body := fmt.Sprintf("%.60q: ", more), st.body(more)
		wantEqual(t, what+"status", st.sendRaw(t, entra.TokenGood, body), http.StatusOK)
		got, raws := st.takeReceived()
		if len(got) != 1 {
			t.Errorf("%sgot %d activities, want one", what, len(got))
			continue
		}
		wantEqual(t, what+"its bytes came whole", raws[0] == body, true)
		wantEqual(t, what+"it is for one person", got[0].Recipient.IsTargeted, true)
		wantEqual(t, what+"who is mentioned", got[0].Entities[0].Mentioned.ID, "28:x")
		wantEqual(t, what+"who wrote it", got[0].From.AADObjectID, ann)
	}
}

// A signed body that is none of ours is refused all the same. Of a field that stands twice the last one counts.
func TestSignedBodies(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	for body, want := range map[string]int{
		"null":             http.StatusBadRequest,
		"":                 http.StatusBadRequest,
		st.body("") + "{}": http.StatusBadRequest,
		st.body(`,"x":"` + strings.Repeat("x", 2<<20) + `"`):             http.StatusRequestEntityTooLarge,
		st.body(`,"serviceUrl":"https://smba.trafficmanager.net/emea/"`): http.StatusUnauthorized, // the token is for another one
		st.body(`,"channelId":"webchat"`):                                http.StatusUnauthorized,
		st.body(`,"conversation":{"tenantId":"other"}`):                  http.StatusUnauthorized,
	} {
		st.wantAnswer(t, entra.TokenGood, body, want)
	}
}

// A new key is found within a minute, and a flood of unknown ones makes us ask for keys once.
func TestRotationAndFlood(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.wantAnswer(t, entra.TokenGood, st.body(""), http.StatusOK)
	st.wantKeyRequests(t, 1)

	// A moment after the first request keys aren't asked for again, ...
	must(t, st.srv.Entra.RotateKeys(true))
	st.wantAnswer(t, entra.TokenGood, st.body(""), http.StatusUnauthorized)
	st.wantKeyRequests(t, 1)

	// ... but a minute after it they are.
	st.advance(time.Minute)
	st.wantAnswer(t, entra.TokenGood, st.body(""), http.StatusOK)
	st.wantKeyRequests(t, 2)

	st.advance(time.Minute)
	const flood = 100
	wantEqual(t, "refusals in a flood", st.srv.Forger.Flood(t.Context(), entra.TokenUnknownKid, flood)[http.StatusUnauthorized], flood)
	st.wantKeyRequests(t, 3)
}

// While the key server is down, known keys are good, and of others nobody can tell.
func TestKeyServerDown(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.srv.Inject(teamsfake.Fault{Method: "keys", Kind: teamsfake.FaultHTTP, Status: 503})
	st.wantAnswer(t, entra.TokenGood, st.body(""), http.StatusServiceUnavailable)
	st.srv.ClearFaults()
	st.advance(5 * time.Second)
	st.wantAnswer(t, entra.TokenGood, st.body(""), http.StatusOK)

	// A new key can't be found while it is down again.
	st.srv.Inject(teamsfake.Fault{Method: "openid", Kind: teamsfake.FaultDrop})
	must(t, st.srv.Entra.RotateKeys(true))
	st.advance(time.Minute)
	st.wantAnswer(t, entra.TokenGood, st.body(""), http.StatusServiceUnavailable)
}

// What a whole organisation sends when the app is installed and somebody writes comes through, signed and unsigned.
func TestInstalled(t *testing.T) {
	t.Parallel()
	for name, newStage := range map[string]func(*testing.T) *stage{"signed": newStage, "unsigned": newUnsignedStage} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := newStage(t)
			var teams []string
			for _, team := range st.srv.Teams() {
				teams = append(teams, team.ID)
			}
			must(t, st.srv.Admin.Install(t.Context(), teams...))
			_, err := st.srv.As(ann).Post(teamsfake.Post{Channel: teams[0], Text: "<@bot> help"})
			must(t, err)
			must(t, st.srv.WaitFor(t.Context(), func() bool { return st.srv.Activities.Pending() == 0 }))
			types := map[string]int{}
			got, _ := st.takeReceived()
			for _, a := range got {
				types[a.Type]++
			}
			wantEqual(t, "installations came through", types[connector.TypeInstallationUpdate] > 0, true)
			wantEqual(t, "messages", types[connector.TypeMessage], 1)
			wantEqual(t, "lost activities", len(st.srv.Activities.Lost()), 0)
		})
	}
}
