package command

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

// Without a text nothing is sent. The author is asked for the text and for everything else that is missing.
func TestStartWithoutText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		typed         string
		wantAccount   string
		wantRecipient string
	}{
		{typed: "new"},
		{typed: "new support-mail", wantAccount: "support-mail"},
		{typed: "new ann@example.org", wantRecipient: "ann@example.org"},
		{typed: "new sms +49 171 5550100", wantAccount: "sms", wantRecipient: "+49 171 5550100"},
		{typed: "new sms +43 664 123 45 67", wantAccount: "sms", wantRecipient: "+43 664 123 45 67"},
	} {
		if got := wantStart(t, tt.typed, tt.wantAccount, tt.wantRecipient, ""); got.Err == "" {
			t.Errorf("%q: got no question, want one for what is missing", tt.typed)
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

// If it isn't clear where a phone number ends, nothing is sent, because a part of the number may be another
// customer's.
func TestStartWithAnUnclearNumber(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"+43 664 123 45 67 Hallo", "+49 171 555 01 00 Hallo", "+39 347 123 45 67 Ciao", "+358 40 123 45 67 Moi", "+380 67 123 45 67 Hi",
		"+43 664 123 45 - 67 Hallo", "+44 20 7946 0958 3 lamps", "+299123456 20 lamps", "+6834002 20 lamps", "+372 51 23456 3 lamps",
		"040 123456 24.12. we close", "040 123456 20 lamps", "020 7946 20 lamps", "040 123456 2000 lamps", "020 7946 24.12. we close",
		"+44 20 7946 3 lamps", "+44 20 7946 24.12. we close", "+43 664 123 45 67 1234 56",
	} {
		wantUnknown(t, text, Slash("/parley", "new sms "+text, Options{}), "where the number ends")
	}
}

// "new" is also the name of a list: the conversations that nobody has taken.
func TestListNew(t *testing.T) {
	t.Parallel()
	if got := Slash("/parley", "list new", Options{}); got.Args.List != "unassigned" {
		t.Errorf("got the list %q, want %q", got.Args.List, "unassigned")
	}
}
