package mailfake_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"parley/channels/channelstest"
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

// A long poll of a customer's inbox ends when a mail arrives. Over HTTP that mail can be replied to, and submissions
// are listed.
func TestControlReply(t *testing.T) {
	t.Parallel()
	s := start(t)
	r := control(t, s)
	polled := make(chan []mailfake.Received, 1)
	go func() {
		var got []mailfake.Received
		r.wantOK("GET", "inbox?address=ann@customer.test&min=1&wait=10s&raw=0", nil, &got)
		polled <- got
	}()

	submit(t, s, letter(t, support, ann, "Re: Hi", "answer"))
	got := channelstest.Receive(t, polled, "the long poll ends")
	if len(got) != 1 {
		t.Fatalf("mails of the long poll: got %+v, want one", got)
	}
	if got[0].Raw != nil {
		t.Errorf("bytes of the mail: got %q, want none with raw=0", got[0].Raw)
	}

	r.wantOK("POST", "reply", map[string]any{"from": ann, "message_id_of": letterID, "text": "thanks"}, nil)
	reply := s.Inbox(support)[0]
	wantEqual(t, "In-Reply-To", reply.InReplyTo, letterID)
	if !strings.HasPrefix(reply.Text, "thanks\n") {
		t.Errorf("got the text %q, want the thanks first", reply.Text)
	}

	var submissions []mailfake.Submission
	r.wantOK("GET", "submissions", nil, &submissions)
	if len(submissions) != 1 {
		t.Fatalf("submissions: got %+v, want one", submissions)
	}
	wantEqual(t, "recipient of the submission", submissions[0].To[0], ann)
}

// Faults and the rules for recipients are set over HTTP, and the state shows them.
func TestControlState(t *testing.T) {
	t.Parallel()
	s := start(t)
	r := control(t, s)
	var fault struct{ ID string }
	r.wantOK("POST", "faults", reply(mailfake.OpDATA, 552, ""), &fault)
	if err := sender(t, s).DialAndSendWithContext(testContext(t), letter(t, support, ann, "x", "x")); err == nil {
		t.Error("a mail was taken, want the fault to strike")
	}

	r.wantOK("POST", "recipient", mailfake.RecipientRule{Address: ann, Policy: mailfake.PolicyRefuse}, nil)
	writeToSupport(t, s, "one")

	var state mailfake.State
	r.wantOK("GET", "state", nil, &state)
	wantEqual(t, "address of IMAP", state.IMAPAddr, s.IMAPAddr())
	if len(state.Faults) != 1 {
		t.Fatalf("faults: got %+v, want one", state.Faults)
	}
	wantEqual(t, "mails that the fault has struck", state.Faults[0].Fired, 1)
	wantEqual(t, "mailboxes: two of the company and the customer's", len(state.Mailboxes), 3)
	for _, m := range state.Mailboxes {
		wantEqual(t, m.Address+" is a customer", m.Customer, m.Address == ann)
		if m.Address == support {
			wantEqual(t, "mails of support", m.Folders["INBOX"], 1)
		}
	}
	r.wantOK("DELETE", "faults?id="+fault.ID, nil, nil)
	wantEqual(t, "faults", len(s.Faults()), 0)
}

// A call over HTTP ends the connections to a mailbox: one gives its folder new UIDs as well, the other only
// disconnects.
func TestControlDisconnects(t *testing.T) {
	t.Parallel()
	s := start(t)
	r := control(t, s)
	for _, path := range []string{"uidvalidity?address=" + support, "disconnect?address=" + support} {
		client := openInbox(t, s, 0, nil)
		r.wantOK("POST", path, nil, nil)
		if client.Noop().Wait() == nil {
			t.Errorf("after %s the connection goes on, want it ended", path)
		}
	}
}

// A reset removes all mails, and the customers' mailboxes. The configured mailboxes remain.
func TestControlReset(t *testing.T) {
	t.Parallel()
	s := start(t)
	writeToSupport(t, s, "one")
	submit(t, s, letter(t, support, ann, "x", "x"))
	control(t, s).wantOK("POST", "reset", nil, nil)
	wantEqual(t, "mails of support", len(s.Inbox(support)), 0)
	wantEqual(t, "submissions", len(s.Submissions()), 0)
	wantEqual(t, "mailboxes", len(s.State().Mailboxes), 2)
	login(t, s, nil) // the mailboxes still take logins
}

// The stream has an event for each change. It ends when the server is closed.
func TestControlEvents(t *testing.T) {
	t.Parallel()
	s := start(t)
	r := control(t, s)
	req, err := http.NewRequestWithContext(testContext(t), "GET", r.url+"events", nil)
	noError(t, err)
	res, err := emulator.NewClient().Do(req)
	noError(t, err)
	defer func() { _ = res.Body.Close() }()

	lines := bufio.NewScanner(res.Body)
	for _, want := range []string{": subscribed", "", `data: {"address":"support@acme.test","folder":"INBOX","uid":1,"kind":"added"}`} {
		if !lines.Scan() || lines.Text() != want {
			t.Fatalf("got the line %q, want %q", lines.Text(), want)
		}
		if want == "" {
			writeToSupport(t, s, "one")
		}
	}

	noError(t, s.Close())
	for lines.Scan() {
		// Events that were on their way still arrive.
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
}

// A call that can't be done is refused with a status that says why. The inbox of an unknown address is empty.
func TestControlErrors(t *testing.T) {
	t.Parallel()
	s := start(t)
	r := control(t, s)
	cases := []struct {
		method, path string
		body         any
		want         int
	}{
		{method: "POST", path: "send", body: []byte("{"), want: http.StatusBadRequest},
		{method: "POST", path: "send", body: map[string]any{"nonsense": 1}, want: http.StatusBadRequest},
		{method: "POST", path: "send", body: map[string]any{"from": ann, "to": []string{"no@acme.test"}}, want: http.StatusUnprocessableEntity},
		{method: "POST", path: "reply", body: map[string]any{"from": ann, "message_id_of": "<none@x>"}, want: http.StatusNotFound},
		{method: "POST", path: "faults", body: map[string]any{"op": "smtp.data", "action": "explode"}, want: http.StatusBadRequest},
		{method: "POST", path: "recipient", body: map[string]any{"address": "x", "policy": "accept"}, want: http.StatusBadRequest},
		{method: "POST", path: "uidvalidity?address=no@acme.test", want: http.StatusNotFound},
		{method: "GET", path: "nothing", want: http.StatusNotFound},
	}

	for _, c := range cases {
		if got := r.call(c.method, c.path, c.body, nil); got != c.want {
			t.Errorf("%s %s %v: got status %d, want %d", c.method, c.path, c.body, got, c.want)
		}
	}
	var none []mailfake.Received
	r.wantOK("GET", "inbox?address=stranger@x.test", nil, &none)
	if none == nil || len(none) != 0 {
		t.Errorf("the inbox of a stranger has %v, want an empty list", none)
	}
}
