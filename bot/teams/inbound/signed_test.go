package inbound

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
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

// stage is an endpoint that an emulated organisation sends to, and the endpoint's clock:
// the one of the emulator stands.
type stage struct {
	srv *teamsfake.Server

	mu   sync.Mutex
	at   time.Time
	got  []connector.Activity
	raws []string
}

func (st *stage) now() time.Time {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.at
}

func (st *stage) pass(d time.Duration) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.at = st.at.Add(d)
}

// taken returns what came through since the last call.
func (st *stage) taken() []connector.Activity {
	st.mu.Lock()
	defer st.mu.Unlock()
	got := st.got
	st.got, st.raws = nil, nil
	return got
}

func newStage(t *testing.T) *stage { return newStageWith(t, false) }

// newStageWith makes one whose organisation signs nothing, and that takes that.
func newStageWith(t *testing.T, unsigned bool) *stage {
	t.Helper()
	start := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	st := &stage{at: start}
	st.srv = teamsfake.New(teamsfake.Options{Clock: func() time.Time { return start }, Unsigned: unsigned, Users: []teamsfake.User{{ID: ann, Name: "Ann Lee"}}})
	if err := st.srv.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	hosts, err := rest.NewHosts([]string{st.srv.ServiceURL()}, false)
	if err != nil {
		t.Fatal(err)
	}
	v, err := auth.New(auth.Options{
		AppID: st.srv.AppID(), Tenants: []string{st.srv.TenantID()}, OpenID: st.srv.OpenIDURL(), Hosts: hosts,
		Client: fence.NewClient(fence.Options{Answer: time.Minute}), Now: st.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	bot := httptest.NewServer(New(v, unsigned, slog.New(slog.DiscardHandler)).Handler(func(_ http.ResponseWriter, _ *http.Request, a connector.Activity, raw []byte) {
		st.mu.Lock()
		defer st.mu.Unlock()
		st.got, st.raws = append(st.got, a), append(st.raws, string(raw))
	}))
	t.Cleanup(func() {
		if err := st.srv.Close(); err != nil {
			t.Error(err)
		}
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

func (st *stage) send(t *testing.T, kind entra.Token, body string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	status, _, err := st.srv.Forger.SendRaw(ctx, kind, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return status
}

// Every token that the emulator can spoil is refused, and nothing of it comes through.
func TestTokens(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	for _, kind := range entra.GoodTokens() {
		if got := st.send(t, kind, st.body("")); got != 200 || len(st.taken()) != 1 {
			t.Errorf("%q: status %d", kind, got)
		}
	}
	for _, kind := range entra.BadTokens() {
		got := st.send(t, kind, st.body(""))
		if n := len(st.taken()); got != 401 || n != 0 {
			t.Errorf("%q: status %d, %d came through", kind, got, n)
		}
	}
}

// The keys that tokens of unendorsed keys name are only in the list after they were made.
func TestUnendorsed(t *testing.T) {
	t.Parallel()
	for _, kind := range []entra.Token{entra.TokenNoEndorsements, entra.TokenOtherChannelKey} {
		st := newStage(t)
		if got := st.send(t, kind, st.body("")); got != 401 || len(st.taken()) != 0 {
			t.Errorf("%q: status %d", kind, got)
		}
	}
}

// What the SDK can't read, or would drop, comes through the SDK's door whole.
func TestThroughTheSDK(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	for _, more := range []string{
		"", `,"value":"x"`, `,"value":[1]`, `,"value":7`, `,"value":{"a":[{}]}`, `,"channelData":"x"`, `,"channelData":[]`, `,"timestamp":""`,
		`,"timestamp":"2026-01-02T03:04:05.678","localTimestamp":"2026-01-02T03:04:05"`, `,"expiration":""`, `,"suggestedActions":[]`,
		`,"attachments":[{"contentType":"text/html","content":"<p>x</p>"}]`, `,"text":"` + strings.Repeat("ü", 200_000) + `"`,
	} {
		body := st.body(more)
		status := st.send(t, entra.TokenGood, body)
		st.mu.Lock()
		raws := slices.Clone(st.raws)
		st.mu.Unlock()
		got := st.taken()
		if status != 200 || len(got) != 1 || raws[0] != body {
			t.Errorf("%.60q: status %d, %d came through", more, status, len(got))
			continue
		}
		if a := got[0]; !a.Recipient.IsTargeted || a.Entities[0].Mentioned.ID != "28:x" || a.From.AADObjectID != ann {
			t.Errorf("%.60q: came through as %+v", more, a)
		}
	}
	for body, want := range map[string]int{
		"null": 400, "": 400, st.body("") + "{}": 400, st.body(`,"x":"` + strings.Repeat("x", 2<<20) + `"`): 413,
		st.body(`,"serviceUrl":"https://smba.trafficmanager.net/emea/"`): 401, // the last one counts, and the token is for another
		st.body(`,"channelId":"webchat"`):                                401,
		st.body(`,"conversation":{"tenantId":"other"}`):                  401,
	} {
		if got := st.send(t, entra.TokenGood, body); got != want || len(st.taken()) != 0 {
			t.Errorf("%.60q: status %d, want %d", body, got, want)
		}
	}
}

// New keys are found, and a flood of unknown ones makes us ask once.
func TestRotationAndFlood(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	ask := func() int { return len(st.srv.Calls("keys")) }
	if got := st.send(t, entra.TokenGood, st.body("")); got != 200 || ask() != 1 {
		t.Fatalf("status %d, asked %d times", got, ask())
	}
	if err := st.srv.Entra.RotateKeys(true); err != nil {
		t.Fatal(err)
	}
	if got := st.send(t, entra.TokenGood, st.body("")); got != 401 || ask() != 1 {
		t.Errorf("a moment after: status %d, asked %d times", got, ask())
	}
	st.pass(time.Minute)
	if got := st.send(t, entra.TokenGood, st.body("")); got != 200 || ask() != 2 {
		t.Errorf("a minute after: status %d, asked %d times", got, ask())
	}
	st.pass(time.Minute)
	if got := st.srv.Forger.Flood(t.Context(), entra.TokenUnknownKid, 100); got[401] != 100 || ask() != 3 {
		t.Errorf("the flood: %v, asked %d times", got, ask())
	}
}

// While the key server is down known keys do, and of the others nobody can tell.
func TestKeyServerDown(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.srv.Inject(teamsfake.Fault{Method: "keys", Kind: teamsfake.FaultHTTP, Status: 503})
	if got := st.send(t, entra.TokenGood, st.body("")); got != 503 || len(st.taken()) != 0 {
		t.Errorf("no keys: status %d", got)
	}
	st.srv.ClearFaults()
	st.pass(5 * time.Second)
	if got := st.send(t, entra.TokenGood, st.body("")); got != 200 {
		t.Errorf("back again: status %d", got)
	}
	st.srv.Inject(teamsfake.Fault{Method: "openid", Kind: teamsfake.FaultDrop})
	if err := st.srv.Entra.RotateKeys(true); err != nil {
		t.Fatal(err)
	}
	st.pass(time.Minute)
	if got := st.send(t, entra.TokenGood, st.body("")); got != 503 {
		t.Errorf("a new key while it is down: status %d", got)
	}
}

// What a whole organisation sends comes through, signed and unsigned.
func TestInstalled(t *testing.T) {
	t.Parallel()
	for _, unsigned := range []bool{false, true} {
		st := newStageWith(t, unsigned)
		var teams []string
		for _, team := range st.srv.Teams() {
			teams = append(teams, team.ID)
		}
		if err := st.srv.Admin.Install(t.Context(), teams...); err != nil {
			t.Fatalf("unsigned %v: %v", unsigned, err)
		}
		if _, err := st.srv.As(ann).Post(teamsfake.Post{Channel: teams[0], Text: "<@bot> help"}); err != nil {
			t.Fatal(err)
		}
		if err := st.srv.WaitFor(t.Context(), func() bool { return st.srv.Activities.Pending() == 0 }); err != nil {
			t.Fatal(err)
		}
		types := map[string]int{}
		for _, a := range st.taken() {
			types[a.Type]++
		}
		if types[connector.TypeInstallationUpdate] == 0 || types[connector.TypeMessage] != 1 || len(st.srv.Activities.Lost()) != 0 {
			t.Errorf("unsigned %v: came through %v, lost %v", unsigned, types, st.srv.Activities.Lost())
		}
	}
}
