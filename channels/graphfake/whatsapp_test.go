package graphfake

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/channels/emulator"
)

// patience bounds every wait; only a failing test uses it up.
const patience = 2 * time.Minute

// meta is an emulator with a number, Ann's phone and a receiver of webhooks.
type meta struct {
	*Server
	t      *testing.T
	number *Number
	ann    *Customer

	mu    sync.Mutex
	at    time.Time
	taken []string // bodies
	deny  int      // how many webhooks are refused first
}

func newMeta(t *testing.T, change ...func(*Options)) *meta {
	t.Helper()
	m := &meta{t: t, at: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}
	o := Options{Seed: 7, HookRetry: time.Millisecond, Clock: func() time.Time { m.mu.Lock(); defer m.mu.Unlock(); return m.at }}
	for _, c := range change {
		c(&o)
	}
	m.Server = New(o)
	noError(t, m.Start(""))
	t.Cleanup(func() { _ = m.Close() })
	m.number = m.AddNumber(NumberConfig{ID: "1055", WABA: "2066", Display: "+15550100"})
	m.AllowToken("T", "1055", "2066")

	hook := httptest.NewServer(http.HandlerFunc(m.receiveHook))
	t.Cleanup(hook.Close)
	noError(t, m.Subscribe(m.testContext(), "2066", hook.URL, "word"))
	m.ann = m.number.Customer(Person{Phone: "+491701234567", Name: "Ann"})
	return m
}

// receiveHook confirms a subscription and takes webhooks, after it has refused as many as deny says.
func (m *meta) receiveHook(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		_, _ = io.WriteString(w, r.URL.Query().Get("hub.challenge"))
		return
	}
	body, _ := io.ReadAll(r.Body)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.deny > 0 {
		m.deny--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	m.taken = append(m.taken, string(body))
}

func (m *meta) testContext() context.Context {
	ctx, cancel := context.WithTimeout(m.t.Context(), patience)
	m.t.Cleanup(cancel)
	return ctx
}

// noError ends the test if something failed.
func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantEqual checks a value. what is its name.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

// request makes a request and returns status and body.
func (m *meta) request(method, path, token, contentType string, body io.Reader) (int, string) {
	m.t.Helper()
	r, err := http.NewRequestWithContext(m.testContext(), method, m.URL()+path, body)
	noError(m.t, err)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	r.Header.Set("Content-Type", contentType)
	resp, err := emulator.NewClient().Do(r)
	noError(m.t, err)
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	noError(m.t, err)
	return resp.StatusCode, string(answer)
}

// sendToAnn posts a message to Ann and returns the error code, 0 if it was taken.
func (m *meta) sendToAnn(fields string) int {
	m.t.Helper()
	return m.postMessage(`{"messaging_product":"whatsapp","recipient_type":"individual","to":"491701234567",` + fields + `}`)
}

// postMessage is sendToAnn for a whole body.
func (m *meta) postMessage(body string) int {
	m.t.Helper()
	_, answer := m.request(http.MethodPost, "/v26.0/1055/messages", "T", "application/json", strings.NewReader(body))
	return codeOf(m.t, answer)
}

func codeOf(t *testing.T, answer string) int {
	t.Helper()
	var v struct {
		Error *struct{ Code int }
	}
	if err := json.Unmarshal([]byte(answer), &v); err != nil {
		t.Fatalf("%q: %v", answer, err)
	}
	if v.Error == nil {
		return 0
	}
	return v.Error.Code
}

