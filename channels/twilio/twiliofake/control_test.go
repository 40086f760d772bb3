package twiliofake

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"parley/channels/channelstest"
)

// control calls an address below /_fake/ as a driver in another process does, without credentials. If the answer is a
// list, it is returned under "list".
func control(t *testing.T, s *Server, method, path, body string) (status int, answer map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL()+"/_fake/"+path, strings.NewReader(body))
	noError(t, err)
	resp, err := s.client.Do(req)
	noError(t, err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	noError(t, err)
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%s: %s", path, raw)
	}
	answer, ok := v.(map[string]any)
	if !ok {
		answer = map[string]any{"list": v}
	}
	return resp.StatusCode, answer
}

// first returns the first row of a list in an answer.
func first(t *testing.T, answer map[string]any) map[string]any {
	t.Helper()
	list, _ := answer["list"].([]any)
	if len(list) == 0 {
		t.Fatalf("got %v, want a list with a row", answer)
	}
	return list[0].(map[string]any)
}

// startHooked starts an emulator that calls a webhook for what comes to the company's numbers.
func startHooked(t *testing.T) (s *Server, hooks <-chan url.Values) {
	t.Helper()
	forms := make(chan url.Values, 1)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.ParseForm() == nil {
			forms <- r.PostForm
		}
	}))
	t.Cleanup(hook.Close)
	s = start(t, func(o *Options) {
		for i := range o.Numbers {
			o.Numbers[i].Webhook = hook.URL
		}
	})
	return s, forms
}

// A driver lets a customer send a message by an address below /_fake/. It reaches the company's first number of the
// customer's channel, unless the driver names another number.
func TestControlSay(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		user      string
		body      string
		wantField string // of the callback
		want      string
	}{
		{name: "text", user: ann, body: `{"text":"Hi"}`, wantField: "Body", want: "Hi"},
		{name: "number for SMS", user: ann, body: `{"text":"Hi"}`, wantField: "To", want: ours},
		{name: "WhatsApp sender", user: waPrefix + ann, body: `{"text":"Hi"}`, wantField: "To", want: oursWA},
		{name: "number that is named", user: ann, body: `{"text":"Hi","number":"` + ours + `"}`, wantField: "To", want: ours},
		{name: "profile", user: waPrefix + ann, body: `{"text":"Hi","profile":"Ann"}`, wantField: "ProfileName", want: "Ann"},
		{
			name: "file", user: ann, body: `{"files":[{"content_type":"image/png","content":"cGljdHVyZQ=="}]}`,
			wantField: "MediaContentType0", want: "image/png",
		},
		{name: "answer", user: waPrefix + ann, body: `{"text":"Hi","reply":"SM1"}`, wantField: "OriginalRepliedMessageSid", want: "SM1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, hooks := startHooked(t)
			status, got := control(t, s, http.MethodPost, "person/"+tt.user+"/say", tt.body)
			if status != http.StatusOK {
				t.Fatalf("got status %d and %v, want %d", status, got, http.StatusOK)
			}
			form := channelstest.Receive(t, hooks, "the company is told")
			wantEqual(t, "id of the message", got["id"], any(form.Get("MessageSid")))
			wantEqual(t, tt.wantField, form.Get(tt.wantField), tt.want)
		})
	}
}

// A driver can read what a customer received.
func TestControlInbox(t *testing.T) {
	t.Parallel()
	s := start(t)
	mustSend(t, s)
	waitReceived(t, s, s.Phone(ann, ours, ""))
	tests := []struct {
		name string
		path string
	}{
		{name: "what she received", path: "inbox?user=" + url.QueryEscape(ann)},
		{name: "her address written as it is", path: "inbox?user=" + ann},
		{name: "what her phone shows", path: "chat?user=" + ann + "&number=" + ours},
		{name: "all messages", path: "messages"},
	}
	for _, tt := range tests {
		_, got := control(t, s, http.MethodGet, tt.path, "")
		wantEqual(t, tt.name, first(t, got)["text"], any("x"))
	}
}

