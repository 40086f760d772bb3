package teams

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

	"parley/channels/emulator"
	"parley/channels/wire"
)

const inboundTenant = "11111111-1111-4111-8111-111111111111"

// bot is an endpoint on a real socket, and what got through to it.
type inboundBot struct {
	url string
	log *bytes.Buffer

	mu   sync.Mutex
	got  []Activity
	raws []string
}

// settings are how a bot is made.
type settings struct {
	unsigned bool   // it takes unsigned requests from this machine
	metadata string // where the keys are told of
}

func newBot(t *testing.T, s settings) *inboundBot {
	t.Helper()
	hosts, err := NewHosts(nil, s.unsigned)
	noError(t, err)
	v, err := NewAuth(AuthOptions{
		AppID: "app", Tenants: []string{inboundTenant}, OpenID: s.metadata, Hosts: hosts,
		Client: wire.NewClient(wire.Options{Answer: time.Minute}), Now: time.Now,
	})
	noError(t, err)
	b := &inboundBot{log: &bytes.Buffer{}}
	log := slog.New(slog.NewTextHandler(b.log, nil))
	keep := func(_ http.ResponseWriter, _ *http.Request, a Activity, raw []byte) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.got, b.raws = append(b.got, a), append(b.raws, string(raw))
	}
	server := httptest.NewServer(NewInbound(v, s.unsigned, func() {}, log).Handler(keep))
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

// post sends a request as Microsoft's playground does, and returns the status of the answer. change may be nil.
func (b *inboundBot) post(t *testing.T, body string, change func(*http.Request)) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url, strings.NewReader(body))
	noError(t, err)
	r.Header.Set("Content-Type", "application/json")
	if change != nil {
		change(r)
	}
	resp, err := emulator.NewClient().Do(r)
	noError(t, err)
	_ = resp.Body.Close()
	return resp.StatusCode
}

// Addresses at which Teams is called back, which activities name.
const (
	playgroundService = "http://localhost:56150/_connector" // of Microsoft's playground
	teamsService      = "https://smba.trafficmanager.net/emea/"
)

// good is an activity without its final brace, so that fields can be added.
const good = `{"type":"message","id":"1","channelId":"msteams","serviceUrl":"` + playgroundService + `",` +
	`"conversation":{"id":"19:x","tenantId":"` + inboundTenant + `"},"text":"hi"`

// replaced is good with a change.
func replaced(old, now string) string { return strings.Replace(good, old, now, 1) }

// header changes a request: it sets a field of its header.
func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// wantReceived checks how many activities came through.
func (b *inboundBot) wantReceived(t *testing.T, want int) {
	t.Helper()
	if len(b.got) != want {
		t.Errorf("got %d activities, want %d: %+v", len(b.got), want, b.got)
	}
}

// unsignedRequest is a request without a signature.
type unsignedRequest struct {
	name   string
	body   string              // without its final brace; good if it is ""
	change func(*http.Request) // nil if there is nothing to change
}

// send sends the request to a bot, and returns the status of the answer.
func (r unsignedRequest) send(t *testing.T, b *inboundBot) int {
	t.Helper()
	return b.post(t, cmp.Or(r.body, good)+"}", r.change)
}

// requestsOfThisMachine are those of a developer's tool on this machine.
func requestsOfThisMachine() []unsignedRequest {
	return []unsignedRequest{
		{name: "by name"},
		{name: "by address", body: replaced("localhost", "127.0.0.2")},
		{name: "by IPv6", body: replaced("localhost", "[::1]")},
	}
}

// suspiciousRequests come from this machine, but may be from elsewhere, or by somebody else.
func suspiciousRequests() []unsignedRequest {
	return []unsignedRequest{
		// They want to be answered elsewhere, or nowhere.
		{name: "service elsewhere", body: replaced("localhost", "203.0.113.9")},
		{name: "Teams' own service", body: replaced(playgroundService, teamsService)},
		{name: "service that looks local", body: replaced("localhost", "localhost.evil.example")},
		{name: "service with a user", body: replaced("localhost", "localhost:1@evil.example")},
		{name: "no service", body: replaced(playgroundService, "")},

		// They are for another organisation, or another chat than Teams.
		{name: "another tenant", body: replaced(inboundTenant, "other")},
		{name: "another channel", body: replaced("msteams", "emulator")},

		// They came through a proxy.
		{name: "through a proxy", change: header("X-Forwarded-For", "203.0.113.9")},
		{name: "through a tunnel", change: header("X-Forwarded-Proto", "https")},
		{name: "through a standard proxy", change: header("Forwarded", "for=203.0.113.9")},

		// A web page that somebody looks at on this machine may send them.
		{name: "by a web page", change: header("Origin", "https://evil.example")},
		{name: "by a browser", change: header("Sec-Fetch-Mode", "no-cors")},
		{name: "as a form", change: header("Content-Type", "text/plain")},
		{name: "under another name", change: func(r *http.Request) { r.Host = "evil.example" }},

		// They claim to be signed.
		{name: "with a token", change: header("Authorization", "Bearer a.b.c")},
		{name: "with an empty token", change: header("Authorization", "")},
	}
}

// nobodysMetadata is an address at which no server answers.
const nobodysMetadata = "http://127.0.0.1:1/meta"

// Even if unsigned requests are allowed, they are taken from this machine alone.
func TestSuspiciousRequestsAreRefused(t *testing.T) {
	t.Parallel()
	for _, r := range suspiciousRequests() {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			b := newBot(t, settings{unsigned: true, metadata: nobodysMetadata})
			wantEqual(t, "status", r.send(t, b), http.StatusUnauthorized)
			b.wantReceived(t, 0)
		})
	}
}

