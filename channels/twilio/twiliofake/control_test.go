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
