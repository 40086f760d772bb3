package graphfake

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"
	"time"
)

// An uploaded file can be read at its address for five minutes, only with the token.
func TestMediaRoundTrip(t *testing.T) {
	t.Parallel()
	m := newMeta(t)
	m.ann.Text("Hello")
	_, answer := m.upload("image/jpeg", make([]byte, 5<<20+1))
	var up struct{ ID, URL string }
	if err := json.Unmarshal([]byte(answer), &up); err != nil || up.ID == "" {
		t.Fatalf("uploading: got %s, %v, want an id", answer, err)
	}
	wantEqual(t, "code of a picture over 5 MB", m.sendToAnn(`"type":"image","image":{"id":"`+up.ID+`"}`), 131053)
	wantEqual(t, "code of it as a document", m.sendToAnn(`"type":"document","document":{"id":"`+up.ID+`","filename":"a.jpg"}`), 0)

	_, answer = m.request(http.MethodGet, "/v26.0/"+up.ID+"?phone_number_id=1055", "T", "", nil)
	noError(t, json.Unmarshal([]byte(answer), &up))
	at := strings.TrimPrefix(up.URL, m.URL())
	for token, want := range map[string]int{"T": 200, "": 401, "X": 401} {
		got, _ := m.request(http.MethodGet, at, token, "", nil)
		wantEqual(t, "status with the token "+token, got, want)
	}

	m.moveClock(urlLife + time.Second)
	got, _ := m.request(http.MethodGet, at, "T", "", nil)
	wantEqual(t, "status after five minutes", got, http.StatusNotFound)
}

// upload uploads a file and returns status and body.
func (m *meta) upload(kind string, content []byte) (int, string) {
	m.t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	_ = w.WriteField("messaging_product", "whatsapp")
	_ = w.WriteField("type", kind)
	part, _ := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="a"`}, "Content-Type": {kind}})
	_, _ = part.Write(content)
	_ = w.Close()
	return m.request(http.MethodPost, "/v26.0/1055/media", "T", w.FormDataContentType(), &form)
}

// Only files of the types that Meta lists can be uploaded.
func TestUploadTypes(t *testing.T) {
	t.Parallel()
	m := newMeta(t)
	for _, kind := range []string{"text/plain", "image/webp"} {
		status, _ := m.upload(kind, []byte("x"))
		wantEqual(t, "status of "+kind, status, http.StatusOK)
	}
	for _, kind := range []string{"application/zip", "text/csv", "application/octet-stream"} {
		status, answer := m.upload(kind, []byte("x"))
		wantEqual(t, kind+" is taken", status == http.StatusOK, false)
		wantEqual(t, "code of "+kind, codeOf(t, answer), 100)
	}
}

// An audio file may be sent as a voice message; no other file may be.
// Source: Cloud API, "Audio messages".
func TestVoiceMessage(t *testing.T) {
	t.Parallel()
	m := newMeta(t)
	m.ann.Text("Hello")
	for body, want := range map[string]int{
		`"type":"audio","audio":{"link":"https://x.test/a.ogg","voice":true}`:   0,
		`"type":"audio","audio":{"link":"https://x.test/a.mp3","voice":false}`:  0,
		`"type":"audio","audio":{"link":"https://x.test/a.ogg","voice":"loud"}`: 100,
		`"type":"video","video":{"link":"https://x.test/a.mp4","voice":true}`:   100,
	} {
		wantEqual(t, "code of "+body, m.sendToAnn(body), want)
	}
}

// A template is approved by itself after a while, and a webhook tells that.
func TestReviewAfter(t *testing.T) {
	t.Parallel()
	m := newMeta(t, func(o *Options) { o.ReviewAfter = time.Millisecond })
	_, answer := m.request(http.MethodPost, "/v26.0/2066/message_templates", "T", "application/json",
		strings.NewReader(`{"name":"hi","language":"en","category":"UTILITY","components":[{"type":"BODY","text":"Hi"}]}`))
	wantEqual(t, "code of the new template", codeOf(t, answer), 0)
	noError(t, m.Wait(m.testContext(), func() bool { return m.Templates("2066")[0].Status == "APPROVED" }))
	m.takeHooksAbout(`"event":"APPROVED"`)
}

// A customer sees a message once her phone is online, reads it, reacts to it and taps its button. Webhooks tell the
// business.
func TestPhone(t *testing.T) {
	t.Parallel()
	m := newMeta(t)
	m.ann.Text("Hello")
	m.ann.Online(false)
	m.sendToAnn(`"type":"interactive","interactive":{"type":"button","body":{"text":"Sure?"},"action":{"buttons":[{"type":"reply",` +
		`"reply":{"id":"y","title":"Yes"}}]}}`)
	if got := m.number.Sent(); len(got) != 1 || got[0].Tick != TickSent {
		t.Fatalf("while Ann is offline %+v is sent, want one message with one tick", got)
	}
	wantEqual(t, "messages at the phone that is offline", len(m.ann.Inbox()), 0)

	m.ann.Online(true)
	asked := m.ann.Inbox()[0]
	m.ann.Read()
	m.ann.React(asked.ID, "👍")
	if _, err := m.ann.Tap(asked.ID, "No"); err == nil {
		t.Error("Ann tapped a button that isn't there")
	}
	if _, err := m.ann.Tap(asked.ID, "Yes"); err != nil {
		t.Error(err)
	}

	chat := m.ann.Chat()
	if len(chat) != 3 {
		t.Fatalf("the chat has %d messages, want 3: %+v", len(chat), chat)
	}
	wantEqual(t, "tick of the question", chat[1].Tick, TickRead)
	wantEqual(t, "reaction to the question", chat[1].Reaction, "👍")
	wantEqual(t, "answer", chat[2].Text, "Yes")
	wantEqual(t, "message that it answers", chat[2].Answers, asked.ID)

	told := strings.Join(m.takeHooks(), "")
	wantEqual(t, "times that the tap is told", strings.Count(told, `"button_reply":{"id":"y","title":"Yes"}`), 1)
	wantEqual(t, "statuses that are told: sent, delivered, read", strings.Count(told, `"status":"`), 3)
	if want := m.Now().Add(24 * time.Hour); !m.ann.Window().Equal(want) {
		t.Errorf("the window is open until %s, want %s", m.ann.Window(), want)
	}
}