// Unless unsigned requests are allowed, all of them are refused.
func TestUnsignedRequestsAreRefused(t *testing.T) {
	t.Parallel()
	for _, r := range append(requestsOfThisMachine(), suspiciousRequests()...) {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			b := newBot(t, settings{metadata: nobodysMetadata})
			wantEqual(t, "status", r.send(t, b), http.StatusUnauthorized)
			b.wantReceived(t, 0)
		})
	}
}

// A request to an address of this machine that isn't loopback may come from outside, so it needs a signature.
func TestUnsignedRequestFromOutside(t *testing.T) {
	t.Parallel()
	hosts, err := NewHosts(nil, true)
	noError(t, err)
	validator, err := NewAuth(AuthOptions{AppID: "app", Tenants: []string{inboundTenant}, Hosts: hosts, Now: time.Now})
	noError(t, err)
	accept := func(w http.ResponseWriter, _ *http.Request, _ Activity, _ []byte) {
		w.WriteHeader(http.StatusAccepted)
	}
	h := NewInbound(validator, true, func() {}, slog.New(slog.DiscardHandler)).Handler(accept)
	for _, tt := range []struct {
		name string
		from string
		to   string
		want int
	}{
		{name: "loopback", from: "127.0.0.1:5000", to: "127.0.0.1:3978", want: http.StatusAccepted},
		{name: "loopback by IPv6", from: "[::1]:5000", to: "[::1]:3978", want: http.StatusAccepted},
		{name: "from another machine", from: "10.0.0.7:5000", to: "127.0.0.1:3978", want: http.StatusUnauthorized},
		{name: "to this machine's address", from: "127.0.0.1:5000", to: "10.0.0.7:3978", want: http.StatusUnauthorized},
		{name: "both", from: "203.0.113.9:5000", to: "203.0.113.1:3978", want: http.StatusUnauthorized},
		{name: "from nowhere", from: "", to: "127.0.0.1:3978", want: http.StatusUnauthorized},
		{name: "from a socket without an address", from: "@", to: "127.0.0.1:3978", want: http.StatusUnauthorized},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost:3978/", strings.NewReader(good+"}"))
			r.Header.Set("Content-Type", "application/json")
			r.RemoteAddr = tt.from
			at, err := net.ResolveTCPAddr("tcp", tt.to)
			noError(t, err)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, at)))
			wantEqual(t, "status", w.Code, tt.want)
		})
	}
}

// Activities that the SDK's own types can't hold come through whole, byte by byte.
func TestOddActivitiesComeThroughWhole(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		body string
	}{
		{name: "value a text", body: good + `,"value":"x"}`},
		{name: "value an array", body: good + `,"value":[1,2]}`},
		{name: "value a number", body: good + `,"value":7}`},
		{name: "value null", body: good + `,"value":null}`},
		{name: "channelData a text", body: good + `,"channelData":"x"}`},
		{name: "channelData an array", body: good + `,"channelData":[]}`},
		{name: "time empty", body: good + `,"timestamp":""}`},
		{
			name: "time without a zone",
			body: good + `,"timestamp":"2026-01-02T03:04:05.678","localTimestamp":"2026-01-02T03:04:05"}`,
		},
		{name: "fields of another kind", body: good + `,"locale":{"a":1},"entities":"none"}`},
		{name: "from null", body: good + `,"from":null,"recipient":null}`},
		{name: "unknown type", body: replaced(`"message"`, `"news"`) + `,"x":{"y":[]}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBot(t, settings{unsigned: true})
			wantEqual(t, "status", b.post(t, tt.body, nil), http.StatusOK)
			if len(b.got) != 1 {
				t.Fatalf("got %d activities, want one; the log: %s", len(b.got), b.log)
			}
			wantEqual(t, "bytes", b.raws[0], tt.body)
			wantEqual(t, "text", b.got[0].Text, "hi")
			if b.got[0].Conversation == nil {
				t.Error("it has no conversation")
			}
			_, err := envelopeOf(b.got[0])
			noError(t, err)
		})
	}
}

// While the keys can't be had, a request is answered with status 503: it is neither taken nor refused for good. Its
// token isn't logged.
func TestKeysDown(t *testing.T) {
	t.Parallel()
	b := newBot(t, settings{metadata: nobodysMetadata})
	body := replaced(playgroundService, teamsService) + "}"
	const token = "Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6Im9uZSJ9.e30.AAAA"
	wantEqual(t, "status", b.post(t, body, header("Authorization", token)), http.StatusServiceUnavailable)
	b.wantReceived(t, 0)
	wantEqual(t, "the token is in the log", strings.Contains(b.log.String(), "eyJ"), false)
}

// The SDK can read the envelope of every activity that we read, and reads the same type, service and channel.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		good + "}",
		"null",
		"{}",
		`{"type":1}`,
		`{"type":"message","TYPE":"x"}`,
		good + `,"conversation":null}`,
		good + `,"from":{"id":1}}`,
		good + `,"channelData":[1],"value":"x","timestamp":""}`,
		"{\"type\":\"m\xff\"}",           // no UTF-8
		good + `,"serviceUrl":"\ud800"}`, // half a character
		good + `,"entities":[null,{"mentioned":[]}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, err := read(raw)
		if err != nil {
			return
		}
		envelope, err := envelopeOf(a)
		noError(t, err)
		var parsed schema.Activity
		if err := json.Unmarshal(envelope, &parsed); err != nil {
			t.Fatalf("the SDK can't read %s: %v", envelope, err)
		}
		wantEqual(t, "type, as the SDK reads it", string(parsed.Type), a.Type)
		wantEqual(t, "service, as the SDK reads it", parsed.ServiceURL, a.ServiceURL)
		wantEqual(t, "channel, as the SDK reads it", parsed.ChannelID, a.ChannelID)
	})
}
