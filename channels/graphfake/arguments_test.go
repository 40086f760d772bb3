package graphfake

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"testing"

	"parley/channels/emulator"
)

// part is a field of a multipart form, or a file if it has a file name.
type part struct {
	name, content string
	file          string // its name; "" means a field
	contentType   string // of a file; "" means that the part names none
}

// multipartOf returns a multipart form, and its content type.
func multipartOf(t *testing.T, parts ...part) (contentType, body string) {
	t.Helper()
	var out bytes.Buffer
	form := multipart.NewWriter(&out)
	for _, p := range parts {
		head := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + p.name + `"`}}
		if p.file != "" {
			head.Set("Content-Disposition", `form-data; name="`+p.name+`"; filename="`+p.file+`"`)
		}
		if p.contentType != "" {
			head.Set("Content-Type", p.contentType)
		}
		w, err := form.CreatePart(head)
		noError(t, err)
		_, _ = io.WriteString(w, p.content)
	}
	noError(t, form.Close())
	return form.FormDataContentType(), out.String()
}

// callOpenly makes a call without an Authorization header, and returns status and body.
func callOpenly(t *testing.T, method, address, contentType, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	noError(t, err)
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := emulator.NewClient().Do(req)
	noError(t, err)
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	noError(t, err)
	return resp.StatusCode, string(answer)
}

const urlencoded = "application/x-www-form-urlencoded"

// The arguments of a call, and its token, may come as JSON, in a form or in the query.
func TestArgumentsComeInAnyForm(t *testing.T) {
	t.Parallel()
	r := newPageWorld(t)
	person := r.customer.ID()
	form := func(pairs ...string) string {
		v := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return v.Encode()
	}
	multi, multiBody := multipartOf(t,
		part{name: "recipient", content: `{"id":"` + person + `"}`},
		part{name: "messaging_type", content: "RESPONSE"},
		part{name: "message", content: `{"text":"hi"}`},
		part{name: "access_token", content: "T"})
	for _, tt := range []struct {
		name        string
		query       string
		contentType string
		body        string
	}{
		{
			name:        "a form with JSON in single quotes",
			contentType: urlencoded,
			body:        form("recipient", "{'id':'"+person+"'}", "messaging_type", "RESPONSE", "message", "{'text':'hi'}", "access_token", "T"),
		},
		{
			name:        "a form with JSON",
			contentType: urlencoded,
			body:        form("recipient", `{"id":"`+person+`"}`, "messaging_type", "RESPONSE", "message", `{"text":"hi"}`, "access_token", "T"),
		},
		{
			name:        "a form with texts in quotes",
			contentType: urlencoded,
			body:        form("recipient", `{"id":"`+person+`"}`, "messaging_type", `"RESPONSE"`, "message", `{"text":"hi"}`, "access_token", "T"),
		},
		{name: "a multipart form", contentType: multi, body: multiBody},
		{
			name:  "the query alone",
			query: form("recipient", "{'id':'"+person+"'}", "messaging_type", "RESPONSE", "message", "{'text':'hi'}", "access_token", "T"),
		},
		{
			name:        "JSON, and the token in the query",
			query:       "access_token=T",
			contentType: "application/json",
			body:        `{"recipient":{"id":"` + person + `"},"messaging_type":"RESPONSE","message":{"text":"hi"}}`,
		},
		{
			name:        "JSON with the token in it",
			contentType: "application/json",
			body:        `{"recipient":{"id":"` + person + `"},"messaging_type":"RESPONSE","message":{"text":"hi"},"access_token":"T"}`,
		},
		{
			name:        "the half of them in the query",
			query:       form("access_token", "T", "messaging_type", "RESPONSE"),
			contentType: "application/json",
			body:        `{"recipient":{"id":"` + person + `"},"message":{"text":"hi"}}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := len(r.customer.Inbox())
			status, answer := callOpenly(t, http.MethodPost, r.URL()+"/v26.0/"+r.page.ID()+"/messages?"+tt.query, tt.contentType, tt.body)
			if status != http.StatusOK {
				t.Fatalf("got %d %s, want 200", status, answer)
			}
			got := r.customer.Inbox()
			if len(got) != before+1 || got[before].Text != "hi" {
				t.Errorf("the customer got %+v, want one more text: hi", got)
			}
		})
	}
}

// A form is refused if an argument that must be JSON isn't.
func TestArgumentOfWrongKindIsRefused(t *testing.T) {
	t.Parallel()
	r := newPageWorld(t)
	for _, tt := range []struct {
		name string
		body url.Values
	}{
		{
			name: "a text in the place of an object",
			body: url.Values{"recipient": {r.customer.ID()}, "message": {`{"text":"hi"}`}},
		},
		{
			name: "an object that does not end",
			body: url.Values{"recipient": {`{"id":"` + r.customer.ID() + `"`}, "message": {`{"text":"hi"}`}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.body.Set("access_token", "T")
			tt.body.Set("messaging_type", "RESPONSE")
			status, answer := callOpenly(t, http.MethodPost, r.URL()+"/v26.0/"+r.page.ID()+"/messages", urlencoded, tt.body.Encode())
			wantEqual(t, "status", status, http.StatusBadRequest)
			wantEqual(t, "code", codeOf(t, answer), 100)
		})
	}
}

// A WhatsApp message may also be sent as a form.
func TestWhatsAppMessageAsForm(t *testing.T) {
	t.Parallel()
	m := newMeta(t)
	m.ann.Text("Hello")
	form := url.Values{"messaging_product": {"whatsapp"}, "to": {"491701234567"}, "type": {"text"}, "text": {`{"body":"hi"}`}}
	form.Set("access_token", "T")
	status, answer := callOpenly(t, http.MethodPost, m.URL()+"/v26.0/1055/messages", urlencoded, form.Encode())
	if status != http.StatusOK {
		t.Fatalf("got %d %s, want 200", status, answer)
	}
	if got := m.ann.Inbox(); len(got) != 1 || got[0].Text != "hi" {
		t.Errorf("Ann got %+v, want one text: hi", got)
	}
}

// The fields of a Page's subscription may come in the query, in a form, or in JSON, as a list or as a text.
func TestSubscribedFieldsComeInAnyForm(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name        string
		query       string
		contentType string
		body        string
	}{
		{name: "in the query", query: "subscribed_fields=messages,message_echoes&access_token=T"},
		{name: "in a form", contentType: urlencoded, body: "subscribed_fields=messages%2Cmessage_echoes&access_token=T"},
		{
			name:        "as a list in a form",
			contentType: urlencoded,
			body:        "subscribed_fields=%5B%22messages%22%2C%22message_echoes%22%5D&access_token=T",
		},
		{
			name:        "as a list in JSON",
			contentType: "application/json",
			body:        `{"subscribed_fields":["messages","message_echoes"],"access_token":"T"}`,
		},
		{
			name:        "as a text in JSON",
			contentType: "application/json",
			body:        `{"subscribed_fields":"messages, message_echoes","access_token":"T"}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newPageWorld(t)
			address := r.URL() + "/v26.0/" + r.page.ID() + "/subscribed_apps"
			status, answer := callOpenly(t, http.MethodPost, address+"?"+tt.query, tt.contentType, tt.body)
			if status != http.StatusOK {
				t.Fatalf("got %d %s, want 200", status, answer)
			}
			_, answer = callOpenly(t, http.MethodGet, address+"?access_token=T", "", "")
			if want := `"subscribed_fields":["messages","message_echoes"]`; !strings.Contains(answer, want) {
				t.Errorf("got %s, want %s in it", answer, want)
			}
		})
	}
}
