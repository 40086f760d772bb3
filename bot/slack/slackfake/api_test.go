package slackfake_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"parley/bot/slack/slackfake"
)

// TestBodies: the same call as form, JSON, multipart and query.
func TestBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	blocks := `[{"type":"divider"}]`
	var form bytes.Buffer
	mw := multipart.NewWriter(&form)
	for k, v := range map[string]string{"channel": w.ch, "blocks": blocks, "token": w.srv.BotToken()} {
		noError(t, mw.WriteField(k, v))
	}
	mw.Close() //nolint:errcheck // into memory
	const urlencoded = "application/x-www-form-urlencoded"
	inForm := args("channel", w.ch, "blocks", blocks).Encode()
	inJSON := `{"channel":"` + w.ch + `","blocks":` + blocks + `,"reply_broadcast":false,"thread_ts":null}`
	bot := w.srv.BotToken()
	for name, r := range map[string]struct{ kind, body, token, want string }{
		"form":            {kind: urlencoded, body: inForm, token: bot},
		"form with token": {kind: urlencoded, body: inForm + "&token=" + bot},
		"json":            {kind: "application/json; charset=utf-8", body: inJSON, token: bot},
		"multipart":       {kind: mw.FormDataContentType(), body: form.String()},
		"json broken":     {kind: "application/json", body: `{"channel"`, token: bot, want: "invalid_json"},
		"json list":       {kind: "application/json", body: `[]`, token: bot, want: "json_not_object"},
		"no type":         {kind: "", body: "channel=x", token: bot, want: "missing_post_type"},
		"odd type":        {kind: "text/xml", body: "<x/>", token: bot, want: "invalid_post_type"},
	} {
		req := must(http.NewRequestWithContext(w.ctx, http.MethodPost, w.srv.APIURL()+"chat.postMessage", strings.NewReader(r.body)))(t)
		req.Header.Set("Content-Type", r.kind)
		if r.kind == "" {
			delete(req.Header, "Content-Type")
		}
		if r.token != "" {
			req.Header.Set("Authorization", "Bearer "+r.token)
		}
		res := must(http.DefaultClient.Do(req))(t)
		var out struct {
			OK    bool   `json:"ok"`
			Error string `json:"error"`
		}
		noError(t, json.NewDecoder(res.Body).Decode(&out))
		res.Body.Close()
		wantEqual(t, name+": error", out.Error, r.want)
		wantEqual(t, name+": ok", out.OK, r.want == "")
	}
	for _, c := range w.srv.Calls("") {
		if strings.Contains(c.Args["token"], "xoxb") {
			t.Error("a token is kept in the record of calls")
		}
	}
}

func TestGet(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	res := must(http.Get(w.srv.APIURL() + "auth.test?" + args("token", w.srv.BotToken()).Encode()))(t) //nolint:noctx // short
	defer res.Body.Close()
	if b := must(io.ReadAll(res.Body))(t); !strings.Contains(string(b), `"ok":true`) {
		t.Errorf("GET answered %s, want ok", b)
	}
}

// TestAsHandler runs below another listener; file addresses follow the host that the client knows.
func TestAsHandler(t *testing.T) {
	t.Parallel()
	fake := slackfake.New(slackfake.Options{})
	t.Cleanup(func() { fake.Close() }) //nolint:errcheck // no listener of its own
	srv := httptest.NewServer(fake)
	t.Cleanup(srv.Close)
	for _, base := range []string{srv.URL, strings.Replace(srv.URL, "127.0.0.1", "localhost", 1)} {
		api := slack.New(fake.BotToken(), slack.OptionAPIURL(base+"/api/"), slack.OptionAppLevelToken(fake.AppToken()))
		up := must(api.GetUploadURLExternalContext(t.Context(), slack.GetUploadURLExternalParameters{FileName: "a", FileSize: 1}))(t)
		if !strings.HasPrefix(up.UploadURL, base+"/") {
			t.Errorf("uploads go to %s, want an address at %s", up.UploadURL, base)
		}
		_, ws, err := api.StartSocketModeContext(t.Context())
		noError(t, err)
		if !strings.HasPrefix(ws, "ws"+strings.TrimPrefix(base, "http")+"/") {
			t.Errorf("the socket is at %s, want an address at %s", ws, base)
		}
	}
}

// TestInvalidViews has a row for each limit of a view.
func TestInvalidViews(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	const head = `{"type":"home",`
	for _, r := range []struct{ view, want string }{
		{head + `"blocks":` + sections(101, 1) + `}`, "no more than 100 items allowed [json-pointer:/view/blocks]"},
		{head + `"private_metadata":"` + strings.Repeat("x", 3001) + `","blocks":[]}`, "must be less than 3001 characters [json-pointer:/view/private_metadata]"},
		{head + `"callback_id":"` + strings.Repeat("x", 256) + `","blocks":[]}`, "must be less than 256 characters [json-pointer:/view/callback_id]"},
		{`{"type":"home"}`, "missing required field: blocks [json-pointer:/view]"},
		{head + `"blocks":[{"type":"markdown","text":"x"}]}`, "unsupported type: markdown [json-pointer:/view/blocks/0/type]"},
		{head + `"blocks":[{"type":"actions","elements":[{"type":"plain_text_input","action_id":"a"}]}]}`,
			"unsupported type: plain_text_input [json-pointer:/view/blocks/0/elements/0/type]"},
		{head + `"submit_disabled":true,"blocks":[]}`, "invalid additional property: submit_disabled [json-pointer:/view]"},
	} {
		body := w.callAsBot("views.publish", "user_id", w.ann.ID(), "view", r.view)
		wantFields(t, "publishing a bad view", body, dict{"error": "invalid_arguments"})
		if got := faultsOf(body); !slices.Equal(got, []string{r.want}) {
			t.Errorf("faults of %.60s: got %q, want %s", r.view, got, r.want)
		}
	}
}
