package verb

import (
	"testing"

	"parley/bridge"
)

// wantStart checks account, recipient and text of a command that starts a conversation, and returns what was parsed.
func wantStart(t *testing.T, typed, account, recipient, text string) Parsed {
	t.Helper()
	got := Slash("/parley", typed, Options{})
	wantParsed(t, typed, got, Parsed{
		Verb:   bridge.VerbNew,
		Marker: bridge.MarkSlash,
		Args:   bridge.Args{StartArgs: bridge.StartArgs{Account: account, Recipient: recipient}},
		Text:   text,
		Err:    got.Err, // its callers check this
	})
	return got
}

// A conversation begins with an account, a recipient and a text. The account may be left out.
func TestStart(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		typed         string
		wantAccount   string
		wantRecipient string
		wantText      string
	}{
		{typed: "new ann@example.org Hello\nAnn", wantRecipient: "ann@example.org", wantText: "Hello\nAnn"},
		{typed: "start support-mail ann@example.org Hello", wantAccount: "support-mail", wantRecipient: "ann@example.org", wantText: "Hello"},
		{typed: "new +4917155501001 3 lamps", wantRecipient: "+4917155501001", wantText: "3 lamps"},
		{typed: "new sms +44 20 7946 0958 Hello", wantAccount: "sms", wantRecipient: "+44 20 7946 0958", wantText: "Hello"},
		{typed: "new +1 (415) 555-0100 Hello", wantRecipient: "+1 (415) 555-0100", wantText: "Hello"},
		{typed: "new sms +33 1 23 45 67 89 Bonjour", wantAccount: "sms", wantRecipient: "+33 1 23 45 67 89", wantText: "Bonjour"},
		{typed: "new sms 020 7946 0958 Hello", wantAccount: "sms", wantRecipient: "020 7946 0958", wantText: "Hello"},
		{typed: "new sms +44 20 7946 0958 – Hello", wantAccount: "sms", wantRecipient: "+44 20 7946 0958", wantText: "– Hello"},
		{typed: "new sms +44 20 7946 0958 - Hello", wantAccount: "sms", wantRecipient: "+44 20 7946 0958", wantText: "- Hello"},
		{typed: "new sms +49 171 5550100 1234567 is it", wantAccount: "sms", wantRecipient: "+49 171 5550100", wantText: "1234567 is it"},
		{typed: "new sms +43 664 123 45 67\n3 Lampen", wantAccount: "sms", wantRecipient: "+43 664 123 45 67", wantText: "3 Lampen"},
		{typed: "new 0441234567 Hello", wantRecipient: "0441234567", wantText: "Hello"},
		{typed: "new sms 12345 Hello", wantAccount: "sms", wantRecipient: "12345", wantText: "Hello"},
		{typed: "new +49\u00a0171\u00a05550100\nHallo", wantRecipient: "+49 171 5550100", wantText: "Hallo"},
		{typed: "new <mailto:a@x.test|a@x.test> Hello", wantRecipient: "a@x.test", wantText: "Hello"},
		{typed: "new shop customer-12 Hello", wantAccount: "shop", wantRecipient: "customer-12", wantText: "Hello"},
		{typed: `new a@x.test \note: Hello`, wantRecipient: "a@x.test", wantText: "note: Hello"},
	} {
		if got := wantStart(t, tt.typed, tt.wantAccount, tt.wantRecipient, tt.wantText); got.Err != "" {
			t.Errorf("%q: got the question %q, want none", tt.typed, got.Err)
		}
	}
}

// A text that looks like a note or a command isn't sent to a new customer.
func TestStartRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"new a@x.test note: secret", "new a@x.test !resolve", "new ann? Hello", "new +49abc Hello"} {
		wantUnknown(t, text, Slash("/parley", text, Options{}), "")
	}
}
