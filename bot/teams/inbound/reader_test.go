package inbound

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/infracloudio/msbotbuilder-go/schema"

	"parley/bot/teams/auth"
	"parley/bot/teams/connector"
	"parley/bot/teams/rest"
	"parley/channels/fence"
)

const tenant = "11111111-1111-4111-8111-111111111111"

// bot is an endpoint on a real socket, and what got through to it.
type bot struct {
	url string
	log *bytes.Buffer

	mu   sync.Mutex
	got  []connector.Activity
	raws []string
}

// settings are how a bot is made.
type settings struct {
	unsigned bool   // it takes unsigned requests from this machine
	metadata string // where the keys are told of
}

func newBot(t *testing.T, s settings) *bot {
	t.Helper()
	hosts, err := rest.NewHosts(nil, s.unsigned)
	must(t, err)
	v, err := auth.New(auth.Options{
		AppID: "app", Tenants: []string{tenant}, OpenID: s.metadata, Hosts: hosts, Client: fence.NewClient(fence.Options{Answer: time.Minute}), Now: time.Now,
	})
	must(t, err)
	b := &bot{log: &bytes.Buffer{}}
	log := slog.New(slog.NewTextHandler(b.log, nil))
	server := httptest.NewServer(New(v, s.unsigned, func() {}, log).Handler(func(_ http.ResponseWriter, _ *http.Request, a connector.Activity, raw []byte) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.got, b.raws = append(b.got, a), append(b.raws, string(raw))
	}))
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantEqual checks one value. what says whose it is.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %#v, want %#v", what, got, want)
	}
}

// post sends a request as Microsoft's playground does, and returns the status of the answer. change may be nil.
func (b *bot) post(t *testing.T, body string, change func(*http.Request)) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url, strings.NewReader(body))
	must(t, err)
	r.Header.Set("Content-Type", "application/json")
	if change != nil {
		change(r)
	}
	resp, err := http.DefaultClient.Do(r)
	must(t, err)
	_ = resp.Body.Close()
	return resp.StatusCode
}

// good is an activity without its final brace, so that fields can be added.
const good = `{"type":"message","id":"1","channelId":"msteams","serviceUrl":"http://localhost:56150/_connector","conversation":{"id":"19:x","tenantId":"` + tenant + `"},"text":"hi"`

// replaced is good with a change.
func replaced(old, now string) string { return strings.Replace(good, old, now, 1) }

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// Unsigned requests are taken from this machine alone, and only if that is set. Then the log warns of it at the start.
func TestUnsigned(t *testing.T) {
	t.Parallel()
	const nobody = "http://127.0.0.1:1/meta"
	for _, tt := range []struct {
		name    string
		body    string // good, if ""
		change  func(*http.Request)
		isTaken bool // if that is set
	}{
		{name: "direct", isTaken: true},
		{name: "service by address", body: replaced("localhost", "127.0.0.2"), isTaken: true},
		{name: "service by IPv6", body: replaced("localhost", "[::1]"), isTaken: true},
		{name: "service elsewhere", body: replaced("localhost", "203.0.113.9")},
		{name: "Teams' own service", body: replaced("http://localhost:56150/_connector", "https://smba.trafficmanager.net/emea/")},
		{name: "service that looks local", body: replaced("localhost", "localhost.evil.example")},
		{name: "service with a user", body: replaced("localhost", "localhost:1@evil.example")},
		{name: "no service", body: replaced("http://localhost:56150/_connector", "")},
		{name: "another tenant", body: replaced(tenant, "other")},
		{name: "another channel", body: replaced("msteams", "emulator")},
		{name: "through a proxy", change: header("X-Forwarded-For", "203.0.113.9")},
		{name: "through a tunnel", change: header("X-Forwarded-Proto", "https")},
		{name: "through a standard proxy", change: header("Forwarded", "for=203.0.113.9")},
		{name: "by a web page", change: header("Origin", "https://evil.example")},
		{name: "by a browser", change: header("Sec-Fetch-Mode", "no-cors")},
		{name: "as a form", change: header("Content-Type", "text/plain")},
		{name: "under another name", change: func(r *http.Request) { r.Host = "evil.example" }},
		{name: "with a token", change: header("Authorization", "Bearer a.b.c")},
		{name: "with an empty token", change: header("Authorization", "")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			body := cmp.Or(tt.body, good) + "}"
			status, received := http.StatusUnauthorized, 0
			if tt.isTaken {
				status, received = http.StatusOK, 1
			}
			b := newBot(t, settings{unsigned: true, metadata: nobody})
			wantEqual(t, "status if it is set", b.post(t, body, tt.change), status)
			wantEqual(t, "activities if it is set", len(b.got), received)
			wantEqual(t, "warned if it is set", strings.Contains(b.log.String(), "level=WARN"), true)

			b = newBot(t, settings{metadata: nobody})
			wantEqual(t, "status if it isn't set", b.post(t, body, tt.change), http.StatusUnauthorized)
			wantEqual(t, "activities if it isn't set", len(b.got), 0)
			wantEqual(t, "warned if it isn't set", strings.Contains(b.log.String(), "level=WARN"), false)
		})
	}
}