// An upload needs a file and messaging_product. Its type is that of the form's part, without parameters, or else the
// argument "type".
func TestUploadNamesTypeOnce(t *testing.T) {
	t.Parallel()
	m := newMeta(t)
	product := part{name: "messaging_product", content: "whatsapp"}
	file := func(contentType string) part {
		return part{name: "file", content: "x", file: "a", contentType: contentType}
	}
	for _, tt := range []struct {
		name  string
		parts []part
		want  string // the stored type; "" means that the upload is refused
	}{
		{name: "the part's type alone", parts: []part{product, file("image/png")}, want: "image/png"},
		{name: "the part's type with parameters", parts: []part{product, file("audio/ogg; codecs=opus")}, want: "audio/ogg"},
		{name: "the argument alone", parts: []part{product, {name: "type", content: "image/jpeg"}, file("")}, want: "image/jpeg"},
		{
			name:  "the argument beside a part of no special type",
			parts: []part{product, {name: "type", content: "image/jpeg"}, file("application/octet-stream")},
			want:  "image/jpeg",
		},
		{name: "the short type of Meta's example", parts: []part{product, file("webp")}, want: "image/webp"},
		{name: "no type at all", parts: []part{product, file("")}},
		{name: "a type that WhatsApp doesn't take", parts: []part{product, {name: "type", content: "text/csv"}, file("application/zip")}},
		{name: "no product", parts: []part{file("image/png")}},
		{name: "no file", parts: []part{product, {name: "type", content: "image/png"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			contentType, body := multipartOf(t, tt.parts...)
			status, answer := m.request(http.MethodPost, "/v26.0/1055/media", "T", contentType, strings.NewReader(body))
			if tt.want == "" {
				wantEqual(t, "status", status, http.StatusBadRequest)
				return
			}
			wantEqual(t, "status", status, http.StatusOK)
			var up struct{ ID string }
			noError(t, json.Unmarshal([]byte(answer), &up))
			_, answer = m.request(http.MethodGet, "/v26.0/"+up.ID, "T", "", nil)
			if want := `"mime_type":"` + tt.want + `"`; !strings.Contains(answer, want) {
				t.Errorf("got %s, want %s in it", answer, want)
			}
		})
	}
}
