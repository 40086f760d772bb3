package twiliofake

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const contentsPath = "/v1/Content"

// askJSON calls the API with a body in JSON, and returns status and answer.
func askJSON(t *testing.T, s *Server, method, path, body string) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, strings.NewReader(body))
	noError(t, err)
	req.SetBasicAuth(account, "token")
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(req)
	noError(t, err)
	defer resp.Body.Close()
	out := map[string]any{}
	noError(t, json.NewDecoder(resp.Body).Decode(&out))
	return resp.StatusCode, out
}

// makeContent makes a content of these types, which are written in JSON, and returns its id.
func makeContent(t *testing.T, s *Server, types string) string {
	t.Helper()
	status, content := askJSON(t, s, http.MethodPost, contentsPath, `{"language":"en","types":`+types+`}`)
	if status != http.StatusCreated {
		t.Fatalf("a content was answered with %d and %v, want %d", status, content, http.StatusCreated)
	}
	return content["sid"].(string)
}

// questionTypes is a question with buttons, with a plain text for phones that have none.
const questionTypes = `{
	"twilio/quick-reply": {"body":"Pizza?", "actions":[{"title":"Yes", "id":"y"}]},
	"twilio/text": {"body":"Pizza? Answer Yes."}
}`

// A content may have several types. The customer gets the one that her channel can show best.
func TestContentByChannel(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		from, to    string
		wantText    string
		wantButtons int
	}{
		{name: "WhatsApp", from: oursWA, to: waPrefix + ann, wantText: "Pizza?", wantButtons: 1},
		{name: "SMS", from: ours, to: ann, wantText: "Pizza? Answer Yes.", wantButtons: 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			p := s.Phone(tt.to, tt.from, "Ann")
			if _, err := p.Send(Message{Text: "Hi"}); err != nil { // opens the window
				t.Fatal(err)
			}
			form := url.Values{"To": {tt.to}, "From": {tt.from}, "ContentSid": {makeContent(t, s, questionTypes)}}

			status, _ := ask(t, s, http.MethodPost, messagesPath, form)
			wantEqual(t, "status", status, http.StatusCreated)
			got := waitReceived(t, s, p)

			wantEqual(t, "text", got.Text, tt.wantText)
			wantEqual(t, "number of buttons", len(got.Buttons), tt.wantButtons)
		})
	}
}

// waitReceived waits for the first message on a phone.
func waitReceived(t *testing.T, s *Server, p *Phone) Received {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := s.Wait(ctx, func() bool { return len(p.Inbox()) > 0 }); err != nil {
		t.Fatalf("nothing came to the phone: %v", err)
	}
	return p.Inbox()[0]
}

// An impossible page number, such as one below the first, counts as the first page.
func TestContentPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	makeContent(t, s, questionTypes)
	for page, want := range map[string]int{"": 1, "0": 1, "-1": 1, "one": 1, "1": 0, "9223372036854775807": 0} {
		status, list := askJSON(t, s, http.MethodGet, contentsPath+"?PageSize=50&Page="+page, "")
		wantEqual(t, "status of page "+page, status, http.StatusOK)
		contents, _ := list["contents"].([]any)
		wantEqual(t, "contents of page "+page, len(contents), want)
	}
}

