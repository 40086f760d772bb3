package twiliofake

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	account = "AC00000000000000000000000000000009"
	ours    = "+15550101"          // our number for SMS
	oursWA  = "whatsapp:+15550100" // our WhatsApp sender
	ann     = "+15550123"          // a customer

	messagesPath = "/2010-04-01/Accounts/" + account + "/Messages.json"
)

// start starts an emulator with our numbers, which ends with the test. change may alter its options.
func start(t *testing.T, change ...func(*Options)) *Server {
	t.Helper()
	o := Options{AccountSID: account, AuthToken: "token", Numbers: []Number{{Address: ours}, {Address: oursWA}}}
	for _, f := range change {
		f(&o)
	}
	s, err := Start(o)
	noError(t, err)
	t.Cleanup(s.Close)
	return s
}

// noError ends the test if something failed.
func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
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
	noError(t, err)
	req.SetBasicAuth(account, "token")
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := s.client.Do(req)
	noError(t, err)
	defer resp.Body.Close()
	out := map[string]any{}
	noError(t, json.NewDecoder(resp.Body).Decode(&out))
	return resp.StatusCode, out
}

// textTo is the form of a text from our number.
func textTo(to string) url.Values { return url.Values{"To": {to}, "From": {ours}, "Body": {"x"}} }

// mustSend sends a text to Ann, and returns the message as the API answers it.
func mustSend(t *testing.T, s *Server) map[string]any {
	t.Helper()
	status, message := ask(t, s, http.MethodPost, messagesPath, textTo(ann))
	if status != http.StatusCreated {
		t.Fatalf("a message was answered with %d, want %d", status, http.StatusCreated)
	}
	return message
}

// The emulator refuses what Twilio refuses, with Twilio's code.
func TestRefusals(t *testing.T) {
	t.Parallel()
	s := start(t)
	if _, err := s.Phone("+15550199", ours, "").Stop(); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		form url.Values
		want int // code
	}{
		{name: "no recipient", form: url.Values{"From": {ours}, "Body": {"x"}}, want: 21604},
		{name: "recipient that isn't a number", form: textTo("ann"), want: 21211},
		{name: "our own number as the recipient", form: textTo(ours), want: 21266},
		{name: "recipient who opted out", form: textTo("+15550199"), want: 21610},

		{name: "no sender", form: url.Values{"To": {ann}, "Body": {"x"}}, want: 21603},
		{name: "sender that isn't ours", form: url.Values{"To": {ann}, "From": {"+15559999"}, "Body": {"x"}}, want: 21606},
		{
			name: "WhatsApp sender that isn't ours",
			form: url.Values{"To": {"whatsapp:" + ann}, "From": {"whatsapp:+15559999"}, "Body": {"x"}},
			want: 63007,
		},
		{name: "WhatsApp from a number for SMS", form: textTo("whatsapp:" + ann), want: 21910},

		{name: "no content", form: url.Values{"To": {ann}, "From": {ours}}, want: 21619},
		{name: "long text", form: url.Values{"To": {ann}, "From": {ours}, "Body": {strings.Repeat("x", 1601)}}, want: 21617},
		{name: "file without an address", form: url.Values{"To": {ann}, "From": {ours}, "MediaUrl": {"x"}}, want: 21620},
		{
			name: "file from a number without MMS",
			form: url.Values{"To": {ann}, "From": {ours}, "MediaUrl": {"https://x.test/a"}},
			want: 21612,
		},
		{name: "unknown content", form: url.Values{"To": {ann}, "From": {ours}, "ContentSid": {"HX1"}}, want: 21655},
		{
			name: "address for statuses that is none",
			form: url.Values{"To": {ann}, "From": {ours}, "Body": {"x"}, "StatusCallback": {"x"}},
			want: 21609,
		},
		{
			name: "text for later without a messaging service",
			form: url.Values{"To": {ann}, "From": {ours}, "Body": {"x"}, "ScheduleType": {"fixed"}, "SendAt": {"2027-01-01T00:00:00Z"}},
			want: 35118,
		},
	}
	for _, tt := range tests {
		wantRefused(t, s, tt.name, apiCall{method: http.MethodPost, path: messagesPath, form: tt.form}, http.StatusBadRequest, tt.want)
	}
	wantEqual(t, "number of messages: STOP and Twilio's answer", len(s.Messages()), 2)
}

