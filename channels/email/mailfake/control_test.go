package mailfake_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"parley/channels/email/mailfake"
)

// remote is another process that knows nothing but the URL.
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

// call sends body (bytes as they are, else JSON) and returns the status; out may be nil.
func (r remote) call(method, path string, body, out any) int {
	r.t.Helper()
	raw, isRaw := body.([]byte)
	if !isRaw && body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			r.t.Fatal(err)
		}
	}
	req, err := http.NewRequestWithContext(soon(r.t), method, r.url+path, bytes.NewReader(raw))
	if err != nil {
		r.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	if out != nil {
		if err := json.Unmarshal(answer, out); err != nil {
			r.t.Fatalf("%s: %v", answer, err)
		}
	}
	return res.StatusCode
}

// TestControl plays a customer and an oracle over HTTP.
func TestControl(t *testing.T) {
	t.Parallel()
	s := start(t)
	r := control(t, s)
	var sent mailfake.Sent
	mail := map[string]any{"from": "Ann <ann@customer.test>", "to": []string{support}, "subject": "Hi", "text": "over the wire",
		"attachments": []map[string]any{{"name": "a.txt", "type": "text/plain", "content": []byte("file")}}}
	if code := r.call("POST", "send", mail, &sent); code != 200 || sent.Delivered[0] != support {
		t.Fatalf("send: %d %+v", code, sent)
	}
	var in []mailfake.Received
	r.call("GET", "inbox?address="+support, nil, &in)
	if len(in) != 1 || in[0].Text != "over the wire" || string(in[0].Attachments[0].Content) != "file" || !bytes.Equal(in[0].Raw, s.Inbox(support)[0].Raw) {
		t.Fatalf("inbox: %+v", in)
	}
	if code := r.call("POST", "raw?"+url.Values{"to": {support, "sales@acme.test"}, "from": {"x@y.test"}}.Encode(), []byte("Subject: raw\n\nbytes"), nil); code != 200 {
		t.Fatalf("raw: %d", code)
	}
	if got := s.Inbox("sales@acme.test"); string(got[0].Raw) != "Subject: raw\n\nbytes" {
		t.Fatalf("raw arrived as %q", got[0].Raw)
	}
	// a long poll that a mail ends
	done := make(chan int, 1)
	go func() {
		var got []mailfake.Received
		r.call("GET", "inbox?address=ann@customer.test&min=1&wait=10s&raw=0", nil, &got)
		if len(got) == 1 && got[0].Raw != nil {
			t.Error("raw was not wanted")
		}
		done <- len(got)
	}()
	if err := sender(t, s).DialAndSendWithContext(soon(t), letter(t, support, ann, "Re: Hi", "answer")); err != nil {
		t.Fatal(err)
	}
	if n := <-done; n != 1 {
		t.Fatalf("long poll: %d", n)
	}
	reply := map[string]any{"from": ann, "message_id_of": "<c1.m1@acme.test>", "text": "thanks"}
	if code := r.call("POST", "reply", reply, &sent); code != 200 {
		t.Fatalf("reply: %d", code)
	}
	if all := s.Inbox(support); all[len(all)-1].InReplyTo != "<c1.m1@acme.test>" || !strings.HasPrefix(all[len(all)-1].Text, "thanks\n") {
		t.Fatalf("reply: %+v", all[len(all)-1])
	}
	var subs []mailfake.Submission
	if r.call("GET", "submissions", nil, &subs); len(subs) != 1 || subs[0].To[0] != ann {
		t.Fatalf("submissions: %+v", subs)
	}
}

func TestControlFaultsAndState(t *testing.T) {
	t.Parallel()
	s := start(t)
	r := control(t, s)
	var id struct{ ID string }
	if code := r.call("POST", "faults", mailfake.Fault{Op: mailfake.OpDATA, Action: mailfake.ActionReply, Code: 552}, &id); code != 200 || id.ID == "" {
		t.Fatalf("fault: %d %+v", code, id)
	}
	if err := sender(t, s).DialAndSendWithContext(soon(t), letter(t, support, ann, "x", "x")); err == nil {
		t.Error("the fault did not strike")
	}
	if code := r.call("POST", "recipient", mailfake.RecipientRule{Address: ann, Policy: mailfake.PolicyRefuse}, nil); code != 200 {
		t.Errorf("recipient: %d", code)
	}
	write(t, s, "one")
	var st mailfake.State
	r.call("GET", "state", nil, &st)
	if st.IMAPAddr != s.IMAPAddr() || len(st.Faults) != 1 || st.Faults[0].Fired != 1 || len(st.Mailboxes) != 3 {
		t.Errorf("state: %+v", st)
	}
	for _, m := range st.Mailboxes {
		if m.Address == support && m.Folders["INBOX"] != 1 || m.Customer != (m.Address == ann) {
			t.Errorf("mailbox: %+v", m)
		}
	}
	if r.call("DELETE", "faults?id="+id.ID, nil, nil); len(s.Faults()) != 0 {
		t.Error("fault stayed")
	}
	client := login(t, s, nil)
	if _, err := client.Select("INBOX", nil).Wait(); err != nil {
		t.Fatal(err)
	}
	if code := r.call("POST", "uidvalidity?address="+support, nil, nil); code != 200 || client.Noop().Wait() == nil {
		t.Errorf("uidvalidity: %d", code)
	}
	client = login(t, s, nil)
	if code := r.call("POST", "disconnect?address="+support, nil, nil); code != 200 || client.Noop().Wait() == nil {
		t.Errorf("disconnect: %d", code)
	}
	if r.call("POST", "reset", nil, nil); len(s.Inbox(support)) != 0 || len(s.Submissions()) != 0 || len(s.State().Mailboxes) != 2 {
		t.Error("reset left something")
	}
	login(t, s, nil) // and the configured mailboxes are there again
}

func TestControlEvents(t *testing.T) {
	t.Parallel()
	s := start(t)
	r := control(t, s)
	req, err := http.NewRequestWithContext(soon(t), "GET", r.url+"events", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	lines := bufio.NewScanner(res.Body)
	for _, want := range []string{": subscribed", "", `data: {"address":"support@acme.test","folder":"INBOX","uid":1,"kind":"added"}`} {
		if !lines.Scan() || lines.Text() != want {
			t.Fatalf("event %q, want %q", lines.Text(), want)
		}
		if want == "" {
			write(t, s, "one")
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() { // the stream ends with the world
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
}

func TestControlErrors(t *testing.T) {
	t.Parallel()
	s := start(t)
	r := control(t, s)
	cases := []struct {
		method, path string
		body         any
		want         int
	}{
		{"POST", "send", []byte("{"), 400},
		{"POST", "send", map[string]any{"nonsense": 1}, 400},
		{"POST", "send", map[string]any{"from": ann, "to": []string{"no@acme.test"}}, 422},
		{"POST", "reply", map[string]any{"from": ann, "message_id_of": "<none@x>"}, 404},
		{"POST", "faults", map[string]any{"op": "smtp.data", "action": "explode"}, 400},
		{"POST", "recipient", map[string]any{"address": "x", "policy": "accept"}, 400},
		{"POST", "uidvalidity?address=no@acme.test", nil, 404},
		{"GET", "nothing", nil, 404},
	}
	for _, c := range cases {
		if got := r.call(c.method, c.path, c.body, nil); got != c.want {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, got, c.want)
		}
	}
	var none []mailfake.Received
	if code := r.call("GET", "inbox?address=stranger@x.test", nil, &none); code != 200 || none == nil || len(none) != 0 {
		t.Errorf("empty inbox: %d %v", code, none)
	}
}
