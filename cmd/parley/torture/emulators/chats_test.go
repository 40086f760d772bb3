package emulators

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/channels/emulator"
)

// openTestChats starts the emulators of chats, and returns the client that controls them.
func openTestChats(t *testing.T) (*chatProviders, Client) {
	t.Helper()
	c, err := openChatProviders(7)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.close(); err != nil {
			t.Error(err)
		}
	})
	mux := http.NewServeMux()
	c.addRoutes(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return c, Client{Mail: server.URL, Chats: true}
}

// A customer writes by phone, and what he wrote is read again.
func TestCustomerWritesByPhone(t *testing.T) {
	t.Parallel()
	for _, kind := range []ChatKind{ByWhatsApp, byMessenger, BySMS} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			c, client := openTestChats(t)
			if err := client.SendText(t.Context(), ChatText{Kind: kind, Conversation: 15, Text: "hello"}); err != nil {
				t.Fatal(err)
			}
			c.sending.Wait() // short messages are sent one after the other
			got, err := client.ReadPhone(t.Context(), kind, 15)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.Sent, []string{"hello"}) || len(got.Received) != 0 || got.Unsent != 0 {
				t.Errorf("the phone shows %+v, want one text that was sent", got)
			}
		})
	}
}

// ReadPhone returns what a customer received, without what the provider itself answered, for example to HELP.
func TestCustomerReceivesByPhone(t *testing.T) {
	t.Parallel()
	c, client := openTestChats(t)
	for _, text := range []string{"hello", "HELP"} {
		if err := client.SendText(t.Context(), ChatText{Kind: BySMS, Conversation: 1, Text: text}); err != nil {
			t.Fatal(err)
		}
	}

	c.sending.Wait()
	sendText(t.Context(), t, c.twilio.URL())
	received := func() bool { return len(c.smsPhone(1).Texts()) == 1 }
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := c.twilio.Wait(ctx, received); err != nil {
		t.Fatal(err)
	}

	got, err := client.ReadPhone(t.Context(), BySMS, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Received) != 1 || got.Received[0].Text != "hello" {
		t.Errorf("received %+v, want one text: hello", got.Received)
	}
}

// countTestFaults arms the faults of the emulators of chats, sends one short message, and returns how often each fault
// occurred.
func countTestFaults(t *testing.T) map[string]int {
	t.Helper()
	const faults = "/_fake/chat/faults"
	c, client := openTestChats(t)
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

// sendText asks Twilio once to send a short message. It doesn't matter what Twilio answers.
func sendText(ctx context.Context, t *testing.T, base string) {
	t.Helper()
	form := url.Values{"From": {SMSNumber}, "To": {PhoneOf(1)}, "Body": {"hello"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/2010-04-01/Accounts/"+TwilioAccount+"/Messages.json",
		strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(TwilioAccount, TwilioToken)
	res, err := emulator.NewClient().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
}

// subjectIn finds the subject of a conversation by the customer's name or number on the card.
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
		{name: "a customer with a name", card: "*Case 004* · #7 · Hello", want: "Case 004"},
		{name: "the company's own number", card: "*" + SMSNumber + "* · #3"},
		{name: "the beginning of a number", card: "+1555"},
		{name: "neither name nor number", card: "nobody"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := subjectIn(tt.card); got != tt.want {
				t.Errorf("subjectIn(%q) = %q, want %q", tt.card, got, tt.want)
			}
		})
	}
}