// A call without credentials is refused.
func TestNoCredentials(t *testing.T) {
	t.Parallel()
	s := start(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+messagesPath, nil)
	noError(t, err)
	resp, err := s.client.Do(req)
	noError(t, err)
	_ = resp.Body.Close()
	wantEqual(t, "status", resp.StatusCode, http.StatusUnauthorized)
}

// messagePage is a page of the list of messages.
type messagePage struct {
	sids           []string
	number         any
	next, previous string // "" means that there is none
}

// readPage reads a page.
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

// readPages reads the messages to Ann in pages of two, the first page first.
func readPages(t *testing.T, s *Server) []messagePage {
	t.Helper()
	var pages []messagePage
	for at := messagesPath + "?PageSize=2&To=" + url.QueryEscape(ann); at != ""; {
		page := readPage(t, s, at)
		pages, at = append(pages, page), page.next
	}
	return pages
}

// Lists are paged, newest first.
func TestPages(t *testing.T) {
	t.Parallel()
	s := start(t)
	for range 5 {
		mustSend(t, s)
	}
	pages := readPages(t, s)
	wantEqual(t, "number of pages", len(pages), 3)
	var got, want []string
	for _, page := range pages {
		got = append(got, page.sids...)
	}
	for _, m := range slices.Backward(s.Messages()) {
		want = append(want, m.SID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got the messages %q, want %q", got, want)
	}
}

// Each page but the first leads back to the one before.
func TestPagesLeadBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	for range 5 {
		mustSend(t, s)
	}
	pages := readPages(t, s)
	if len(pages) != 3 {
		t.Fatalf("got the pages %+v, want three", pages)
	}
	for i, page := range pages {
		wantEqual(t, fmt.Sprintf("page %d: there is one before", i), page.previous != "", i > 0)
	}
	back := readPage(t, s, pages[2].previous)
	wantEqual(t, "number of the page before the last", back.number, any(1.0)) // numbers of JSON
	if !slices.Equal(back.sids, pages[1].sids) {
		t.Errorf("got the messages %q on the page before the last, want %q", back.sids, pages[1].sids)
	}
}

func TestListByDay(t *testing.T) {
	t.Parallel()
	s := start(t)
	mustSend(t, s)
	wantEqual(t, "number of messages since a day to come", len(readPage(t, s, messagesPath+"?DateSent%3E=2999-01-01").sids), 0)
}

func TestPageTooLong(t *testing.T) {
	t.Parallel()
	s := start(t)
	status, _ := ask(t, s, http.MethodGet, messagesPath+"?PageSize=1001", nil)
	wantEqual(t, "status", status, http.StatusBadRequest)
}

// countAutomatic counts the messages on a phone that Twilio wrote by itself.
func countAutomatic(p *Phone) int {
	n := 0
	for _, r := range p.Inbox() {
		if r.Automatic {
			n++
		}
	}
	return n
}

// isBlocked reports whether Twilio refuses a text to Ann because she opted out.
func isBlocked(t *testing.T, s *Server) bool {
	t.Helper()
	_, answer := ask(t, s, http.MethodPost, messagesPath, textTo(ann))
	return answer["code"] == float64(codeOptedOut)
}

// STOP and its like block a customer, START allows again, and so does YES, but only for who had stopped. Twilio answers them by itself,
// though not a second STOP. The steps follow one another.
func TestStopAndStart(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.Phone(ann, ours, "")
	for _, step := range []struct {
		text        string
		wantBlocked bool
		wantAnswers int // by Twilio, so far
	}{
		{text: "yes", wantBlocked: false, wantAnswers: 0},
		{text: "please stop", wantBlocked: false, wantAnswers: 0},
		{text: " Stop ", wantBlocked: true, wantAnswers: 1},
		{text: "STOP", wantBlocked: true, wantAnswers: 1},
		{text: "help", wantBlocked: true, wantAnswers: 2},
		{text: "Yes", wantBlocked: false, wantAnswers: 3},
		{text: "QUIT", wantBlocked: true, wantAnswers: 4},
		{text: "start", wantBlocked: false, wantAnswers: 5},
	} {
		if _, err := p.Send(Message{Text: step.text}); err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "number of Twilio's answers after "+step.text, countAutomatic(p), step.wantAnswers)
		wantEqual(t, "blocked after "+step.text, isBlocked(t, s), step.wantBlocked)
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
