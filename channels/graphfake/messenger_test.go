package graphfake

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"
)

// pageRig is a Page with one customer and a receiver of webhooks, spoken to by plain HTTP.
type pageRig struct {
	*Server
	page     *Page
	customer *PageCustomer

	mu    sync.Mutex
	ahead time.Duration
	got   []string // bodies of webhooks
}

func newPageRig(t *testing.T) *pageRig {
	t.Helper()
	r := &pageRig{}
	r.Server = New(Options{Seed: 1, Clock: func() time.Time {
		r.mu.Lock()
		defer r.mu.Unlock()
		return time.Now().Add(r.ahead)
	}})
	if err := r.Start(""); err != nil {
		t.Fatal(err)
	}
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
	if err := r.Subscribe(t.Context(), r.page.ID(), hook.URL, "v"); err != nil {
		t.Fatal(err)
	}
	r.customer = r.page.Customer("Ann Lee")
	r.customer.Text("Hello")
	return r
}

// ask makes a call and returns status, code and subcode of an error, and the answer.
func (r *pageRig) ask(t *testing.T, method, path, contentType string, body []byte) (string, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.URL()+"/v26.0/"+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer T")
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
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
func (r *pageRig) send(t *testing.T, body string) string {
	t.Helper()
	status, _ := r.ask(t, http.MethodPost, r.page.ID()+"/messages", "application/json", []byte(strings.ReplaceAll(body, "%P", r.customer.ID())))
	return status
}

// Clients of others send to me/messages: "me" is the Page whose token they have. A token that opens everything is the
// token of the Page as long as there is one only.
func TestPageIsMe(t *testing.T) {
	t.Parallel()
	r := newPageRig(t)
	body := []byte(`{"recipient":{"id":"` + r.customer.ID() + `"},"messaging_type":"RESPONSE","message":{"text":"x"}}`)
	send := func() string {
		status, _ := r.ask(t, http.MethodPost, "me/messages", "application/json", body)
		return status
	}
	if got := send(); got != "200" {
		t.Errorf("the Page's token: %s", got)
	}
	r.AllowToken("T")
	if got := send(); got != "200" {
		t.Errorf("a token for everything, one Page: %s", got)
	}
	r.AddPage(PageConfig{Name: "Another"})
	if got := send(); got != "400 100/33" {
		t.Errorf("a token for everything, two Pages: %s", got)
	}
}

// What the Send API refuses, it refuses here.
func TestPageRefuses(t *testing.T) {
	t.Parallel()
	r := newPageRig(t)
	long := func(n int) string { return strings.Repeat("é", n) }
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
		message(`{"text":"x","attachment":{"type":"image","payload":{"attachment_id":"1"}}}`):                                                               "400 100/0",
		message(`{"attachment":{"type":"image","payload":{"attachment_id":"1"}}}`):                                                                          "400 100/0",
		message(`{"attachment":{"type":"hologram","payload":{}}}`):                                                                                          "400 100/0",
		message(`{"text":"x","quick_replies":[{"content_type":"text","title":"` + long(21) + `","payload":"p"}]}`):                                          "400 100/0",
		message(`{"text":"x","quick_replies":[{"content_type":"text","title":"t"}]}`):                                                                       "400 100/0",
		message(`{"text":"x","quick_replies":[` + strings.TrimSuffix(strings.Repeat(`{"content_type":"text","title":"t","payload":"p"},`, 14), ",") + `]}`): "400 100/0",
		template(`{"template_type":"button","text":"` + long(641) + `","buttons":[{"type":"postback","title":"t","payload":"p"}]}`):                         "400 100/0",
		template(`{"template_type":"button","text":"x","buttons":[]}`):                                                                                      "400 100/0",
		template(`{"template_type":"button","text":"x","buttons":[{"type":"web_url","title":"t","url":"riddle"}]}`):                                         "400 100/0",
		template(`{"template_type":"button","text":"x","buttons":[{"type":"web_url","title":"t","url":"https://a.b"}]}`):                                    "200",
		template(`{"template_type":"generic","elements":[{"title":"x"}]}`):                                                                                  "400 100/0",
		template(`{"template_type":"generic","elements":[{"title":"` + long(81) + `","subtitle":"y"}]}`):                                                    "400 100/0",
		template(`{"template_type":"generic","elements":[` + strings.TrimSuffix(strings.Repeat(`{"title":"x","subtitle":"y"},`, 11), ",") + `]}`):           "400 100/0",
		template(`{"template_type":"opera"}`):                                                                                                               "400 100/0",
		`riddle`:                                                                                                                                            "400 100/0",
	} {
		if got := r.send(t, body); got != want {
			t.Errorf("%.150s: %s, want %s", body, got, want)
		}
	}
}

