package inbound

import (
	"bytes"
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

func newBot(t *testing.T, unsigned bool, metadata string) *bot {
	t.Helper()
	hosts, err := rest.NewHosts(nil, unsigned)
	if err != nil {
		t.Fatal(err)
	}
	v, err := auth.New(auth.Options{
		AppID: "app", Tenants: []string{tenant}, OpenID: metadata, Hosts: hosts, Client: fence.NewClient(fence.Options{Answer: time.Minute}), Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	b := &bot{log: &bytes.Buffer{}}
	log := slog.New(slog.NewTextHandler(b.log, nil))
	s := httptest.NewServer(New(v, unsigned, log).Handler(func(_ http.ResponseWriter, _ *http.Request, a connector.Activity, raw []byte) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.got, b.raws = append(b.got, a), append(b.raws, string(raw))
	}))
	t.Cleanup(s.Close)
	b.url = s.URL
	return b
}

// local is a request as the playground makes it.
func (b *bot) local(t *testing.T, body string, change func(*http.Request)) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if change != nil {
		change(r)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

const good = `{"type":"message","id":"1","channelId":"msteams","serviceUrl":"http://localhost:56150/_connector","conversation":{"id":"19:x","tenantId":"` + tenant + `"},"text":"hi"`

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// Unsigned requests are taken from this machine alone, and only where that is set.
func TestUnsigned(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		body   string
		change func(*http.Request)
		want   int
	}{
		{"direct", good + "}", nil, 200},
		{"service by address", strings.Replace(good, "localhost", "127.0.0.2", 1) + "}", nil, 200},
		{"service by IPv6", strings.Replace(good, "localhost", "[::1]", 1) + "}", nil, 200},
		{"service elsewhere", strings.Replace(good, "localhost", "203.0.113.9", 1) + "}", nil, 401},
		{"Teams' own service", strings.Replace(good, "http://localhost:56150/_connector", "https://smba.trafficmanager.net/emea/", 1) + "}", nil, 401},
		{"service that looks local", strings.Replace(good, "localhost", "localhost.evil.example", 1) + "}", nil, 401},
		{"service with a user", strings.Replace(good, "localhost", "localhost:1@evil.example", 1) + "}", nil, 401},
		{"no service", strings.Replace(good, "http://localhost:56150/_connector", "", 1) + "}", nil, 401},
		{"another tenant", strings.Replace(good, tenant, "other", 1) + "}", nil, 401},
		{"another channel", strings.Replace(good, "msteams", "emulator", 1) + "}", nil, 401},
		{"through a proxy", good + "}", header("X-Forwarded-For", "203.0.113.9"), 401},
		{"through a tunnel", good + "}", header("X-Forwarded-Proto", "https"), 401},
		{"through a standard proxy", good + "}", header("Forwarded", "for=203.0.113.9"), 401},
		{"by a web page", good + "}", header("Origin", "https://evil.example"), 401},
		{"by a browser", good + "}", header("Sec-Fetch-Mode", "no-cors"), 401},
		{"as a form", good + "}", header("Content-Type", "text/plain"), 401},
		{"under another name", good + "}", func(r *http.Request) { r.Host = "evil.example" }, 401},
		{"with a token", good + "}", header("Authorization", "Bearer a.b.c"), 401},
		{"with an empty token", good + "}", header("Authorization", ""), 401},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			on, off := newBot(t, true, "http://127.0.0.1:1/meta"), newBot(t, false, "http://127.0.0.1:1/meta")
			if got := on.local(t, c.body, c.change); got != c.want {
				t.Errorf("allowed: status %d, want %d; %s", got, c.want, on.log)
			}
			if got := off.local(t, c.body, c.change); got != 401 || len(off.got) != 0 {
				t.Errorf("not allowed: status %d", got)
			}
			if (c.want == 200) != (len(on.got) == 1) {
				t.Errorf("%d came through", len(on.got))
			}
			if !strings.Contains(on.log.String(), "level=WARN") || strings.Contains(off.log.String(), "level=WARN") {
				t.Error("the mode is not warned of at the start")
			}
		})
	}
}

