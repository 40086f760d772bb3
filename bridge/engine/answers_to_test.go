package engine_test

import (
	"slices"
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
)

// A form on a web site sends in its own name, and names the customer as the one who gets the answers. These come from the
// address of ours to which the form wrote. That is so, too, for a mail of which an agent made a conversation, because it
// came as automatic mail or among very many others.
//
func TestPromotedMailIsAnsweredWhereItWants(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	form := channelstest.Event{From: "no-reply@forms.test", ReplyTo: []string{"kim@x.test"}, Subject: "Question", Text: "Do you have lamps?",
		Automatic: "no-reply", Via: "sales@acme.test"}
	w.customerSends(mail, form)
	w.chat.Press(t, "ann", w.waitShown("Question"), bridge.VerbPromote)
	w.chat.Say("ann", support, w.waitCardWith("| Question | Ann").ID, "Yes, we have")
	w.sendMails("Offer", 11, allFrom("forms@flood.test"))
	form = channelstest.Event{From: "forms@flood.test", ReplyTo: []string{"lee@x.test"}, Subject: "Flood", Text: "And chairs?", Via: "sales@acme.test"}
	w.customerSends(mail, form)
	w.chat.Press(t, "ann", w.waitShown("And chairs?"), bridge.VerbPromote)
	w.chat.Say("ann", support, w.waitCardWith("| Flood | Ann").ID, "Chairs, too")
	for i, sent := range w.waitSent(2) {
		if want := []string{"kim@x.test", "lee@x.test"}[i]; !slices.Equal(sent.To, []string{want}) {
			t.Errorf("%q went to %v, not to %s", sent.Text, sent.To, want)
		}
		if sent.From != "sales@acme.test" {
			t.Errorf("%q came from %q, not from the address to which the customer wrote", sent.Text, sent.From)
		}
	}
}
