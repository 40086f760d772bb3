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

// A phone shows for twenty seconds that a Page is typing.
func TestPageTypingEnds(t *testing.T) {
	t.Parallel()
	r := newPageWorld(t)
	r.call(t, http.MethodPost, r.page.ID()+"/messages?access_token=T", "application/json",
		[]byte(`{"recipient":{"id":"`+r.customer.ID()+`"},"sender_action":"typing_on"}`))
	wantEqual(t, "typing", r.customer.Typing(), true)
	r.mu.Lock()
	r.ahead = pageTypingLife
	r.mu.Unlock()
	wantEqual(t, "typing after twenty seconds", r.customer.Typing(), false)
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

// Other clients send to me/messages, where "me" is the Page of their token. A token for everything stands for the Page as
// long as there is only one.
func TestPageIsMe(t *testing.T) {
	t.Parallel()
	r := newPageWorld(t)
	body := []byte(`{"recipient":{"id":"` + r.customer.ID() + `"},"messaging_type":"RESPONSE","message":{"text":"x"}}`)
	send := func() string {
		status, _ := r.call(t, http.MethodPost, "me/messages", "application/json", body)
		return status
	}
	wantEqual(t, "with the Page's token", send(), "200")
	r.AllowToken("T")
	wantEqual(t, "with a token for everything, one Page", send(), "200")
	r.AddPage(PageConfig{Name: "Another"})
	wantEqual(t, "with a token for everything, two Pages", send(), "400 100/33")
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

// The window to a customer is a day, and a week for people of the business. Messages and reactions of hers open it anew.
// Reading, editing and taking a reaction back don't. Blocks, restrictions and wrong tokens are refused with their codes.
func TestPageWindows(t *testing.T) {
	t.Parallel()
	r := newPageWorld(t)
	const plain = `{"recipient":{"id":"%P"},"messaging_type":"RESPONSE","message":{"text":"x"}}`
	const tagged = `{"recipient":{"id":"%P"},"messaging_type":"MESSAGE_TAG","tag":"HUMAN_AGENT","message":{"text":"x"}}`
	expect := func(when, body, want string) {
		t.Helper()
		wantEqual(t, when, r.send(t, body), want)
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

	// Her reaction opens the window, and other things that she does do not.
	r.customer.Read()
	r.customer.Edit(r.customer.Conversation()[0].ID, "Hi")
	r.customer.React(r.customer.Conversation()[0].ID, "")
	expect("after reading, editing and taking a reaction back", plain, "400 10/2018278")
	later(6 * 24 * time.Hour)
	expect("the eighth day", tagged, "400 10/2018278")
	r.customer.React(r.customer.Conversation()[0].ID, "👍")
	expect("after a reaction", plain, "200")

	// Other reasons to refuse a message.
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

// upload uploads a file of this size, and returns the verdict and the file's id.
func (r *pageWorld) upload(t *testing.T, kind, contentType string, size int) (verdict, id string) {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	_ = form.WriteField("message", `{"attachment":{"type":"`+kind+`","payload":{"is_reusable":true}}}`)
	const disposition = `form-data; name="filedata"; filename="a.bin"`
	part, err := form.CreatePart(textproto.MIMEHeader{"Content-Disposition": {disposition}, "Content-Type": {contentType}})
	noError(t, err)
	_, _ = part.Write(make([]byte, size))
	_ = form.Close()
	verdict, answer := r.call(t, http.MethodPost, r.page.ID()+"/message_attachments", form.FormDataContentType(), body.Bytes())
	id, _ = answer["attachment_id"].(string)
	return verdict, id
}

// An upload is accepted or refused by its kind, type and size.
func TestPageUploads(t *testing.T) {
	t.Parallel()
	r := newPageWorld(t)
	for _, c := range []struct {
		kind, contentType string
		size              int
		want              string
	}{
		{kind: "image", contentType: "image/png", size: 10, want: "200"},
		{kind: "file", contentType: "text/plain", size: 10, want: "200"},
		{kind: "image", contentType: "image/png", size: 8<<20 + 1, want: "400 100/2018047"},
		{kind: "video", contentType: "video/mp4", size: 25<<20 + 1, want: "400 100/2018047"},
		{kind: "image", contentType: "text/plain", size: 10, want: "400 100/2018047"},
		{kind: "file", contentType: "text/plain", size: 0, want: "400 100/2018047"},
		{kind: "hologram", contentType: "x/y", size: 1, want: "400 100/0"},
	} {
		what := fmt.Sprintf("%s %s of %d bytes", c.kind, c.contentType, c.size)
		verdict, id := r.upload(t, c.kind, c.contentType, c.size)
		wantEqual(t, what, verdict, c.want)
		wantEqual(t, what+" has an id", id != "", c.want == "200")
	}
}

// An uploaded file can be sent only as the kind that it was uploaded as. The customer sees it, and the conversation lists
// it.
func TestPageFile(t *testing.T) {
	t.Parallel()
	r := newPageWorld(t)
	_, id := r.upload(t, "image", "image/png", 3)
	send := func(kind string) string {
		attachment := `{"type":"` + kind + `","payload":{"attachment_id":"` + id + `"}}`
		return r.send(t, `{"recipient":{"id":"%P"},"messaging_type":"RESPONSE","message":{"attachment":`+attachment+`}}`)
	}
	wantEqual(t, "a picture as a file", send("file"), "400 100/0")
	wantEqual(t, "a picture as one", send("image"), "200")
	if got := r.customer.Inbox(); len(got) != 1 || len(got[0].File) != 3 || got[0].Kind != "image" {
		t.Errorf("the customer got %+v, want one picture of 3 bytes", got)
	}

	noError(t, r.Settle(t.Context()))
	status, answer := r.call(t, http.MethodGet,
		r.page.ID()+"/conversations?platform=messenger&user_id="+r.customer.ID()+"&fields=messages.limit(1){id}", "", nil)
	listed, _ := json.Marshal(answer)
	wantEqual(t, "listing", status, "200")
	wantEqual(t, "listed messages", strings.Count(string(listed), `"created_time"`), 1)
	wantEqual(t, "listed pictures", strings.Count(string(listed), `"mime_type":"image/png"`), 1)
}

func TestPageProfile(t *testing.T) {
	t.Parallel()
	r := newPageWorld(t)
	verdict, _ := r.call(t, http.MethodGet, r.customer.ID()+"?fields=name", "", nil)
	wantEqual(t, "profile", verdict, "200")
	r.customer.HideProfile()
	verdict, _ = r.call(t, http.MethodGet, r.customer.ID()+"?fields=name", "", nil)
	wantEqual(t, "hidden profile", verdict, "400 100/2018218")
}

// Webhooks have the form of Meta's reference: the customer's events, echoes with metadata and app, and watermarks once
// her phone is online.
func TestPageWebhooks(t *testing.T) {
	t.Parallel()
	r := newPageWorld(t)
	wantHooks := func(want ...string) {
		t.Helper()
		noError(t, r.Settle(t.Context()))
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.got) != len(want) {
			t.Fatalf("%d webhooks, want %d: %s", len(r.got), len(want), r.got)
		}
		for i, part := range want {
			if !strings.Contains(r.got[i], part) || !strings.HasPrefix(r.got[i], `{"entry":[{"id":"`+r.page.ID()+`"`) ||
				!strings.HasSuffix(r.got[i], `"object":"page"}`) {
				t.Errorf("webhook %s lacks %s", r.got[i], part)
			}
		}
		r.got = nil
	}

	wantHooks(`"text":"Hello"`)
	r.customer.SetOnline(false)
	if got := r.send(t, `{"recipient":{"id":"%P"},"messaging_type":"RESPONSE","message":{"text":"x","metadata":"token"}}`); got != "200" {
		t.Fatal(got)
	}
	wantHooks(`"app_id":9000000001,"is_echo":true,"metadata":"token","mid":"` + r.customer.Inbox()[0].ID)
	r.customer.SetOnline(true)
	wantHooks(`"delivery":{"mids":["` + r.customer.Inbox()[0].ID + `"],"watermark":`)

	r.page.AnswerElsewhere(r.customer, "\u00fcber")
	wantHooks(`"is_echo":true,"mid":"`, `"watermark":`)
	r.page.SetStandby(true)
	r.customer.Text("psst")
	wantHooks(`"standby":[{"message":{"mid":"`)
	r.page.SetStandby(false)

	r.customer.Read()
	r.customer.React("m_x", "")
	r.customer.Edit(r.customer.Conversation()[0].ID, "new")
	r.customer.Postback("Start", "GO")
	r.customer.Sticker(5, []byte("x"))
	r.customer.Follow("shop")
	wantHooks(`"read":{"watermark":`, `"reaction":{"action":"unreact","mid":"m_x"}`, `"message_edit":{"mid":"`, `"postback":{"mid":"m_`,
		`"sticker_id":5`,
		`"referral":{"ref":"shop"`)
	if err := r.customer.Tap("nothing"); err == nil {
		t.Error("tapped what isn't there")
	}
}
