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

// TestMediaRoundTrip: a file that was handed up can be read for five minutes at its
// address, with the token alone.
func TestMediaRoundTrip(t *testing.T) {
	t.Parallel()
	m := newMeta(t)
	m.ann.Text("Hello")
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	_ = w.WriteField("messaging_product", "whatsapp")
	_ = w.WriteField("type", "image/jpeg")
	part, _ := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="a.jpg"`}, "Content-Type": {"image/jpeg"}})
	_, _ = part.Write(make([]byte, 5<<20+1))
	_ = w.Close()
	_, answer := m.do(http.MethodPost, "/v26.0/1055/media", "T", w.FormDataContentType(), &form)
	var up struct{ ID, URL string }
	if err := json.Unmarshal([]byte(answer), &up); err != nil || up.ID == "" {
		t.Fatalf("%s: %v", answer, err)
	}
	if got := m.send(`"type":"image","image":{"id":"` + up.ID + `"}`); got != 131053 {
		t.Errorf("a picture over 5 MB: %d", got)
	}
	if got := m.send(`"type":"document","document":{"id":"` + up.ID + `","filename":"a.jpg"}`); got != 0 {
		t.Errorf("as a document: %d", got)
	}
	_, answer = m.do(http.MethodGet, "/v26.0/"+up.ID+"?phone_number_id=1055", "T", "", nil)
	if err := json.Unmarshal([]byte(answer), &up); err != nil {
		t.Fatal(err)
	}
	at := strings.TrimPrefix(up.URL, m.URL())
	for token, want := range map[string]int{"T": 200, "": 401, "X": 401} {
		if got, _ := m.do(http.MethodGet, at, token, "", nil); got != want {
			t.Errorf("with %q: %d", token, got)
		}
	}
	m.mu.Lock()
	m.at = m.at.Add(urlLife + time.Second)
	m.mu.Unlock()
	if got, _ := m.do(http.MethodGet, at, "T", "", nil); got != 404 {
		t.Errorf("after five minutes: %d", got)
	}
}

// TestUploadTypes: only files of the types that Meta lists can be uploaded.
func TestUploadTypes(t *testing.T) {
	t.Parallel()
	m := newMeta(t)
	for kind, taken := range map[string]bool{"text/plain": true, "image/webp": true, "application/zip": false, "text/csv": false, "application/octet-stream": false} {
		var form bytes.Buffer
		w := multipart.NewWriter(&form)
		_ = w.WriteField("messaging_product", "whatsapp")
		_ = w.WriteField("type", kind)
		part, _ := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="a"`}, "Content-Type": {kind}})
		_, _ = part.Write([]byte("x"))
		_ = w.Close()
		status, answer := m.do(http.MethodPost, "/v26.0/1055/media", "T", w.FormDataContentType(), &form)
		refusal := `"code":100`
		if taken != (status == http.StatusOK) || !taken && !strings.Contains(strings.ReplaceAll(answer, " ", ""), refusal) {
			t.Errorf("%s: %d %s", kind, status, answer)
		}
	}
}

// TestReviewAfter: a template is approved by itself after a while, and it is told.
func TestReviewAfter(t *testing.T) {
	t.Parallel()
	m := newMeta(t, func(o *Options) { o.ReviewAfter = time.Millisecond })
	_, answer := m.do(http.MethodPost, "/v26.0/2066/message_templates", "T", "application/json",
		strings.NewReader(`{"name":"hi","language":"en","category":"UTILITY","components":[{"type":"BODY","text":"Hi"}]}`))
	if codeOf(t, answer) != 0 {
		t.Fatal(answer)
	}
	if err := m.Wait(m.within(), func() bool { return m.Templates("2066")[0].Status == "APPROVED" }); err != nil {
		t.Fatal(err)
	}
	if got := m.settled(); len(got) != 1 || !strings.Contains(got[0], `"event":"APPROVED"`) {
		t.Errorf("told %q", got)
	}
}

// TestPhone: the customer sees, taps, reacts, reads.
func TestPhone(t *testing.T) {
	t.Parallel()
	m := newMeta(t)
	m.ann.Text("Hello")
	m.ann.Online(false)
	m.send(`"type":"interactive","interactive":{"type":"button","body":{"text":"Sure?"},"action":{"buttons":[{"type":"reply","reply":{"id":"y","title":"Yes"}}]}}`)
	if got := m.number.Sent(); len(got) != 1 || got[0].Tick != TickSent || len(m.ann.Inbox()) != 0 {
		t.Fatalf("offline: %+v", got)
	}
	m.ann.Online(true)
	asked := m.ann.Inbox()[0]
	m.ann.Read()
	m.ann.React(asked.ID, "👍")
	if _, err := m.ann.Tap(asked.ID, "No"); err == nil {
		t.Error("tapped what isn't there")
	}
	if _, err := m.ann.Tap(asked.ID, "Yes"); err != nil {
		t.Error(err)
	}
	chat := m.ann.Chat()
	if len(chat) != 3 || chat[1].Tick != TickRead || chat[1].Reaction != "👍" || chat[2].Text != "Yes" || chat[2].Answers != asked.ID {
		t.Errorf("chat %+v", chat)
	}
	if got := strings.Join(m.settled(), ""); !strings.Contains(got, `"button_reply":{"id":"y","title":"Yes"}`) || strings.Count(got, `"status":"`) != 3 {
		t.Errorf("told %s", got)
	}
	if want := m.Now().Add(24 * time.Hour); !m.ann.Window().Equal(want) {
		t.Errorf("window until %s", m.ann.Window())
	}
}
