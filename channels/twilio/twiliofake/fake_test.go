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
		code float64
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
		if status, got := ask(t, s, http.MethodPost, messagesPath, c.form); status != 400 || got["code"] != c.code {
			t.Errorf("%s: %d %v, want %v", name, status, got["code"], c.code)
		}
	}
	if len(s.Messages()) != 2 { // STOP and Twilio's answer
		t.Errorf("%+v", s.Messages())
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+messagesPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := s.client.Do(req)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("%v %v", resp.StatusCode, err)
	}
	_ = resp.Body.Close()
}

// Lists are paged, newest first, and filtered by day.
func TestPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	for range 5 {
		if status, _ := ask(t, s, http.MethodPost, messagesPath, url.Values{"To": {ann}, "From": {ours}, "Body": {"x"}}); status != 201 {
			t.Fatal(status)
		}
	}
	var sids []string
	pages, back := 0, ""
	for at := messagesPath + "?PageSize=2&To=" + url.QueryEscape(ann); at != ""; pages++ {
		_, page := ask(t, s, http.MethodGet, at, nil)
		for _, m := range page["messages"].([]any) {
			sids = append(sids, m.(map[string]any)["sid"].(string))
		}
		at, _ = page["next_page_uri"].(string)
		if before, ok := page["previous_page_uri"].(string); ok != (pages > 0) {
			t.Errorf("page %d leads back to %q", pages, before)
		} else if ok {
			back = before
		}
	}
	if _, page := ask(t, s, http.MethodGet, back, nil); page["page"] != 1.0 || page["messages"].([]any)[0].(map[string]any)["sid"] != sids[2] {
		t.Errorf("back from the last page: %v", page)
	}
	var want []string
	for _, m := range slices.Backward(s.Messages()) {
		want = append(want, m.SID)
	}
	if !slices.Equal(sids, want) || pages != 3 {
		t.Errorf("%q in %d pages, want %q", sids, pages, want)
	}
	if _, page := ask(t, s, http.MethodGet, messagesPath+"?DateSent%3E=2999-01-01", nil); len(page["messages"].([]any)) != 0 {
		t.Errorf("%v", page)
	}
	if status, _ := ask(t, s, http.MethodGet, messagesPath+"?PageSize=1001", nil); status != 400 {
		t.Error(status)
	}
}

// A callback that fails is repeated as its address asks, and no longer than the total time.
func TestOverrides(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	failing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if calls.Add(1) < 4 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(failing.Close)
	for fragment, want := range map[string]int32{"": 1, "#rc=5&rp=all": 4, "#rc=1&rp=5xx": 2, "#rc=5&rp=4xx": 1} {
		s := start(t, func(o *Options) { o.Numbers[0].Webhook = failing.URL + "/h" + fragment })
		calls.Store(0)
		_, err := s.Phone(ann, ours, "").Send(Message{Text: "x"})
		if got := calls.Load(); got != want || (err == nil) != (want == 4) {
			t.Errorf("%q: %d calls, want %d; %v", fragment, got, want, err)
		}
	}
	slow := start(t, func(o *Options) {
		o.Numbers[0].Webhook, o.TotalTime = "http://127.0.0.1:1/#rc=5&rp=all", 100*time.Millisecond
	})
	began := time.Now()
	if _, err := slow.Phone(ann, ours, "").Send(Message{Text: "x"}); err == nil || time.Since(began) > time.Minute {
		t.Errorf("%v after %s", err, time.Since(began))
	}
}

// What a callback answers becomes a message: text as it is, TwiML's messages; nothing else.
func TestAnswersBecomeMessages(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{
		"text/plain|ok": "ok", "text/xml|<Response><Message>hi</Message></Response>": "hi", "text/xml|<Response><Message><Body>hi</Body></Message></Response>": "hi",
		"text/xml|<Response/>": "", "text/plain|": "", "application/json|{}": "",
	} {
		kind, body, _ := strings.Cut(answer, "|")
		hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			_, _ = io.WriteString(w, body)
		}))
		s := start(t, func(o *Options) { o.Numbers[0].Webhook = hook.URL })
		p := s.Phone(ann, ours, "")
		if _, err := p.Send(Message{Text: "x"}); err != nil {
			t.Fatal(err)
		}
		got := strings.Join(s.Answers(), "")
		if got != want || (want != "") != (len(p.Inbox()) == 1) {
			t.Errorf("%s: %q, inbox %+v", answer, got, p.Inbox())
		}
		hook.Close()
	}
}

// STOP blocks, START allows, YES only who had stopped; Twilio answers by itself.
func TestStopEngine(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.Phone(ann, ours, "")
	blocked := func() bool {
		_, got := ask(t, s, http.MethodPost, messagesPath, url.Values{"To": {ann}, "From": {ours}, "Body": {"x"}})
		return got["code"] == 21610.0
	}
	for _, step := range []struct {
		text    string
		blocked bool
		answers int
	}{{"yes", false, 0}, {"please stop", false, 0}, {" Stop ", true, 1}, {"STOP", true, 1}, {"help", true, 2}, {"Yes", false, 3}, {"QUIT", true, 4}, {"start", false, 5}} {
		if _, err := p.Send(Message{Text: step.text}); err != nil {
			t.Fatal(err)
		}
		answers := 0
		for _, r := range p.Inbox() {
			if r.Automatic {
				answers++
			}
		}
		if got := blocked(); got != step.blocked || answers != step.answers {
			t.Errorf("%q: blocked %v, %d answers", step.text, got, answers)
		}
	}
}

// Outside the window a free WhatsApp text is taken and fails; a content waits for its review.
func TestWindowAndReview(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := start(t, func(o *Options) { o.Now, o.ReviewDelay = func() time.Time { return now }, time.Hour })
	_, m := ask(t, s, http.MethodPost, messagesPath, url.Values{"To": {"whatsapp:" + ann}, "From": {oursWA}, "Body": {"x"}})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := s.Wait(ctx, func() bool { return s.Messages()[0].ErrorCode == 63016 }); err != nil || m["status"] != "queued" {
		t.Errorf("%v, %v", err, m)
	}
}
