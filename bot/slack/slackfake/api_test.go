package slackfake_test

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"

	"parley/bot/slack/slackfake"
	"parley/channels/emulator"
)

// These tests call the emulated Web API as clients do in different ways, and check how it reads and answers
// them. world (helper_test.go) is an emulated workspace with Ann, Ben and the channel #support, and clients of
// the app.

// sendBody posts a message with a body of some type, and returns what Slack answers. kind "" leaves out the
// Content-Type, token "" the header with the token.
func (w *world) sendBody(kind, body, token string) (ok bool, errorCode string) {
	w.t.Helper()
	req := must(http.NewRequestWithContext(w.ctx, http.MethodPost, w.srv.APIURL()+"chat.postMessage", strings.NewReader(body)))(w.t)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res := must(emulator.NewClient().Do(req))(w.t)
	defer res.Body.Close()
	var out struct {
		OK    bool   `json:"ok"`
		Error string `json:"error"`
	}
	noError(w.t, json.NewDecoder(res.Body).Decode(&out))
	return out.OK, out.Error
}

const (
	divider = `[{"type":"divider"}]`
)

// multipartForm is a form of a post in #support with the bot's token.
func (w *world) multipartForm() (kind, body string) {
	w.t.Helper()
	var form bytes.Buffer
	mw := multipart.NewWriter(&form)
	for _, field := range []struct{ name, value string }{
		{name: "channel", value: w.ch},
		{name: "blocks", value: divider},
		{name: "token", value: w.srv.BotToken()},
	} {
		noError(w.t, mw.WriteField(field.name, field.value))
	}
	noError(w.t, mw.Close())
	return mw.FormDataContentType(), form.String()
}

// Each limit of a view is checked, and the fault says in which place it is.
func TestInvalidViewsNameThePlace(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	home := func(fields string) string { return `{"type":"home",` + fields + `}` }
	for _, tt := range []struct {
		name string
		view string
		want string
	}{
		{
			name: "101 blocks",
			view: home(`"blocks":` + sections(101, 1)),
			want: "no more than 100 items allowed [json-pointer:/view/blocks]",
		},
		{
			name: "long metadata",
			view: home(`"private_metadata":"` + strings.Repeat("x", 3001) + `","blocks":[]`),
			want: "must be less than 3001 characters [json-pointer:/view/private_metadata]",
		},
		{
			name: "long callback",
			view: home(`"callback_id":"` + strings.Repeat("x", 256) + `","blocks":[]`),
			want: "must be less than 256 characters [json-pointer:/view/callback_id]",
		},
		{
			name: "no blocks",
			view: `{"type":"home"}`,
			want: "missing required field: blocks [json-pointer:/view]",
		},
		{
			name: "block of messages",
			view: home(`"blocks":[{"type":"markdown","text":"x"}]`),
			want: "unsupported type: markdown [json-pointer:/view/blocks/0/type]",
		},
		{
			name: "input among actions",
			view: home(`"blocks":[{"type":"actions","elements":[{"type":"plain_text_input","action_id":"a"}]}]`),
			want: "unsupported type: plain_text_input [json-pointer:/view/blocks/0/elements/0/type]",
		},
		{
			name: "field of modals",
			view: home(`"submit_disabled":true,"blocks":[]`),
			want: "invalid additional property: submit_disabled [json-pointer:/view]",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := w.callAsBot("views.publish", "user_id", w.ann.ID(), "view", tt.view)
			wantFields(t, "the answer", body, dict{"error": "invalid_arguments"})
			if got, want := faultsOf(body), []string{tt.want}; !slices.Equal(got, want) {
				t.Errorf("got the faults %q, want %q", got, want)
			}
		})
	}
}
