package demo

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const dana = "dana@cole.test"

// newPhonePage returns the page of a company with phones and no messages. No Parley runs behind it.
func newPhonePage(t *testing.T) (*Page, *Company) {
	t.Helper()
	w := must(New(t.Context(), CompanyOptions{Phones: true, PublicURL: "http://127.0.0.1:9"}))(t)
	t.Cleanup(func() { _ = w.Close() })
	p := must(NewPage(w, PageOptions{}))(t)
	return p, w
}

// usePhone posts what a person does on a phone, and returns the status.
func usePhone(p *Page, verb, body string) int {
	out := httptest.NewRecorder()
	p.ServeHTTP(out, httptest.NewRequest(http.MethodPost, "/phone/"+verb, strings.NewReader(body)))
	return out.Code
}

// The page accepts what a person can do on a phone, and refuses anything else.
func TestPhoneRequests(t *testing.T) {
	t.Parallel()
	p, _ := newPhonePage(t)
	for _, c := range []struct {
		name, verb, body string
		want             int
	}{
		{name: "a text by WhatsApp", verb: "say", body: `{"customer":"` + dana + `","chat":"whatsapp","text":"hello"}`, want: 200},
		{name: "the sample picture", verb: "say", body: `{"customer":"` + dana + `","chat":"messenger","sample":true}`, want: 200},
		{name: "a text message", verb: "say", body: `{"customer":"` + dana + `","chat":"sms","text":"STOP"}`, want: 200},
		{name: "nothing", verb: "say", body: `{"customer":"` + dana + `","chat":"sms","text":" "}`, want: 409},
		{name: "too much", verb: "say", body: `{"customer":"` + dana + `","chat":"sms","text":"` + strings.Repeat("x", MaxRunes+1) + `"}`, want: 409},
		{name: "a stranger", verb: "say", body: `{"customer":"who@else.test","chat":"sms","text":"x"}`, want: 404},
		{name: "by pigeon", verb: "say", body: `{"customer":"` + dana + `","chat":"pigeon","text":"x"}`, want: 409},
		{name: "a button that isn't there", verb: "tap", body: `{"customer":"` + dana + `","chat":"whatsapp","line":"wamid.x","choice":"yes"}`, want: 409},
		{name: "an unknown verb", verb: "dance", body: `{"customer":"` + dana + `","chat":"whatsapp"}`, want: 409},
		{name: "no JSON", verb: "say", body: `{`, want: 400},
		{name: "looking", verb: "read", body: `{"customer":"` + dana + `","chat":"sms"}`, want: 200},
	} {
		if got := usePhone(p, c.verb, c.body); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}
