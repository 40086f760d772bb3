package twiliofake

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const (
	account = "AC00000000000000000000000000000009"
	ours    = "+15550101"
	oursWA  = "whatsapp:+15550100"
	ann     = "+15550123"
)

func start(t *testing.T, change ...func(*Options)) *Server {
	t.Helper()
	o := Options{AccountSID: account, AuthToken: "token", Numbers: []Number{{Address: ours}, {Address: oursWA}}}
	for _, f := range change {
		f(&o)
	}
	s, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// wantEqual checks one value, which what names.
func wantEqual[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

// wantRefused checks that a call is refused with Twilio's code.
func wantRefused(t *testing.T, s *Server, call string, c apiCall, status, code int) {
	t.Helper()
	gotStatus, answer := ask(t, s, c.method, c.path, c.form)
	wantEqual(t, call+": status", gotStatus, status)
	wantEqual(t, call+": code", answer["code"], any(float64(code))) // numbers of JSON
}

// apiCall is a call of the API.
type apiCall struct {
	method, path string
	form         url.Values
}

// ask calls the API and returns status and answer.
func ask(t *testing.T, s *Server, method, path string, form url.Values) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(account, "token")
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := s.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	out := map[string]any{}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, out
}

const messagesPath = "/2010-04-01/Accounts/" + account + "/Messages.json"

// The emulator refuses what Twilio refuses, with Twilio's code.
func TestRefusals(t *testing.T) {
	t.Parallel()
	s := start(t)
	if _, err := s.Phone("+15550199", ours, "").Stop(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		form url.Values
		code int
	}{
		"nobody":          {url.Values{"From": {ours}, "Body": {"x"}}, 21604},
		"from nobody":     {url.Values{"To": {ann}, "Body": {"x"}}, 21603},
		"no number":       {url.Values{"To": {"ann"}, "From": {ours}, "Body": {"x"}}, 21211},
		"not ours":        {url.Values{"To": {ann}, "From": {"+15559999"}, "Body": {"x"}}, 21606},
		"no sender":       {url.Values{"To": {"whatsapp:" + ann}, "From": {"whatsapp:+15559999"}, "Body": {"x"}}, 63007},
		"two media":       {url.Values{"To": {"whatsapp:" + ann}, "From": {ours}, "Body": {"x"}}, 21910},
		"nothing":         {url.Values{"To": {ann}, "From": {ours}}, 21619},
		"too long":        {url.Values{"To": {ann}, "From": {ours}, "Body": {strings.Repeat("x", 1601)}}, 21617},
		"opted out":       {url.Values{"To": {"+15550199"}, "From": {ours}, "Body": {"x"}}, 21610},
		"bad file":        {url.Values{"To": {ann}, "From": {ours}, "MediaUrl": {"x"}}, 21620},
		"to itself":       {url.Values{"To": {ours}, "From": {ours}, "Body": {"x"}}, 21266},
		"no MMS":          {url.Values{"To": {ann}, "From": {ours}, "MediaUrl": {"https://x.test/a"}}, 21612},
		"unknown content": {url.Values{"To": {ann}, "From": {ours}, "ContentSid": {"HX1"}}, 21655},
		"bad callback":    {url.Values{"To": {ann}, "From": {ours}, "Body": {"x"}, "StatusCallback": {"x"}}, 21609},
	} {
		wantRefused(t, s, name, apiCall{method: http.MethodPost, path: messagesPath, form: c.form}, http.StatusBadRequest, c.code)
	}
	wantEqual(t, "messages: STOP and Twilio's answer", len(s.Messages()), 2)
}

// A call without credentials is refused.
func TestNoCredentials(t *testing.T) {
	t.Parallel()
	s := start(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+messagesPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	wantEqual(t, "status", resp.StatusCode, http.StatusUnauthorized)
}

// messagePage is a page of the list of messages.
type messagePage struct {
	sids           []string
	number         any
	next, previous string // "" means that there is none
}

func readPage(t *testing.T, s *Server, at string) messagePage {
	t.Helper()
	_, answer := ask(t, s, http.MethodGet, at, nil)
	page := messagePage{number: answer["page"]}
	for _, m := range answer["messages"].([]any) {
		page.sids = append(page.sids, m.(map[string]any)["sid"].(string))
	}
	page.next, _ = answer["next_page_uri"].(string)
	page.previous, _ = answer["previous_page_uri"].(string)
	return page
}

// Lists are paged, newest first, and lead forth and back.
func TestPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	for range 5 {
		if status, _ := ask(t, s, http.MethodPost, messagesPath, url.Values{"To": {ann}, "From": {ours}, "Body": {"x"}}); status != http.StatusCreated {
			t.Fatalf("a message was answered with %d, want %d", status, http.StatusCreated)
		}
	}
	var pages []messagePage
	var sids []string
	for at := messagesPath + "?PageSize=2&To=" + url.QueryEscape(ann); at != ""; {
		page := readPage(t, s, at)
		wantEqual(t, "there is a page before the first", page.previous != "", len(pages) > 0)
		pages, sids, at = append(pages, page), append(sids, page.sids...), page.next
	}
	wantEqual(t, "pages of five messages, two on each", len(pages), 3)
	var want []string
	for _, m := range slices.Backward(s.Messages()) {
		want = append(want, m.SID)
	}
	if !slices.Equal(sids, want) {
		t.Errorf("got the messages %q, want %q", sids, want)
	}

	back := readPage(t, s, pages[len(pages)-1].previous)
	wantEqual(t, "number of the page before the last", back.number, any(1.0))
	wantEqual(t, "its first message", back.sids[0], sids[2])
}

// Lists are filtered by day, and only so long.
func TestListFilters(t *testing.T) {
	t.Parallel()
	s := start(t)
	if status, _ := ask(t, s, http.MethodPost, messagesPath, url.Values{"To": {ann}, "From": {ours}, "Body": {"x"}}); status != http.StatusCreated {
		t.Fatalf("a message was answered with %d, want %d", status, http.StatusCreated)
	}
	wantEqual(t, "messages of the far future", len(readPage(t, s, messagesPath+"?DateSent%3E=2999-01-01").sids), 0)
	status, _ := ask(t, s, http.MethodGet, messagesPath+"?PageSize=1001", nil)
	wantEqual(t, "status for a page that is too long", status, http.StatusBadRequest)
}

// A callback that fails is repeated as its address asks.
func TestOverrides(t *testing.T) {
	t.Parallel()
	const taken = 4 // the call that is taken, after three that aren't
	var calls atomic.Int32
	failing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) < taken {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(failing.Close)
	for fragment, want := range map[string]int32{
		"":             1, // 503 isn't among what is repeated without overrides
		"#rc=5&rp=all": taken,
		"#rc=1&rp=5xx": 2,
		"#rc=5&rp=4xx": 1,
	} {
		s := start(t, func(o *Options) { o.Numbers[0].Webhook = failing.URL + "/h" + fragment })
		calls.Store(0)
		_, err := s.Phone(ann, ours, "").Send(Message{Text: "x"})
		wantEqual(t, fragment+": calls", calls.Load(), want)
		wantEqual(t, fragment+": the callback was taken", err == nil, want == taken)
	}
}

// Callbacks are repeated no longer than the total time.
func TestTotalTime(t *testing.T) {
	t.Parallel()
	s := start(t, func(o *Options) {
		o.Numbers[0].Webhook, o.TotalTime = "http://127.0.0.1:1/#rc=5&rp=all", 100*time.Millisecond
	})
	began := time.Now()
	if _, err := s.Phone(ann, ours, "").Send(Message{Text: "x"}); err == nil {
		t.Error("a callback to nobody succeeded, want an error")
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("the repetitions took %s, want about %s", took, s.opt.TotalTime)
	}
}

// What a callback answers becomes a message: text as it is, TwiML's messages; nothing else.
func TestAnswersBecomeMessages(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ contentType, body, want string }{
		{contentType: "text/plain", body: "ok", want: "ok"},
		{contentType: "text/xml", body: "<Response><Message>hi</Message></Response>", want: "hi"},
		{contentType: "text/xml", body: "<Response><Message><Body>hi</Body></Message></Response>", want: "hi"},
		{contentType: "text/xml", body: "<Response/>", want: ""},
		{contentType: "text/plain", body: "", want: ""},
		{contentType: "application/json", body: "{}", want: ""},
	} {
		hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", c.contentType)
			_, _ = io.WriteString(w, c.body)
		}))
		s := start(t, func(o *Options) { o.Numbers[0].Webhook = hook.URL })
		p := s.Phone(ann, ours, "")
		if _, err := p.Send(Message{Text: "x"}); err != nil {
			t.Fatal(err)
		}
		wantEqual(t, c.body+": answers", strings.Join(s.Answers(), ""), c.want)
		wantEqual(t, c.body+": it is on the phone", len(p.Inbox()) == 1, c.want != "")
		hook.Close()
	}
}