// Windows, blocks, tokens.
func TestPageWindows(t *testing.T) {
	t.Parallel()
	r := newPageRig(t)
	const plain = `{"recipient":{"id":"%P"},"messaging_type":"RESPONSE","message":{"text":"x"}}`
	const tagged = `{"recipient":{"id":"%P"},"messaging_type":"MESSAGE_TAG","tag":"HUMAN_AGENT","message":{"text":"x"}}`
	expect := func(when, body, want string) {
		t.Helper()
		if got := r.send(t, body); got != want {
			t.Errorf("%s: %s, want %s", when, got, want)
		}
	}
	later := func(d time.Duration) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.ahead += d
	}
	later(24*time.Hour - time.Minute)
	expect("inside", plain, "200")
	later(2 * time.Minute)
	expect("outside", plain, "400 10/2018278")
	expect("a person", tagged, "200")
	r.page.SetHumanAgent(false)
	expect("without the feature", tagged, "400 10/0")
	r.page.SetHumanAgent(true)
	r.customer.Read()
	r.customer.Edit(r.customer.Conversation()[0].ID, "Hi")
	expect("after reading and editing", plain, "400 10/2018278")
	later(6 * 24 * time.Hour)
	expect("the eighth day", tagged, "400 10/2018278")
	r.customer.React(r.customer.Conversation()[0].ID, "👍")
	expect("after a reaction", plain, "200")
	r.customer.Block(true)
	expect("blocked", plain, "400 551/1545041")
	r.customer.Block(false)
	r.page.SetRestricted(true)
	expect("restricted", plain, "400 10/1893063")
	r.page.SetRestricted(false)
	r.page.SetStandby(true)
	expect("another app holds it", plain, "400 10/2018300")
	r.page.SetStandby(false)
	r.RevokeToken("T")
	expect("revoked", plain, "401 190/460")
	r.AllowToken("T", "somebody else")
	expect("another's token", plain, "400 100/33")
}

