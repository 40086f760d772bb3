package command

import (
	"reflect"
	"strings"
	"testing"

	"parley/bridge"
)

func TestStart(t *testing.T) {
	t.Parallel()
	type args = bridge.Args
	for text, want := range map[string]Parsed{
		"new":                                      {},
		"new support-mail":                         {Args: args{StartArgs: bridge.StartArgs{Account: "support-mail"}}},
		"new ann@example.org":                      {Args: args{StartArgs: bridge.StartArgs{Recipient: "ann@example.org"}}},
		"new sms +49 171 5550100":                  {Args: args{StartArgs: bridge.StartArgs{Account: "sms", Recipient: "+49 171 5550100"}}},
		"new ann@example.org Hello\nAnn":           {Args: args{StartArgs: bridge.StartArgs{Recipient: "ann@example.org"}}, Text: "Hello\nAnn"},
		"start support-mail ann@example.org Hello": {Args: args{StartArgs: bridge.StartArgs{Account: "support-mail", Recipient: "ann@example.org"}}, Text: "Hello"},
		"new +4917155501001 3 lamps":               {Args: args{StartArgs: bridge.StartArgs{Recipient: "+4917155501001"}}, Text: "3 lamps"},
		"new sms +44 20 7946 0958 Hello":           {Args: args{StartArgs: bridge.StartArgs{Account: "sms", Recipient: "+44 20 7946 0958"}}, Text: "Hello"},
		"new +1 (415) 555-0100 Hello":              {Args: args{StartArgs: bridge.StartArgs{Recipient: "+1 (415) 555-0100"}}, Text: "Hello"},
		"new sms +33 1 23 45 67 89 Bonjour":        {Args: args{StartArgs: bridge.StartArgs{Account: "sms", Recipient: "+33 1 23 45 67 89"}}, Text: "Bonjour"},
		"new sms 020 7946 0958 Hello":              {Args: args{StartArgs: bridge.StartArgs{Account: "sms", Recipient: "020 7946 0958"}}, Text: "Hello"},
		"new sms +44 20 7946 0958 – Hello":         {Args: args{StartArgs: bridge.StartArgs{Account: "sms", Recipient: "+44 20 7946 0958"}}, Text: "– Hello"},
		"new sms +44 20 7946 0958 - Hello":         {Args: args{StartArgs: bridge.StartArgs{Account: "sms", Recipient: "+44 20 7946 0958"}}, Text: "- Hello"},
		"new sms +49 171 5550100 1234567 is it":    {Args: args{StartArgs: bridge.StartArgs{Account: "sms", Recipient: "+49 171 5550100"}}, Text: "1234567 is it"},
		"new sms +43 664 123 45 67":                {Args: args{StartArgs: bridge.StartArgs{Account: "sms", Recipient: "+43 664 123 45 67"}}},
		"new sms +43 664 123 45 67\n3 Lampen":      {Args: args{StartArgs: bridge.StartArgs{Account: "sms", Recipient: "+43 664 123 45 67"}}, Text: "3 Lampen"},
		"new <mailto:a@x.test|a@x.test> Hello":     {Args: args{StartArgs: bridge.StartArgs{Recipient: "a@x.test"}}, Text: "Hello"},
		"new shop customer-12 Hello":               {Args: args{StartArgs: bridge.StartArgs{Account: "shop", Recipient: "customer-12"}}, Text: "Hello"},
		`new a@x.test \note: Hello`:                {Args: args{StartArgs: bridge.StartArgs{Recipient: "a@x.test"}}, Text: "note: Hello"},
	} {
		got := Slash("/parley", text, Options{})
		if (got.Err == "") != (want.Text != "") {
			t.Errorf("%q: %q", text, got.Err)
		}
		want.Verb, want.Marker, want.Err = bridge.VerbNew, bridge.MarkSlash, got.Err
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q\n got %+v\nwant %+v", text, got, want)
		}
	}
	for _, text := range []string{"new a@x.test note: secret", "new a@x.test !resolve", "new ann? Hello"} {
		if got := Slash("/parley", text, Options{}); got.Verb != bridge.VerbUnknown || got.Err == "" {
			t.Errorf("%q = %+v", text, got)
		}
	}
	for _, text := range []string{ // half a number would be another customer's
		"+43 664 123 45 67 Hallo", "+49 171 555 01 00 Hallo", "+39 347 123 45 67 Ciao", "+358 40 123 45 67 Moi", "+380 67 123 45 67 Hi",
		"+43 664 123 45 - 67 Hallo", "+44 20 7946 0958 3 lamps", "+299123456 20 lamps", "+372 51 23456 3 lamps",
		"040 123456 24.12. we close", "040 123456 20 lamps", "020 7946 20 lamps",
	} {
		got := Slash("/parley", "new sms "+text, Options{})
		if got.Verb != bridge.VerbUnknown || !strings.Contains(got.Err, "where the number ends") {
			t.Errorf("%q = %+v", text, got)
		}
	}
	if got := Slash("/parley", "list new", Options{}); got.Args.List != "unassigned" {
		t.Errorf("the list: %+v", got)
	}
}