// The fake refuses what the Cloud API refuses, with the same codes, and takes the rest.
func TestRefusals(t *testing.T) {
	t.Parallel()
	m := newMeta(t)
	m.ann.Text("Hello")
	r := strings.Repeat
	button := func(n int) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(`{"type":"reply","reply":{"id":"%d","title":"B%d"}}`, i, i))
		}
		return `"type":"interactive","interactive":{"type":"button","body":{"text":"x"},"action":{"buttons":[` + strings.Join(list, ",") + `]}}`
	}
	row := func(n int) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprintf(`{"id":"%d","title":"R%d"}`, i, i))
		}
		return `"type":"interactive","interactive":{"type":"list","body":{"text":"x"},"action":{"button":"Pick",` +
			`"sections":[{"rows":[` + strings.Join(list, ",") + `]}]}}`
	}
	for body, want := range map[string]int{
		`"type":"text","text":{"body":"` + r("a", 4096) + `"}`: 0,
		`"type":"text","text":{"body":"` + r("a", 4097) + `"}`: 131009,
		`"type":"text","text":{"body":""}`:                     131008,
		`"type":"text","text":{"body":"x","colour":"red"}`:     100,
		`"type":"text"`:           131008,
		`"type":"poem","poem":{}`: 100,
		`"type":"text","text":{"body":"x"},"colour":"red"`:                                   100,
		`"type":"text","text":{"body":"x"},"context":{"message_id":""}`:                      131008,
		`"type":"text","text":{"body":"x"},"biz_opaque_callback_data":"` + r("a", 513) + `"`: 131009,
		`"type":"image","image":{"id":"404"}`:                                                131009,
		`"type":"image","image":{}`:                                                          131008,
		`"type":"audio","audio":{"id":"1","caption":"x"}`:                                    100,
		`"type":"image","image":{"id":"1","caption":"` + r("a", 1025) + `"}`:                 131009,
		`"type":"location","location":{"latitude":"1","longitude":2}`:                        0,
		`"type":"location","location":{"latitude":91,"longitude":2}`:                         131009,
		`"type":"location","location":{"latitude":1}`:                                        131008,
		`"type":"contacts","contacts":[{"name":{"formatted_name":"A","first_name":"A"}}]`:    0,
		`"type":"contacts","contacts":[{"name":{"formatted_name":"A"}}]`:                     131008,
		`"type":"contacts","contacts":[]`:                                                    131009,
		`"type":"reaction","reaction":{"message_id":"x"}`:                                    131008,
		`"type":"reaction","reaction":{"message_id":"x","emoji":""}`:                         0,
		button(3): 0,
		button(4): 131009,
		button(0): 131009,
		row(10):   0,
		row(11):   131009,
		row(0):    131009,
		strings.Replace(button(1), "B0", r("a", 21), 1):         131009,
		strings.Replace(button(2), "B1", "B0", 1):               131009,
		strings.Replace(row(1), "R0", r("a", 25), 1):            131009,
		strings.Replace(row(1), "Pick", r("a", 21), 1):          131009,
		strings.Replace(row(1), `"x"`, `"`+r("a", 1025)+`"`, 1): 131009,
		`"type":"interactive","interactive":{"type":"cta_url","body":{"text":"x"},"action":{"name":"cta_url",` +
			`"parameters":{"display_text":"Go","url":"https://x.test"}}}`: 0,
		`"type":"template","template":{"name":"none","language":{"code":"en"}}`: 132001,
		`"status":"read","message_id":"unknown"`:                                100,
		`"typing_indicator":{"type":"text"},"message_id":"x"`:                   100,
	} {
		wantEqual(t, fmt.Sprintf("code of %.100s", body), m.sendToAnn(body), want)
	}

	for body, want := range map[string]int{
		`{`:  100,
		`{}`: 100,
		`{"messaging_product":"whatsapp","type":"text","text":{"body":"x"}}`:                                       131008,
		`{"messaging_product":"whatsapp","to":"ann","type":"text","text":{"body":"x"}}`:                            131009,
		`{"messaging_product":"whatsapp","recipient":"491701234567","type":"text","text":{"body":"x"}}`:            131009,
		`{"messaging_product":"whatsapp","recipient_type":"group","to":"49170","type":"text","text":{"body":"x"}}`: 131009,
	} {
		wantEqual(t, "code of "+body, m.postMessage(body), want)
	}
}

// A call without a token that opens its node is refused, and so is a path that the API doesn't have.
func TestTokens(t *testing.T) {
	t.Parallel()
	m := newMeta(t)
	m.AllowToken("OTHER", "9")
	m.AllowToken("GONE")
	m.RevokeToken("GONE")
	for token, want := range map[string]int{"": 104, "X": 190, "GONE": 190, "OTHER": 100, "T": 0} {
		_, answer := m.request(http.MethodGet, "/v26.0/1055", token, "", nil)
		wantEqual(t, "code with the token "+token, codeOf(t, answer), want)
	}

	for path, want := range map[string]int{
		"/v26.0/404":             100,
		"/v26.0/1055/nothing":    100,
		"/1055":                  2500,
		"/v26.0":                 2500,
		"/v26.0/1055/messages/x": 2500,
	} {
		_, answer := m.request(http.MethodGet, path, "T", "", nil)
		wantEqual(t, "code of "+path, codeOf(t, answer), want)
	}
}
