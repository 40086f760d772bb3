package mailfake_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"parley/channels/email/mailfake"
	"parley/channels/emulator"
)

// remote is like another process, which knows only the URL of the control page.
type remote struct {
	t   *testing.T
	url string
}

func control(t *testing.T, s *mailfake.Server) remote {
	t.Helper()
	srv := httptest.NewServer(s.Control())
	t.Cleanup(srv.Close)
	return remote{t, srv.URL + "/_fake/mail/"}
}

// call sends body, as it is if it is bytes and otherwise as JSON, and returns the status. out may be nil.
func (r remote) call(method, path string, body, out any) int {
	r.t.Helper()
	raw, isRaw := body.([]byte)
	if !isRaw && body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			r.t.Fatal(err)
		}
	}

	req, err := http.NewRequestWithContext(testContext(r.t), method, r.url+path, bytes.NewReader(raw))
	noError(r.t, err)
	res, err := emulator.NewClient().Do(req)
	noError(r.t, err)
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	noError(r.t, err)

	if out != nil {
		if err := json.Unmarshal(answer, out); err != nil {
			r.t.Fatalf("%s: %v", answer, err)
		}
	}
	return res.StatusCode
}

// wantOK checks that a call succeeds.
func (r remote) wantOK(method, path string, body, out any) {
	r.t.Helper()
	wantEqual(r.t, method+" "+path, r.call(method, path, body, out), http.StatusOK)
}

// A customer's mail can be sent over HTTP, as fields or as bytes, and read over HTTP.
func TestControlSend(t *testing.T) {
	t.Parallel()
	s := start(t)
	r := control(t, s)
	var sent mailfake.Sent
	mail := map[string]any{"from": "Ann <ann@customer.test>", "to": []string{support}, "subject": "Hi", "text": "over the wire",
		"attachments": []map[string]any{{"name": "a.txt", "type": "text/plain", "content": []byte("file")}}}
	r.wantOK("POST", "send", mail, &sent)
	if want := []string{support}; !slices.Equal(sent.Delivered, want) {
		t.Errorf("who got it: got %q, want %q", sent.Delivered, want)
	}

	var in []mailfake.Received
	r.wantOK("GET", "inbox?address="+support, nil, &in)
	if len(in) != 1 {
		t.Fatalf("the inbox has %+v, want one mail", in)
	}
	wantEqual(t, "text", in[0].Text, "over the wire")
	wantEqual(t, "content of the file", string(in[0].Attachments[0].Content), "file")
	wantEqual(t, "bytes", string(in[0].Raw), string(s.Inbox(support)[0].Raw))

	const raw = "Subject: raw\n\nbytes"
	r.wantOK("POST", "raw?"+url.Values{"to": {support, "sales@acme.test"}, "from": {"x@y.test"}}.Encode(), []byte(raw), nil)
	wantEqual(t, "bytes that arrived", string(s.Inbox("sales@acme.test")[0].Raw), raw)
}
