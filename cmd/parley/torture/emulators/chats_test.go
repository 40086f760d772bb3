package emulators

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// Faults of Meta and of Twilio are counted.
func TestChatFaults(t *testing.T) {
	t.Parallel()
	c, err := openChatProviders(t.Context(), 7)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.close(); err != nil {
			t.Error(err)
		}
	})
	server := httptest.NewServer(c.newControl())
	t.Cleanup(server.Close)
	w := Client{Mail: server.URL, Chats: true}
	if err := w.Call(t.Context(), http.MethodPost, w.Mail+"/_fake/chat/faults", nil, nil); err != nil {
		t.Fatal(err)
	}
	sendText(t.Context(), t, c.twilio.URL())
	counts := map[string]int{}
	if err := w.Call(t.Context(), http.MethodGet, w.Mail+"/_fake/chat/faults", nil, &counts); err != nil {
		t.Fatal(err)
	}
	if _, ok := counts["meta status"]; !ok {
		t.Errorf("the counts lack those of Meta: %v", counts)
	}
	if got := counts["twilio error_before"]; got != 1 {
		t.Errorf("errors of Twilio: got %d, want 1", got)
	}
}

// sendText asks Twilio once to send a short message; whatever it answers.
func sendText(ctx context.Context, t *testing.T, base string) {
	t.Helper()
	form := url.Values{"From": {SMSNumber}, "To": {PhoneOf(1)}, "Body": {"hello"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/2010-04-01/Accounts/"+TwilioAccount+"/Messages.json", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(TwilioAccount, TwilioToken)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
}

// A thread's card names its customer, whose case is known by her name, her number or her first message.
func TestSubjectIn(t *testing.T) {
	t.Parallel()
	for card, want := range map[string]string{
		":iphone: *" + PhoneOf(15) + "* · #3 · About inbound-c015-1: it was the cable.": "Case 015",
		"*Case 004* · #7 · Hello":  "Case 004",
		"*" + SMSNumber + "* · #3": "", // the company's own
		"+1555":                    "",
		"nobody":                   "",
	} {
		if got := subjectIn(card); got != want {
			t.Errorf("%q: got %q, want %q", card, got, want)
		}
	}
}