// The emulator takes all types of contents that Twilio describes.
func TestContentTypes(t *testing.T) {
	t.Parallel()
	s := start(t)
	tests := []struct {
		name  string
		types string
	}{
		{name: "text", types: `{"twilio/text":{"body":"x"}}`},
		{name: "media", types: `{"twilio/media":{"media":["https://x.test/a.png"]}}`},
		{name: "location", types: `{"twilio/location":{"latitude":1,"longitude":2}}`},
		{name: "list picker", types: `{"twilio/list-picker":{"body":"x","button":"b","items":[{"item":"a","id":"1"}]}}`},
		{name: "call to action", types: `{"twilio/call-to-action":{"body":"x","actions":[{"type":"URL","title":"a","url":"https://x.test"}]}}`},
		{name: "quick reply", types: `{"twilio/quick-reply":{"body":"x","actions":[{"title":"a","id":"1"}]}}`},
		{name: "card", types: `{"twilio/card":{"title":"x","subtitle":"y"}}`},
		{name: "catalogue", types: `{"twilio/catalog":{"body":"x","id":"1"}}`},
		{name: "carousel", types: `{"twilio/carousel":{"body":"x","cards":[{"title":"a","media":"https://x.test/a.png","actions":[]}]}}`},
		{name: "flows", types: `{"twilio/flows":{"body":"x","button_text":"b","pages":[],"type":"SIGN_UP"}}`},
		{name: "schedule", types: `{"twilio/schedule":{"id":"1","title":"x","timeSlots":"{}"}}`},
		{name: "WhatsApp's card", types: `{"whatsapp/card":{"body":"x","footer":"y"}}`},
		{name: "WhatsApp's code", types: `{"whatsapp/authentication":{"actions":[{"type":"COPY_CODE","copy_code_text":"Copy"}]}}`},
		{name: "WhatsApp's flow", types: `{"whatsapp/flows":{"body":"x","button_text":"b","flow_id":"1"}}`},
	}
	for _, tt := range tests {
		status, content := askJSON(t, s, http.MethodPost, contentsPath, `{"language":"en","types":`+tt.types+`}`)
		if status != http.StatusCreated {
			t.Errorf("%s: got status %d and %v, want %d", tt.name, status, content, http.StatusCreated)
		}
	}
}

// Each type of a content is checked, even one that the channel wouldn't show.
func TestContentTypesRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	tests := []struct {
		name  string
		types string
	}{
		{name: "a type that there isn't, beside one", types: `{"twilio/text":{"body":"x"},"twilio/poem":{"body":"x"}}`},
		{
			name:  "a text without words, beside a question",
			types: `{"twilio/quick-reply":{"body":"x","actions":[{"title":"a"}]},"twilio/text":{}}`,
		},
		{name: "a question without answers, beside a text", types: `{"twilio/quick-reply":{"body":"x"},"twilio/text":{"body":"x"}}`},
	}
	for _, tt := range tests {
		status, content := askJSON(t, s, http.MethodPost, contentsPath, `{"language":"en","types":`+tt.types+`}`)
		wantEqual(t, tt.name+": status", status, http.StatusBadRequest)
		wantEqual(t, tt.name+": code", content["code"], any(float64(codeInvalid))) // numbers of JSON
	}
}

// A content can be changed. What the change doesn't name stays.
func TestUpdateContent(t *testing.T) {
	t.Parallel()
	s := start(t)
	path := contentsPath + "/" + makeContent(t, s, questionTypes)
	status, _ := askJSON(t, s, http.MethodPut, path, `{"friendly_name":"pizza","types":{"twilio/text":{"body":"Pasta?"}}}`)
	wantEqual(t, "status", status, http.StatusOK)
	_, content := ask(t, s, http.MethodGet, path, nil)
	wantEqual(t, "name", content["friendly_name"], any("pizza"))
	wantEqual(t, "language", content["language"], any("en"))
	types := content["types"].(map[string]any)
	wantEqual(t, "number of types", len(types), 1)
	wantEqual(t, "text", types["twilio/text"].(map[string]any)["body"], any("Pasta?"))
}

// A change of a content is checked like a new one. A content that was refused stays as it was.
func TestUpdateContentRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		body string
	}{
		{name: "no types", body: `{"friendly_name":"pizza"}`},
		{name: "a type that there isn't", body: `{"types":{"twilio/poem":{"body":"x"}}}`},
		{name: "no JSON", body: `{`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			path := contentsPath + "/" + makeContent(t, s, `{"twilio/text":{"body":"x"}}`)
			status, _ := askJSON(t, s, http.MethodPut, path, tt.body)
			wantEqual(t, "status", status, http.StatusBadRequest)
			_, content := ask(t, s, http.MethodGet, path, nil)
			wantEqual(t, "name", content["friendly_name"], any(""))
			wantEqual(t, "number of types", len(content["types"].(map[string]any)), 1)
		})
	}
}
