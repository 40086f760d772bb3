package twiliofake

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
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
