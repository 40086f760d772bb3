package graphfake

import (
	"bytes"
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

// pageWorld is a Page with one customer and a receiver of webhooks. Tests call it by plain HTTP.
type pageWorld struct {
	*Server
	page     *Page
	customer *PageCustomer

	mu    sync.Mutex
	ahead time.Duration
	got   []string // bodies of webhooks
}

func newPageWorld(t *testing.T) *pageWorld {
	t.Helper()
	r := &pageWorld{}
	r.Server = New(Options{Seed: 1, Clock: func() time.Time {
		r.mu.Lock()
		defer r.mu.Unlock()
		return time.Now().Add(r.ahead)
	}})
	noError(t, r.Start(""))
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if c := req.URL.Query().Get("hub.challenge"); c != "" {
			_, _ = io.WriteString(w, c)
			return
		}
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		r.got = append(r.got, string(body))
		r.mu.Unlock()
	}))
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		hook.Close()
	})

	r.page = r.AddPage(PageConfig{Name: "Acme", HumanAgent: true})
	r.AllowToken("T", r.page.ID())
	noError(t, r.Subscribe(t.Context(), r.page.ID(), hook.URL, "v"))
	r.customer = r.page.Customer("Ann Lee")
	r.customer.Text("Hello")
	return r
}

// call makes a call and returns its verdict and the answer. The verdict is the status, and for an error also its code
// and subcode.
func (r *pageWorld) call(t *testing.T, method, path, contentType string, body []byte) (string, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.URL()+"/v26.0/"+path, bytes.NewReader(body))
	noError(t, err)
	req.Header.Set("Authorization", "Bearer T")
	req.Header.Set("Content-Type", contentType)
	resp, err := emulator.NewClient().Do(req)
	noError(t, err)
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		Error *struct{ Code, Subcode int }
	}
	raw, err := io.ReadAll(resp.Body)
	if err != nil || json.Unmarshal(raw, &answer) != nil {
		t.Fatalf("answer %q, %v", raw, err)
	}
	var all map[string]any
	_ = json.Unmarshal(raw, &all)
	if answer.Error != nil {
		e := all["error"].(map[string]any)
		sub, _ := e["error_subcode"].(float64)
		return fmt.Sprintf("%d %d/%d", resp.StatusCode, answer.Error.Code, int(sub)), all
	}
	return fmt.Sprint(resp.StatusCode), all
}

// send calls the Send API; %P in body is the customer.
func (r *pageWorld) send(t *testing.T, body string) string {
	t.Helper()
	body = strings.ReplaceAll(body, "%P", r.customer.ID())
	verdict, _ := r.call(t, http.MethodPost, r.page.ID()+"/messages", "application/json", []byte(body))
	return verdict
}

// The fake refuses what Meta's Send API refuses.
func TestPageRefuses(t *testing.T) {
	t.Parallel()
	r := newPageWorld(t)
	long := func(n int) string { return strings.Repeat("é", n) }
	repeated := func(object string, n int) string { return strings.TrimSuffix(strings.Repeat(object+",", n), ",") }
	template := func(payload string) string {
		return `{"recipient":{"id":"%P"},"messaging_type":"RESPONSE","message":{"attachment":{"type":"template","payload":` + payload + `}}}`
	}
	message := func(m string) string {
		return `{"recipient":{"id":"%P"},"messaging_type":"RESPONSE","message":` + m + `}`
	}
	for body, want := range map[string]string{
		message(`{"text":"x"}`):                                                                                       "200",
		`{"messaging_type":"RESPONSE","message":{"text":"x"}}`:                                                        "400 100/0",
		`{"recipient":{"id":"42"},"messaging_type":"RESPONSE","message":{"text":"x"}}`:                                "400 100/2018001",
		`{"recipient":{"id":"%P"},"message":{"text":"x"}}`:                                                            "400 100/0",
		`{"recipient":{"id":"%P"},"messaging_type":"SHOUT","message":{"text":"x"}}`:                                   "400 100/0",
		`{"recipient":{"id":"%P"},"messaging_type":"MESSAGE_TAG","message":{"text":"x"}}`:                             "400 100/0",
		`{"recipient":{"id":"%P"},"messaging_type":"MESSAGE_TAG","tag":"ACCOUNT_UPDATE","message":{"text":"x"}}`:      "400 100/0",
		`{"recipient":{"id":"%P"},"messaging_type":"MESSAGE_TAG","tag":"HUMAN_AGENT","message":{"text":"x"}}`:         "200",
		`{"recipient":{"id":"%P"},"messaging_type":"RESPONSE","message":{"text":"x"},"sender_action":"typing_on"}`:    "400 100/0",
		`{"recipient":{"id":"%P"},"messaging_type":"RESPONSE","message":{"text":"x"},"reply_to":{"mid":"m_nowhere"}}`: "400 100/0",
		`{"recipient":{"id":"%P"},"sender_action":"dance"}`:                                                           "400 100/0",
		`{"recipient":{"id":"%P"},"sender_action":"react","payload":{"message_id":"m_nowhere","reaction":"x"}}`:       "400 100/0",
		message(`{}`):                                           "400 100/0",
		message(`{"text":"` + long(2000) + `"}`):                "200",
		message(`{"text":"` + long(2001) + `"}`):                "400 100/0",
		message(`{"text":"x","metadata":"` + long(1001) + `"}`): "400 100/0",
		message(`{"text":"x","attachment":{"type":"image","payload":{"attachment_id":"1"}}}`):                                       "400 100/0",
		message(`{"attachment":{"type":"image","payload":{"attachment_id":"1"}}}`):                                                  "400 100/0",
		message(`{"attachment":{"type":"hologram","payload":{}}}`):                                                                  "400 100/0",
		message(`{"text":"x","quick_replies":[{"content_type":"text","title":"` + long(21) + `","payload":"p"}]}`):                  "400 100/0",
		message(`{"text":"x","quick_replies":[{"content_type":"text","title":"t"}]}`):                                               "400 100/0",
		message(`{"text":"x","quick_replies":[` + repeated(`{"content_type":"text","title":"t","payload":"p"}`, 14) + `]}`):         "400 100/0",
		template(`{"template_type":"button","text":"` + long(641) + `","buttons":[{"type":"postback","title":"t","payload":"p"}]}`): "400 100/0",
		template(`{"template_type":"button","text":"x","buttons":[]}`):                                                              "400 100/0",
		template(`{"template_type":"button","text":"x","buttons":[{"type":"web_url","title":"t","url":"riddle"}]}`):                 "400 100/0",
		template(`{"template_type":"button","text":"x","buttons":[{"type":"web_url","title":"t","url":"https://a.b"}]}`):            "200",
		template(`{"template_type":"generic","elements":[{"title":"x"}]}`):                                                          "400 100/0",
		template(`{"template_type":"generic","elements":[{"title":"` + long(81) + `","subtitle":"y"}]}`):                            "400 100/0",
		template(`{"template_type":"generic","elements":[` + repeated(`{"title":"x","subtitle":"y"}`, 11) + `]}`):                   "400 100/0",
		template(`{"template_type":"opera"}`):                                                                                       "400 100/0",
		`riddle`:                                                                                                                    "400 100/0",
	} {
		wantEqual(t, fmt.Sprintf("%.150s", body), r.send(t, body), want)
	}
}
