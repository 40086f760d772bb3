package graphfake

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience bounds every wait; only a failing test uses it up.
const patience = 2 * time.Minute

// meta is an emulator with a number, Ann's phone and somebody who takes webhooks.
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
	if err := m.Start(""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	m.number = m.AddNumber(NumberConfig{ID: "1055", WABA: "2066", Display: "+15550100"})
	m.AllowToken("T", "1055", "2066")
	hook := httptest.NewServer(http.HandlerFunc(m.take))
	t.Cleanup(hook.Close)
	if err := m.Subscribe(m.within(), "2066", hook.URL, "word"); err != nil {
		t.Fatal(err)
	}
	m.ann = m.number.Customer(Person{Phone: "+491701234567", Name: "Ann"})
	return m
}

// take is an honest receiver of webhooks.
func (m *meta) take(w http.ResponseWriter, r *http.Request) {
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

func (m *meta) within() context.Context {
	ctx, cancel := context.WithTimeout(m.t.Context(), patience)
	m.t.Cleanup(cancel)
	return ctx
}

func (m *meta) settled() []string {
	m.t.Helper()
	if err := m.Settle(m.within()); err != nil {
		m.t.Fatal(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	taken := m.taken
	m.taken = nil
	return taken
}

// do makes a request and returns status and body.
func (m *meta) do(method, path, token, contentType string, body io.Reader) (int, string) {
	m.t.Helper()
	r, err := http.NewRequestWithContext(m.within(), method, m.URL()+path, body)
	if err != nil {
		m.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	r.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		m.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		m.t.Fatal(err)
	}
	return resp.StatusCode, string(answer)
}

// send posts a message to Ann and returns the error code, 0 if it was taken.
func (m *meta) send(fields string) int {
	m.t.Helper()
	return m.raw(`{"messaging_product":"whatsapp","recipient_type":"individual","to":"491701234567",` + fields + `}`)
}

func (m *meta) raw(body string) int {
	m.t.Helper()
	_, answer := m.do(http.MethodPost, "/v26.0/1055/messages", "T", "application/json", strings.NewReader(body))
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

// TestRefusals: what the Cloud API refuses is refused, with its codes, and what it takes is
// taken.
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
		return `"type":"interactive","interactive":{"type":"list","body":{"text":"x"},"action":{"button":"Pick","sections":[{"rows":[` + strings.Join(list, ",") + `]}]}}`
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
		button(3): 0, button(4): 131009, button(0): 131009, row(10): 0, row(11): 131009, row(0): 131009,
		strings.Replace(button(1), "B0", r("a", 21), 1):         131009,
		strings.Replace(button(2), "B1", "B0", 1):               131009,
		strings.Replace(row(1), "R0", r("a", 25), 1):            131009,
		strings.Replace(row(1), "Pick", r("a", 21), 1):          131009,
		strings.Replace(row(1), `"x"`, `"`+r("a", 1025)+`"`, 1): 131009,
		`"type":"interactive","interactive":{"type":"cta_url","body":{"text":"x"},"action":{"name":"cta_url","parameters":{"display_text":"Go","url":"https://x.test"}}}`: 0,
		`"type":"template","template":{"name":"none","language":{"code":"en"}}`:                                                                                           132001,
		`"status":"read","message_id":"unknown"`:              100,
		`"typing_indicator":{"type":"text"},"message_id":"x"`: 100,
	} {
		if got := m.send(body); got != want {
			t.Errorf("%.100s: %d, want %d", body, got, want)
		}
	}
	for body, want := range map[string]int{
		`{`: 100, `{}`: 100,
		`{"messaging_product":"whatsapp","type":"text","text":{"body":"x"}}`:                                       131008,
		`{"messaging_product":"whatsapp","to":"ann","type":"text","text":{"body":"x"}}`:                            131009,
		`{"messaging_product":"whatsapp","recipient":"491701234567","type":"text","text":{"body":"x"}}`:            131009,
		`{"messaging_product":"whatsapp","recipient_type":"group","to":"49170","type":"text","text":{"body":"x"}}`: 131009,
	} {
		if got := m.raw(body); got != want {
			t.Errorf("%s: %d, want %d", body, got, want)
		}
	}
}

// TestTokens: nobody without a token that opens the node.
func TestTokens(t *testing.T) {
	t.Parallel()
	m := newMeta(t)
	m.AllowToken("OTHER", "9")
	m.AllowToken("GONE")
	m.RevokeToken("GONE")
	for token, want := range map[string]int{"": 104, "X": 190, "GONE": 190, "OTHER": 100, "T": 0} {
		if _, answer := m.do(http.MethodGet, "/v26.0/1055", token, "", nil); codeOf(t, answer) != want {
			t.Errorf("%q: %s", token, answer)
		}
	}
	for path, want := range map[string]int{"/v26.0/404": 100, "/v26.0/1055/nothing": 100, "/1055": 2500, "/v26.0": 2500, "/v26.0/1055/messages/x": 2500} {
		if _, answer := m.do(http.MethodGet, path, "T", "", nil); codeOf(t, answer) != want {
			t.Errorf("%s: %s", path, answer)
		}
	}
}

// withoutTrace removes the id by which Meta finds a call from an error.
func withoutTrace(answer string) string {
	return regexp.MustCompile(`,?"fbtrace_id":"[^"]*"`).ReplaceAllString(answer, "")
}

// TestFields: Graph answers with the fields that a call names, with its usual ones if it names none, and refuses others.
func TestFields(t *testing.T) {
	t.Parallel()
	m := newMeta(t)
	page := m.AddPage(PageConfig{ID: "3077", Name: "Acme"})
	m.AllowToken("T", "1055", "2066", page.ID())
	m.do(http.MethodPost, "/v26.0/2066/message_templates", "T", "application/json",
		strings.NewReader(`{"name":"hello","language":"en","category":"UTILITY","components":[{"type":"BODY","text":"Hi"}]}`))
	refusal := func(field, kind string) string {
		return `{"error":{"code":100,"message":"(#100) Tried accessing nonexisting field (` + field + `) on node type (` + kind + `)","type":"OAuthException"}}`
	}
	for path, want := range map[string]string{
		"1055":                                   `{"display_phone_number":"+15550100","id":"1055","quality_rating":"GREEN","verified_name":"Acme"}`,
		"1055?fields=id":                         `{"id":"1055"}`,
		"1055?fields=status,platform_type":       `{"id":"1055","platform_type":"CLOUD_API","status":"CONNECTED"}`,
		"1055?fields=username":                   `{"id":"1055"}`,
		"1055?fields=id,nonsense":                refusal("nonsense", "WhatsAppBusinessPhoneNumber"),
		"2066":                                   `{"currency":"USD","id":"2066","name":"Acme","timezone_id":"1"}`,
		"2066?fields=display_phone_number":       refusal("display_phone_number", "WhatsAppBusinessAccount"),
		"2066/phone_numbers?fields=id":           `{"data":[{"id":"1055"}]}`,
		"2066/phone_numbers?fields=nonsense":     refusal("nonsense", "WhatsAppBusinessPhoneNumber"),
		"2066/message_templates?fields=nonsense": refusal("nonsense", "WhatsAppBusinessHSM"),
		"3077":                                   `{"id":"3077","name":"Acme"}`,
		"3077?fields=id":                         `{"id":"3077"}`,
		"3077?fields=nonsense":                   refusal("nonsense", "Page"),
		"app?fields=id,name":                     `{"id":"` + m.opts.AppID + `","name":"Acme Help"}`,
		"app?fields=nonsense":                    refusal("nonsense", "Application"),
	} {
		_, answer := m.do(http.MethodGet, "/v26.0/"+path, "T", "", nil)
		if answer = withoutTrace(answer); answer != want {
			t.Errorf("%s: %s, want %s", path, answer, want)
		}
	}
}

// TestUserIDInTo: it is taken, has an id, and reaches nobody; no status tells.
func TestUserIDInTo(t *testing.T) {
	t.Parallel()
	m := newMeta(t)
	bob := m.number.Customer(Person{UserID: "DE.1349", Name: "Bob"})
	bob.Text("Hello")
	m.settled()
	if got := m.raw(`{"messaging_product":"whatsapp","to":"DE.1349","type":"text","text":{"body":"x"}}`); got != 0 {
		t.Errorf("refused with %d", got)
	}
	if len(bob.Inbox()) != 0 || len(m.settled()) != 0 {
		t.Error("it arrived, or was told")
	}
	if got := m.raw(`{"messaging_product":"whatsapp","recipient":"DE.1349","type":"text","text":{"body":"x"}}`); got != 0 || len(bob.Inbox()) != 1 {
		t.Errorf("%d, %+v", got, bob.Inbox())
	}
}

// TestPace: 80 messages a second of a number, and 45 at once to one customer, then one in
// six seconds.
func TestPace(t *testing.T) {
	t.Parallel()
	m := newMeta(t)
	for i := range 3 {
		m.number.Customer(Person{Phone: fmt.Sprintf("+49170000000%d", i)}).Text("Hello")
	}
	codes := map[int]int{}
	for i := range 90 {
		codes[m.raw(fmt.Sprintf(`{"messaging_product":"whatsapp","to":"49170000000%d","type":"text","text":{"body":"x"}}`, i%3))]++
	}
	if codes[0] != 80 || codes[130429] != 10 {
		t.Errorf("number: %v", codes)
	}
	m.ann.Text("Hello")
	m.mu.Lock()
	m.at = m.at.Add(time.Second)
	m.mu.Unlock()
	codes = map[int]int{}
	for range 50 {
		m.mu.Lock()
		m.at = m.at.Add(100 * time.Millisecond) // below the number's pace
		m.mu.Unlock()
		codes[m.send(`"type":"text","text":{"body":"x"}`)]++
	}
	if codes[0] != 45 || codes[131056] != 5 {
		t.Errorf("pair: %v", codes)
	}
	m.mu.Lock()
	m.at = m.at.Add(6 * time.Second)
	m.mu.Unlock()
	if first, second := m.send(`"type":"text","text":{"body":"x"}`), m.send(`"type":"text","text":{"body":"x"}`); first != 0 || second != 131056 {
		t.Errorf("later: %d, %d", first, second)
	}
}

// TestHooks: what isn't taken comes again, in order; batches, doubles, swaps and outages
// come on demand.
func TestHooks(t *testing.T) {
	t.Parallel()
	m := newMeta(t)
	m.mu.Lock()
	m.deny = 3
	m.mu.Unlock()
	m.ann.Text("one")
	m.ann.Text("two ü")
	got := m.settled()
	if len(got) != 2 || !strings.Contains(got[0], "one") || !strings.Contains(got[1], `two \u00fc`) {
		t.Errorf("taken %q", got)
	}
	if _, err := m.AddFault(Fault{Route: "hook.message", Action: ActionHold, Times: 3}); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"a", "b", "c"} {
		m.ann.Text("held " + text)
	}
	if held, _ := m.HookCount(); held != 3 || len(m.settled()) != 0 {
		t.Errorf("%d held", held)
	}
	m.ReleaseHooks(2, 0, 1)
	if got := m.settled(); len(got) != 3 || !strings.Contains(got[0], "held c") || !strings.Contains(got[1], "held a") {
		t.Errorf("released %q", got)
	}
	m.PauseHooks()
	for range 5 {
		m.ann.Text("batched")
	}
	m.ResumeHooks(3)
	if got := m.settled(); len(got) != 2 || strings.Count(got[0], "batched") != 3 {
		t.Errorf("batched %q", got)
	}
	if _, err := m.AddFault(Fault{Route: "hook.message", Action: "explode"}); err == nil || !strings.Contains(err.Error(), `"hold"`) {
		t.Errorf("an unknown action: %v, want an error that lists those there are", err)
	}
}
