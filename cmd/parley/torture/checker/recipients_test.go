package checker

import "testing"

// A mail is handed to the mail server for the customer and who is in copy of the customer's mails, and for nobody else.
func TestCheckRecipients(t *testing.T) {
	t.Parallel()
	sentTo := func(addresses ...string) func(*Observation, *Expectation) {
		return func(o *Observation, _ *Expectation) { o.Submissions[0].To = addresses }
	}
	runCheckCases(t, []checkCase{
		{name: "in another order", change: sentTo("copy@x.test", "cara@x.test")},
		{name: "a stranger as well", change: sentTo("cara@x.test", "copy@x.test", "eve@x.test"), want: Verdict{Leaked: 1}},
		{name: "another customer as well", change: sentTo("cara@x.test", "copy@x.test", "dora@x.test"), want: Verdict{Leaked: 1}},
		{name: "the copy of another customer's mails", change: sentTo("dora@x.test", "copy@x.test"), want: Verdict{Leaked: 1, Lost: 1}},
		{name: "a stranger alone", change: sentTo("eve@x.test"), want: Verdict{Leaked: 1}},
		{name: "nobody in copy", change: sentTo("cara@x.test"), want: Verdict{Lost: 1}},
	})
}
