package slackfake_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
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
		if err := mw.WriteField(k, v); err != nil {
			t.Fatal(err)
		}
	}
	mw.Close() //nolint:errcheck // into memory
	rows := []struct {
		name, kind, body, token, want string
	}{
		{"form", "application/x-www-form-urlencoded", args("channel", w.ch, "blocks", blocks).Encode(), w.srv.BotToken(), ""},
		{"form with token", "application/x-www-form-urlencoded", args("channel", w.ch, "blocks", blocks, "token", w.srv.BotToken()).Encode(), "", ""},
		{"json", "application/json; charset=utf-8", `{"channel":"` + w.ch + `","blocks":` + blocks + `,"reply_broadcast":false,"thread_ts":null}`, w.srv.BotToken(), ""},
		{"multipart", mw.FormDataContentType(), form.String(), "", ""},
		{"json broken", "application/json", `{"channel"`, w.srv.BotToken(), "invalid_json"},
		{"json list", "application/json", `[]`, w.srv.BotToken(), "json_not_object"},
		{"no type", "", "channel=x", w.srv.BotToken(), "missing_post_type"},
		{"odd type", "text/xml", "<x/>", w.srv.BotToken(), "invalid_post_type"},
	}
	for _, r := range rows {
		req, err := http.NewRequestWithContext(w.ctx, http.MethodPost, w.srv.APIURL()+"chat.postMessage", strings.NewReader(r.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", r.kind)
		if r.kind == "" {
			delete(req.Header, "Content-Type")
		}
		if r.token != "" {
			req.Header.Set("Authorization", "Bearer "+r.token)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var out struct {
			OK    bool   `json:"ok"`
			Error string `json:"error"`
		}
		err = json.NewDecoder(res.Body).Decode(&out)
		res.Body.Close()
		if err != nil || out.OK != (r.want == "") || out.Error != r.want {
			t.Errorf("%s = %+v, %v; want %q", r.name, out, err, r.want)
		}
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
	res, err := http.Get(w.srv.APIURL() + "auth.test?" + url.Values{"token": {w.srv.BotToken()}}.Encode()) //nolint:noctx // short
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if b, err := io.ReadAll(res.Body); err != nil || !strings.Contains(string(b), `"ok":true`) {
		t.Errorf("GET = %s, %v", b, err)
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
		up, err := api.GetUploadURLExternalContext(t.Context(), slack.GetUploadURLExternalParameters{FileName: "a", FileSize: 1})
		if err != nil || !strings.HasPrefix(up.UploadURL, base+"/") {
			t.Errorf("upload url %+v, %v", up, err)
		}
		_, ws, err := api.StartSocketModeContext(t.Context())
		if err != nil || !strings.HasPrefix(ws, "ws"+strings.TrimPrefix(base, "http")+"/") {
			t.Errorf("socket url %s, %v", ws, err)
		}
	}
}

// TestInvalidViews has a row for each limit of a view.
func TestInvalidViews(t *testing.T) {
	t.Parallel()
	w := newWorld(t, slackfake.Options{})
	const head = `{"type":"home",`
	rows := []struct{ view, want string }{
		{head + `"blocks":` + sections(101, 1) + `}`, "no more than 100 items allowed [json-pointer:/view/blocks]"},
		{head + `"private_metadata":"` + strings.Repeat("x", 3001) + `","blocks":[]}`, "must be less than 3001 characters [json-pointer:/view/private_metadata]"},
		{head + `"callback_id":"` + strings.Repeat("x", 256) + `","blocks":[]}`, "must be less than 256 characters [json-pointer:/view/callback_id]"},
		{`{"type":"home"}`, "missing required field: blocks [json-pointer:/view]"},
		{head + `"blocks":[{"type":"markdown","text":"x"}]}`, "unsupported type: markdown [json-pointer:/view/blocks/0/type]"},
		{head + `"blocks":[{"type":"actions","elements":[{"type":"plain_text_input","action_id":"a"}]}]}`,
			"unsupported type: plain_text_input [json-pointer:/view/blocks/0/elements/0/type]"},
	}
	rows = append(rows, struct{ view, want string }{head + `"submit_disabled":true,"blocks":[]}`, "invalid additional property: submit_disabled [json-pointer:/view]"})
	for _, r := range rows {
		_, _, body := w.call("views.publish", w.srv.BotToken(), args("user_id", w.ann.ID(), "view", r.view))
		meta, _ := body["response_metadata"].(map[string]any)
		list, _ := meta["messages"].([]any)
		if body["error"] != "invalid_arguments" || len(list) != 1 || list[0] != "[ERROR] "+r.want {
			t.Errorf("%.60s = %v, want %s", r.view, body, r.want)
		}
	}
}
