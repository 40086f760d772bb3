package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
)

// A reply to one message of a mail's conversation quotes that message only to people who may read it: the words of
// somebody who gets no replies don't reach the customer, nor does what was said to the customer alone reach others.
//
func TestQuotesOnlyWordsOfRecipients(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	first := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test"}, Subject: "One", Text: "Is it red?"})
	thread := w.waitThread("Is it red?")
	w.customerSends(mail, channelstest.Event{From: "spy@y.test", ReplyTo: []string{"kim@x.test"}, Cc: []string{"lee@x.test"}, Text: "Kim never pays", References: []string{first}})
	w.waitShown("Kim never pays")
	w.customerSends(mail, channelstest.Event{From: "lee@x.test", Cc: []string{"kim@x.test"}, Text: "Or blue?", References: []string{first}})
	w.waitShown("Or blue?")
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test"}, Text: "Well?", References: []string{first}})
	w.waitShown("Well?")
	w.waitDrained()
	n := 0
	answers := func(to, text, sent string, change func(*bridge.Args)) {
		t.Helper()
		b := formOf(bridge.VerbReply)
		b.Args.Message = bridge.MessageID(w.count(`SELECT id FROM messages WHERE text LIKE '%' || $1 ORDER BY id LIMIT 1`, to))
		if change != nil {
			change(&b.Args)
		}
		w.chat.Submit("ben", support, thread, b, text)
		n++
		if m := w.waitSent(n)[n-1]; m.Text != sent {
			t.Errorf("the answer to %q is %q, want %q", to, m.Text, sent)
		}
		w.waitDrained()
	}
	answers("Is it red?", "It is.", "> Is it red?\n\nIt is.", nil)
	answers("Or blue?", "It isn't.", "> Or blue?\n\nIt isn't.", nil)
	answers("Kim never pays", "We know.", "We know.", nil)
	answers("It isn't.", "Sorry.", "> > Or blue?\n> \n> It isn't.\n\nSorry.", nil)
	answers("It isn't.", "With Pat now.", "With Pat now.", func(a *bridge.Args) {
		a.To, a.Cc = []string{"kim@x.test"}, []string{"lee@x.test", "pat@z.test"}
	})
	answers("With Pat now.", "So we said.", "> With Pat now.\n\nSo we said.", nil)
	answers("It isn't.", "As we said.", "As we said.", func(a *bridge.Args) { a.To = []string{"mia@z.test"} })
}