// STOP blocks, START allows, YES only who had stopped; Twilio answers by itself.
func TestStopEngine(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.Phone(ann, ours, "")
	for _, step := range []struct {
		text    string
		blocked bool
		answers int // Twilio's so far
	}{
		{text: "yes", blocked: false, answers: 0},
		{text: "please stop", blocked: false, answers: 0},
		{text: " Stop ", blocked: true, answers: 1},
		{text: "STOP", blocked: true, answers: 1},
		{text: "help", blocked: true, answers: 2},
		{text: "Yes", blocked: false, answers: 3},
		{text: "QUIT", blocked: true, answers: 4},
		{text: "start", blocked: false, answers: 5},
	} {
		if _, err := p.Send(Message{Text: step.text}); err != nil {
			t.Fatal(err)
		}
		answers := 0
		for _, r := range p.Inbox() {
			if r.Automatic {
				answers++
			}
		}
		wantEqual(t, "answers after "+step.text, answers, step.answers)
		_, got := ask(t, s, http.MethodPost, messagesPath, url.Values{"To": {ann}, "From": {ours}, "Body": {"x"}})
		wantEqual(t, "blocked after "+step.text, got["code"] == float64(codeOptedOut), step.blocked)
	}
}

// Outside the window a free WhatsApp text is taken, and fails later.
func TestWindow(t *testing.T) {
	t.Parallel()
	s := start(t)
	_, m := ask(t, s, http.MethodPost, messagesPath, url.Values{"To": {"whatsapp:" + ann}, "From": {oursWA}, "Body": {"x"}})
	wantEqual(t, "status in the answer", m["status"], any("queued"))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := s.Wait(ctx, func() bool { return s.Messages()[0].ErrorCode == codeWindowClosed }); err != nil {
		t.Errorf("waited in vain for the message to fail: %v, %+v", err, s.Messages())
	}
}