// An address of the machine that isn't loopback may be anybody's.
func TestUnsignedFromOutside(t *testing.T) {
	t.Parallel()
	hosts, err := rest.NewHosts(nil, true)
	if err != nil {
		t.Fatal(err)
	}
	validator, err := auth.New(auth.Options{AppID: "app", Tenants: []string{tenant}, Hosts: hosts, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	h := New(validator, true, slog.New(slog.DiscardHandler)).Handler(func(w http.ResponseWriter, _ *http.Request, _ connector.Activity, _ []byte) {
		w.WriteHeader(http.StatusAccepted)
	})
	for _, c := range []struct {
		remote, local string
		want          int
	}{
		{"127.0.0.1:5000", "127.0.0.1:3978", 202},
		{"[::1]:5000", "[::1]:3978", 202},
		{"10.0.0.7:5000", "127.0.0.1:3978", 401},
		{"127.0.0.1:5000", "10.0.0.7:3978", 401},
		{"203.0.113.9:5000", "203.0.113.1:3978", 401},
		{"", "127.0.0.1:3978", 401},
		{"@", "127.0.0.1:3978", 401},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost:3978/", strings.NewReader(good+"}"))
		r.Header.Set("Content-Type", "application/json")
		r.RemoteAddr = c.remote
		at, err := net.ResolveTCPAddr("tcp", c.local)
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, at)))
		if w.Code != c.want {
			t.Errorf("from %s to %s: %d, want %d", c.remote, c.local, w.Code, c.want)
		}
	}
}

// What the SDK's own types can't hold comes through whole; what is no activity does not.
func TestBodies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, body string
		want       int
	}{
		{"value a text", good + `,"value":"x"}`, 200},
		{"value an array", good + `,"value":[1,2]}`, 200},
		{"value a number", good + `,"value":7}`, 200},
		{"value null", good + `,"value":null}`, 200},
		{"channelData a text", good + `,"channelData":"x"}`, 200},
		{"channelData an array", good + `,"channelData":[]}`, 200},
		{"time empty", good + `,"timestamp":""}`, 200},
		{"time without a zone", good + `,"timestamp":"2026-01-02T03:04:05.678","localTimestamp":"2026-01-02T03:04:05"}`, 200},
		{"a field of another kind", good + `,"locale":{"a":1},"entities":"none"}`, 200},
		{"from null", good + `,"from":null,"recipient":null}`, 200},
		{"unknown type", strings.Replace(good, `"message"`, `"news"`, 1) + `,"x":{"y":[]}}`, 200},
		{"no type", strings.Replace(good, `"message"`, `""`, 1) + `}`, 400},
		{"null", `null`, 400},
		{"empty", ``, 400},
		{"an array", `[` + good + `}]`, 400},
		{"a text", `"message"`, 400},
		{"cut", good, 400},
		{"trailing", good + `} {}`, 400},
		{"deep", good + `,"value":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`, 400},
		{"2 MB", good + `,"x":"` + strings.Repeat("x", 2<<20) + `"}`, 413},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := newBot(t, true, "")
			if got := b.local(t, c.body, nil); got != c.want {
				t.Fatalf("status %d, want %d; %s", got, c.want, b.log)
			}
			if c.want != 200 {
				return
			}
			if len(b.raws) != 1 || b.raws[0] != c.body || b.got[0].Conversation == nil || b.got[0].Text != "hi" {
				t.Errorf("came through as %q, %+v", b.raws, b.got)
			}
			if _, err := envelopeOf(b.got[0]); err != nil || !json.Valid([]byte(b.raws[0])) {
				t.Error(err)
			}
		})
	}
}

// While the keys can't be had a request is neither taken nor refused for good.
func TestKeysDown(t *testing.T) {
	t.Parallel()
	b := newBot(t, false, "http://127.0.0.1:1/meta")
	body := strings.Replace(good, "http://localhost:56150/_connector", "https://smba.trafficmanager.net/emea/", 1) + "}"
	token := "Bearer eyJhbGciOiJSUzI1NiIsImtpZCI6Im9uZSJ9.e30.AAAA"
	if got := b.local(t, body, header("Authorization", token)); got != http.StatusServiceUnavailable || len(b.got) != 0 {
		t.Errorf("status %d, %d came through", got, len(b.got))
	}
	if strings.Contains(b.log.String(), "eyJ") {
		t.Error("the token is in the log")
	}
}

// FuzzRead: whatever is read as an activity, the SDK can read its envelope, and reads the
// same of what decides.
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
		if err != nil {
			t.Fatal(err)
		}
		var parsed schema.Activity
		if err := json.Unmarshal(envelope, &parsed); err != nil {
			t.Fatalf("the SDK can't read %s: %v", envelope, err)
		}
		if string(parsed.Type) != a.Type || parsed.ServiceURL != a.ServiceURL || parsed.ChannelID != a.ChannelID {
			t.Fatalf("%s is read as %+v", envelope, parsed)
		}
	})
}