// A driver lets a customer tap a button, named by its title, of a message that she got.
func TestControlTap(t *testing.T) {
	t.Parallel()
	s, hooks := startHooked(t)
	p := s.Phone(waPrefix+ann, oursWA, "")
	if _, err := p.Send(Message{Text: "Hi"}); err != nil { // opens the window
		t.Fatal(err)
	}
	channelstest.Receive(t, hooks, "the company is told of the first message")

	form := url.Values{"To": {p.Address}, "From": {oursWA}, "ContentSid": {makeContent(t, s, questionTypes)}}
	if status, answer := ask(t, s, http.MethodPost, messagesPath, form); status != http.StatusCreated {
		t.Fatalf("a question was answered with %d and %v", status, answer)
	}
	question := waitReceived(t, s, p)

	status, _ := control(t, s, http.MethodPost, "person/"+p.Address+"/tap", `{"message":"`+question.SID+`","name":"Yes"}`)
	wantEqual(t, "status", status, http.StatusOK)
	wantEqual(t, "what the company is told", channelstest.Receive(t, hooks, "the company is told of the tap").Get("ButtonPayload"), "y")
}

// A fault that a driver sets below /_fake/ affects calls of the API, but not the drivers' own calls.
func TestControlFault(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, armed := control(t, s, http.MethodPost, "faults", `{"route":"POST /Messages","kind":"code","code":30001,"status":429}`)
	_, listed := control(t, s, http.MethodGet, "faults", "")
	wantEqual(t, "id in the list", first(t, listed)["id"], armed["id"])
	wantRefused(t, s, "a message", apiCall{method: http.MethodPost, path: messagesPath, form: textTo(ann)}, http.StatusTooManyRequests, 30001)
	mustSend(t, s) // it strikes once
}

// Each address below /_fake/ answers a bad request with its status.
func TestControlRefuses(t *testing.T) {
	t.Parallel()
	s := start(t)
	tests := []struct {
		name   string
		method string
		path   string
		body   string
		want   int // status
	}{
		{name: "verb that there isn't", method: http.MethodPost, path: "person/" + ann + "/fly", want: http.StatusNotFound},
		{name: "misspelt field", method: http.MethodPost, path: "person/" + ann + "/say", body: `{"txt":"x"}`, want: http.StatusBadRequest},
		{
			name: "number that isn't ours", method: http.MethodPost, path: "person/" + ann + "/say",
			body: `{"text":"x","number":"+15559999"}`, want: http.StatusConflict,
		},
		{
			name: "button of a message that didn't come", method: http.MethodPost, path: "person/" + ann + "/tap",
			body: `{"message":"SM1","name":"Yes"}`, want: http.StatusConflict,
		},
		{name: "misspelt fault", method: http.MethodPost, path: "faults", body: `{"kind":"rate_limit"}`, want: http.StatusBadRequest},
		{name: "path that there isn't", method: http.MethodGet, path: "moon", want: http.StatusNotFound},
	}
	for _, tt := range tests {
		status, got := control(t, s, tt.method, tt.path, tt.body)
		if status != tt.want {
			t.Errorf("%s: got status %d and %v, want %d", tt.name, status, got, tt.want)
		}
	}
}

// A fault that was cleared no longer affects calls.
func TestControlClearsFaults(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, armed := control(t, s, http.MethodPost, "faults", `{"kind":"error_before"}`)
	status, _ := control(t, s, http.MethodDelete, "faults?id="+armed["id"].(string), "")
	wantEqual(t, "status", status, http.StatusOK)
	mustSend(t, s)
}

// A driver can read the account's numbers and the calls that the company made.
func TestControlLooksOn(t *testing.T) {
	t.Parallel()
	s := start(t)
	mustSend(t, s)
	_, info := control(t, s, http.MethodGet, "info", "")
	wantEqual(t, "account", info["account_sid"], any(account))
	wantEqual(t, "number of senders", len(info["numbers"].([]any)), 2)
	_, calls := control(t, s, http.MethodGet, "calls", "")
	wantEqual(t, "path of the first call", first(t, calls)["path"], any(messagesPath))
}
