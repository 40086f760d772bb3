package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// formMail is a mail of a form on a web site. It is sent in the site's name to our address for sales, and its Reply-To
// names the customer.
func formMail(site, customer, subject string) channelstest.Event {
	return channelstest.Event{
		From:    site,
		ReplyTo: []string{customer},
		Subject: subject,
		Text:    "The question about " + subject,
		Via:     "sales@acme.test",
	}
}

// answerListed lets ann make a conversation of a mail that is only listed, and answer it. It returns the mail that was
// sent.
func (w *world) answerListed(subject string) channelstest.Sent {
	w.t.Helper()
	w.chat.Press(w.t, "ann", w.waitShown("The question about "+subject), bridge.VerbPromote)
	w.reply(w.waitCardWith("| "+subject+" | Ann").ID, "The answer about "+subject)
	return w.waitSent(1)[0]
}

// If an agent makes a conversation of an automatic mail, the answer goes to the customer in its Reply-To. It leaves from
// our address to which the mail came.
// Requirement R-254: Automatic mail in a thread of its own.
func TestPromotedAutomaticMailIsAnsweredWhereItWants(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	e := formMail("no-reply@forms.test", "kim@x.test", "lamps")
	e.Automatic = "no-reply"
	w.customerSends(mail, e)
	sent := w.answerListed("lamps")
	wantList(t, "who gets the answer", sent.To, []string{"kim@x.test"})
	wantEqual(t, "the address from which it comes", sent.From, "sales@acme.test")
}

// Answers to a mail leave from the address of ours to which the customer wrote last. That isn't changed by a mail of a
// machine, of somebody new, or that is found late.
// Requirement R-258: Several addresses of an account.
func TestReplyLeavesFromTheAddressWrittenToLast(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	const help, billing, sales = "help@acme.test", "billing@acme.test", "sales@acme.test"
	first := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Lamp", Text: "It is dark", Via: help})
	thread := w.waitThread("It is dark")

	for i, e := range []channelstest.Event{
		{From: "kim@x.test", Text: "The bill, too", Via: billing},
		{From: "kim@x.test", Text: "I am away", Via: sales, Automatic: "auto-replied"},
		{From: "lee@y.test", Text: "I am new", Via: sales},
		{From: "kim@x.test", Text: "Found late", Via: sales, At: time.Now().Add(-time.Hour)},
	} {
		e.Subject, e.References = "Re: Lamp", []string{first}
		w.customerSends(mail, e)
		w.waitShown(e.Text)
		w.reply(thread, "About "+e.Text)
		sent := w.waitSent(i + 1)[i]
		wantEqual(t, "the address from which "+sent.Text+" left", sent.From, billing)
	}
}