// Uploads, what may be uploaded, and how the customer sees it.
func TestPageUploads(t *testing.T) {
	t.Parallel()
	r := newPageRig(t)
	upload := func(kind, contentType string, size int) (string, string) {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		_ = form.WriteField("message", `{"attachment":{"type":"`+kind+`","payload":{"is_reusable":true}}}`)
		part, err := form.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="filedata"; filename="a.bin"`}, "Content-Type": {contentType}})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = part.Write(make([]byte, size))
		_ = form.Close()
		status, answer := r.ask(t, http.MethodPost, r.page.ID()+"/message_attachments", form.FormDataContentType(), body.Bytes())
		id, _ := answer["attachment_id"].(string)
		return status, id
	}
	for _, c := range []struct {
		kind, contentType string
		size              int
		want              string
	}{
		{"image", "image/png", 10, "200"}, {"file", "text/plain", 10, "200"},
		{"image", "image/png", 8<<20 + 1, "400 100/2018047"}, {"video", "video/mp4", 25<<20 + 1, "400 100/2018047"},
		{"image", "text/plain", 10, "400 100/2018047"}, {"file", "text/plain", 0, "400 100/2018047"}, {"hologram", "x/y", 1, "400 100/0"},
	} {
		status, id := upload(c.kind, c.contentType, c.size)
		if status != c.want || (id == "") == (status == "200") {
			t.Errorf("%s %s of %d bytes: %s, id %q, want %s", c.kind, c.contentType, c.size, status, id, c.want)
		}
	}
	_, id := upload("image", "image/png", 3)
	send := func(kind string) string {
		return r.send(t, `{"recipient":{"id":"%P"},"messaging_type":"RESPONSE","message":{"attachment":{"type":"`+kind+`","payload":{"attachment_id":"`+id+`"}}}}`)
	}
	if send("file") != "400 100/0" || send("image") != "200" {
		t.Error("an upload goes as what it was uploaded as")
	}
	if got := r.customer.Inbox(); len(got) != 1 || len(got[0].File) != 3 || got[0].Kind != "image" {
		t.Errorf("the customer got %+v", got)
	}
	if err := r.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	status, answer := r.ask(t, http.MethodGet, r.page.ID()+"/conversations?platform=messenger&user_id="+r.customer.ID()+"&fields=messages.limit(1){id}", "", nil)
	listed, _ := json.Marshal(answer)
	if status != "200" || strings.Count(string(listed), `"created_time"`) != 1 || !strings.Contains(string(listed), `"mime_type":"image/png"`) {
		t.Errorf("listed %s %s", status, listed)
	}
	if status, _ := r.ask(t, http.MethodGet, r.customer.ID()+"?fields=name", "", nil); status != "200" {
		t.Errorf("profile: %s", status)
	}
	r.customer.HideProfile()
	if status, _ := r.ask(t, http.MethodGet, r.customer.ID()+"?fields=name", "", nil); status != "400 100/2018218" {
		t.Errorf("a hidden profile: %s", status)
	}
}

// Webhooks have the shapes of Meta's reference: those of the customer, echoes with
// metadata and app, watermarks when her phone is online.
func TestPageWebhooks(t *testing.T) {
	t.Parallel()
	r := newPageRig(t)
	take := func(want ...string) {
		t.Helper()
		if err := r.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.got) != len(want) {
			t.Fatalf("%d webhooks, want %d: %s", len(r.got), len(want), r.got)
		}
		for i, part := range want {
			if !strings.Contains(r.got[i], part) || !strings.HasPrefix(r.got[i], `{"entry":[{"id":"`+r.page.ID()+`"`) || !strings.HasSuffix(r.got[i], `"object":"page"}`) {
				t.Errorf("webhook %s lacks %s", r.got[i], part)
			}
		}
		r.got = nil
	}
	take(`"text":"Hello"`)
	r.customer.SetOnline(false)
	if got := r.send(t, `{"recipient":{"id":"%P"},"messaging_type":"RESPONSE","message":{"text":"x","metadata":"token"}}`); got != "200" {
		t.Fatal(got)
	}
	take(`"app_id":9000000001,"is_echo":true,"metadata":"token","mid":"` + r.customer.Inbox()[0].ID)
	r.customer.SetOnline(true)
	take(`"delivery":{"mids":["` + r.customer.Inbox()[0].ID + `"],"watermark":`)
	r.page.AnswerElsewhere(r.customer, "\u00fcber")
	take(`"is_echo":true,"mid":"`, `"watermark":`)
	r.page.SetStandby(true)
	r.customer.Text("psst")
	take(`"standby":[{"message":{"mid":"`)
	r.page.SetStandby(false)
	r.customer.Read()
	r.customer.React("m_x", "")
	r.customer.Edit(r.customer.Conversation()[0].ID, "new")
	r.customer.Postback("Start", "GO")
	r.customer.Sticker(5, []byte("x"))
	r.customer.Follow("shop")
	take(`"read":{"watermark":`, `"reaction":{"action":"unreact","mid":"m_x"}`, `"message_edit":{"mid":"`, `"postback":{"mid":"m_`, `"sticker_id":5`,
		`"referral":{"ref":"shop"`)
	if err := r.customer.Tap("nothing"); err == nil {
		t.Error("tapped what isn't there")
	}
}