// A request may come from outside by an address of this machine that isn't loopback.
func TestUnsignedFromOutside(t *testing.T) {
	t.Parallel()
	hosts, err := rest.NewHosts(nil, true)
	must(t, err)
	validator, err := auth.New(auth.Options{AppID: "app", Tenants: []string{tenant}, Hosts: hosts, Now: time.Now})
	must(t, err)
	h := New(validator, true, func() {}, slog.New(slog.DiscardHandler)).Handler(func(w http.ResponseWriter, _ *http.Request, _ connector.Activity, _ []byte) {
		w.WriteHeader(http.StatusAccepted)
	})
	for _, tt := range []struct {
		from, to string
		want     int
	}{
		{from: "127.0.0.1:5000", to: "127.0.0.1:3978", want: http.StatusAccepted},
		{from: "[::1]:5000", to: "[::1]:3978", want: http.StatusAccepted},
		{from: "10.0.0.7:5000", to: "127.0.0.1:3978", want: http.StatusUnauthorized},
		{from: "127.0.0.1:5000", to: "10.0.0.7:3978", want: http.StatusUnauthorized},
		{from: "203.0.113.9:5000", to: "203.0.113.1:3978", want: http.StatusUnauthorized},
		{from: "", to: "127.0.0.1:3978", want: http.StatusUnauthorized},
		{from: "@", to: "127.0.0.1:3978", want: http.StatusUnauthorized},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost:3978/", strings.NewReader(good+"}"))
		r.Header.Set("Content-Type", "application/json")
		r.RemoteAddr = tt.from
		at, err := net.ResolveTCPAddr("tcp", tt.to)
		must(t, err)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, at)))
		wantEqual(t, "status from "+tt.from+" to "+tt.to, w.Code, tt.want)
	}
}

// Activities that the SDK's own types can't hold come through whole, byte by byte.
func TestBodies(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"value a text":            good + `,"value":"x"}`,
		"value an array":          good + `,"value":[1,2]}`,
		"value a number":          good + `,"value":7}`,
		"value null":              good + `,"value":null}`,
		"channelData a text":      good + `,"channelData":"x"}`,
		"channelData an array":    good + `,"channelData":[]}`,
		"time empty":              good + `,"timestamp":""}`,
		"time without a zone":     good + `,"timestamp":"2026-01-02T03:04:05.678","localTimestamp":"2026-01-02T03:04:05"}`,
		"a field of another kind": good + `,"locale":{"a":1},"entities":"none"}`,
		"from null":               good + `,"from":null,"recipient":null}`,
		"unknown type":            replaced(`"message"`, `"news"`) + `,"x":{"y":[]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBot(t, settings{unsigned: true})
			wantEqual(t, "status", b.post(t, body, nil), http.StatusOK)
			if len(b.got) != 1 {
				t.Fatalf("got %d activities, want one; %s", len(b.got), b.log)
			}
			wantEqual(t, "bytes", b.raws[0], body)
			wantEqual(t, "text", b.got[0].Text, "hi")
			wantEqual(t, "it has a conversation", b.got[0].Conversation != nil, true)
			_, err := envelopeOf(b.got[0])
			must(t, err)
		})
	}
}

// What is no activity is refused.
func TestBadBodies(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		body string
		want int
	}{
		"no type":  {body: replaced(`"message"`, `""`) + `}`, want: http.StatusBadRequest},
		"null":     {body: `null`, want: http.StatusBadRequest},
		"empty":    {body: ``, want: http.StatusBadRequest},
		"an array": {body: `[` + good + `}]`, want: http.StatusBadRequest},
		"a text":   {body: `"message"`, want: http.StatusBadRequest},
		"cut":      {body: good, want: http.StatusBadRequest},
		"trailing": {body: good + `} {}`, want: http.StatusBadRequest},
		"deep":     {body: good + `,"value":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`, want: http.StatusBadRequest},
		"2 MB":     {body: good + `,"x":"` + strings.Repeat("x", 2<<20) + `"}`, want: http.StatusRequestEntityTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantEqual(t, "status", newBot(t, settings{unsigned: true}).post(t, tt.body, nil), tt.want)
		})
	}
}

// While the keys can't be had, a request is neither taken nor refused for good, and its token isn't logged.
func TestKeysDown(t *testing.T) {
	t.Parallel()
	b := newBot(t, settings{metadata: "http://127.0.0.1:1/meta"})
	body := replaced("http://localhost:56150/_connector", "https://smba.trafficmanager.net/emea/") + "}"
	token := "Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6Im9uZSJ9.e30.AAAA"
	wantEqual(t, "status", b.post(t, body, header("Authorization", token)), http.StatusServiceUnavailable)
	wantEqual(t, "activities", len(b.got), 0)
	wantEqual(t, "the token is in the log", strings.Contains(b.log.String(), "eyJ"), false)
}

// The SDK can read the envelope of whatever we read as an activity, and reads the same of what decides.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		good + "}", "null", "{}", `{"type":1}`, `{"type":"message","TYPE":"x"}`, good + `,"conversation":null}`, good + `,"from":{"id":1}}`,
		good + `,"channelData":[1],"value":"x","timestamp":""}`, "{\"type\":\"m\xff\"}", good + `,"serviceUrl":"\ud800"}`, good + `,"entities":[null,{"mentioned":[]}]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, err := read(raw)
		if err != nil {
			return
		}
		envelope, err := envelopeOf(a)
		must(t, err)
		var parsed schema.Activity
		if err := json.Unmarshal(envelope, &parsed); err != nil {
			t.Fatalf("the SDK can't read %s: %v", envelope, err)
		}
		if string(parsed.Type) != a.Type || parsed.ServiceURL != a.ServiceURL || parsed.ChannelID != a.ChannelID {
			t.Fatalf("the SDK reads %s as %+v, we as %+v", envelope, parsed, a)
		}
	})
}
