package command

import (
	"testing"

	"parley/bridge"
)

// A conversation begins with an account, a recipient and a text. What is left out is asked for.
func TestStart(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]struct{ account, recipient, text string }{
		"new":                                      {},
		"new support-mail":                         {account: "support-mail"},
		"new ann@example.org":                      {recipient: "ann@example.org"},
		"new sms +49 171 5550100":                  {account: "sms", recipient: "+49 171 5550100"},
		"new ann@example.org Hello\nAnn":           {recipient: "ann@example.org", text: "Hello\nAnn"},
		"start support-mail ann@example.org Hello": {account: "support-mail", recipient: "ann@example.org", text: "Hello"},
		"new +4917155501001 3 lamps":               {recipient: "+4917155501001", text: "3 lamps"},
		"new sms +44 20 7946 0958 Hello":           {account: "sms", recipient: "+44 20 7946 0958", text: "Hello"},
		"new +1 (415) 555-0100 Hello":              {recipient: "+1 (415) 555-0100", text: "Hello"},
		"new sms +33 1 23 45 67 89 Bonjour":        {account: "sms", recipient: "+33 1 23 45 67 89", text: "Bonjour"},
		"new sms 020 7946 0958 Hello":              {account: "sms", recipient: "020 7946 0958", text: "Hello"},
		"new sms +44 20 7946 0958 – Hello":         {account: "sms", recipient: "+44 20 7946 0958", text: "– Hello"},
		"new sms +44 20 7946 0958 - Hello":         {account: "sms", recipient: "+44 20 7946 0958", text: "- Hello"},
		"new sms +49 171 5550100 1234567 is it":    {account: "sms", recipient: "+49 171 5550100", text: "1234567 is it"},
		"new sms +43 664 123 45 67":                {account: "sms", recipient: "+43 664 123 45 67"},
		"new sms +43 664 123 45 67\n3 Lampen":      {account: "sms", recipient: "+43 664 123 45 67", text: "3 Lampen"},
		"new <mailto:a@x.test|a@x.test> Hello":     {recipient: "a@x.test", text: "Hello"},
		"new shop customer-12 Hello":               {account: "shop", recipient: "customer-12", text: "Hello"},
		`new a@x.test \note: Hello`:                {recipient: "a@x.test", text: "note: Hello"},
	} {
		got := Slash("/parley", typed, Options{})
		if isAsked := got.Err != ""; isAsked != (want.text == "") {
			t.Errorf("%q: got the text %q and the question %q, want one of both", typed, got.Text, got.Err)
		}
		args := bridge.Args{StartArgs: bridge.StartArgs{Account: want.account, Recipient: want.recipient}}
		wantParsed(t, typed, got, Parsed{Verb: bridge.VerbNew, Marker: bridge.MarkSlash, Args: args, Text: want.text, Err: got.Err})
	}
}

// What reads like a note or a command isn't sent to a new customer.
func TestStartRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"new a@x.test note: secret", "new a@x.test !resolve", "new ann? Hello"} {
		wantUnknown(t, text, Slash("/parley", text, Options{}), "")
	}
}

// If it can't be told where a phone number ends, nothing is sent: half of it would be another customer's.
func TestStartWithAnUnclearNumber(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"+43 664 123 45 67 Hallo", "+49 171 555 01 00 Hallo", "+39 347 123 45 67 Ciao", "+358 40 123 45 67 Moi", "+380 67 123 45 67 Hi",
		"+43 664 123 45 - 67 Hallo", "+44 20 7946 0958 3 lamps", "+299123456 20 lamps", "+372 51 23456 3 lamps",
		"040 123456 24.12. we close", "040 123456 20 lamps", "020 7946 20 lamps",
	} {
		wantUnknown(t, text, Slash("/parley", "new sms "+text, Options{}), "where the number ends")
	}
}

// "new" is also a list: it has what nobody has taken.
func TestListNew(t *testing.T) {
	t.Parallel()
	if got := Slash("/parley", "list new", Options{}); got.Args.List != "unassigned" {
		t.Errorf("got the list %q, want %q", got.Args.List, "unassigned")
	}
}
