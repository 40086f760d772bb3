package emulators

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// countTestFaults arms the faults of the emulators of chats, sends one short message, and returns how often each fault
// occurred.
func countTestFaults(t *testing.T) map[string]int {
	t.Helper()
	const faults = "/_fake/chat/faults"
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
	client := Client{Mail: server.URL, Chats: true}
	if err := client.Call(t.Context(), http.MethodPost, client.Mail+faults, nil, nil); err != nil {
		t.Fatal(err)
	}
	sendText(t.Context(), t, c.twilio.URL())
	counts := map[string]int{}
	if err := client.Call(t.Context(), http.MethodGet, client.Mail+faults, nil, &counts); err != nil {
		t.Fatal(err)
	}
	return counts
}

// Faults of Meta are counted, also those that have not occurred.
func TestMetaFaultsAreCounted(t *testing.T) {
	t.Parallel()
	counts := countTestFaults(t)
	if _, ok := counts["meta status"]; !ok {
		t.Errorf("the counts lack those of Meta: %v", counts)
	}
}

// Faults of Twilio are counted. The first request meets the first of them.
func TestTwilioFaultsAreCounted(t *testing.T) {
	t.Parallel()
	counts := countTestFaults(t)
	if got := counts["twilio error_before"]; got != 1 {
		t.Errorf("errors of Twilio: got %d, want 1; counts %v", got, counts)
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

// A card names its customer, by whose name or number the subject of the conversation is known.
func TestSubjectIn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		card string
		want string // "" means none
	}{
		{
			name: "a customer with a number",
			card: ":iphone: *" + PhoneOf(15) + "* · #3 · About inbound-c015-1: it was the cable.",
			want: "Case 015",
		},
		{
			name: "a customer with a name",
			card: "*Case 004* · #7 · Hello",
			want: "Case 004",
		},
		{
			name: "the company's own number",
			card: "*" + SMSNumber + "* · #3",
		},
		{
			name: "the beginning of a number",
			card: "+1555",
		},
		{
			name: "neither name nor number",
			card: "nobody",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := subjectIn(tt.card); got != tt.want {
				t.Errorf("subjectIn(%q) = %q, want %q", tt.card, got, tt.want)
			}
		})
	}
}
