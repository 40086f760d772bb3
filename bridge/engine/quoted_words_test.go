package engine_test

import (
	"fmt"
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
)

// A reply by mail quotes the message that it answers only if all recipients may read it. The customer doesn't get the
// words of somebody who gets no replies. Others don't get what was said to the customer alone. Nobody gets words of
// another conversation.
// Requirement R-063: Answers to one message.
func TestQuotesOnlyWordsOfRecipients(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	first := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test"}, Subject: "One", Text: "Is it red?"})
	thread := w.waitThread("Is it red?")
	w.customerSends(mail, channelstest.Event{
		From:       "spy@y.test",
		ReplyTo:    []string{"kim@x.test"},
		Cc:         []string{"lee@x.test"},
		Text:       "Kim never pays",
		References: []string{first},
	})
	w.waitShown("Kim never pays")
	w.customerSends(mail, channelstest.Event{From: "lee@x.test", Cc: []string{"kim@x.test"}, Text: "Or blue?", References: []string{first}})
	w.waitShown("Or blue?")
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test"}, Text: "Well?", References: []string{first}})
	w.waitShown("Well?")
	w.customerSends(mail, channelstest.Event{From: "lee@x.test", Cc: []string{"kim@x.test"}, Subject: "Two", Text: "And my lamp?"})
	w.waitShown("And my lamp?")
	w.waitDrained()

	for i, c := range []struct {
		answers string // the message that is answered ends so
		text    string
		to, cc  []string // the recipients that the form sets; nil leaves them
		want    string   // the mail that leaves, with its quote
	}{
		{answers: "Is it red?", text: "It is.", want: "> Is it red?\n\nIt is."},
		{answers: "Or blue?", text: "It isn't.", want: "> Or blue?\n\nIt isn't."},
		{answers: "Kim never pays", text: "We know.", want: "We know."},
		{answers: "And my lamp?", text: "Of another conversation.", want: "Of another conversation."},
		{answers: "It isn't.", text: "Sorry.", want: "> > Or blue?\n>\n> It isn't.\n\nSorry."},
		{
			answers: "It isn't.", text: "With Pat now.",
			to: []string{"kim@x.test"}, cc: []string{"lee@x.test", "pat@z.test"}, want: "With Pat now.",
		},
		{answers: "With Pat now.", text: "So we said.", want: "> With Pat now.\n\nSo we said."},
		{answers: "It isn't.", text: "As we said.", to: []string{"mia@z.test"}, want: "As we said."},
	} {
		b := formOf(bridge.VerbReply)
		b.Args.Message = bridge.MessageID(w.count(`SELECT id FROM messages WHERE text LIKE '%' || $1 ORDER BY created_at, id LIMIT 1`, c.answers))
		b.Args.To, b.Args.Cc = c.to, c.cc
		w.chat.Submit("ben", support, thread, b, c.text)
		wantEqual(t, fmt.Sprintf("the answer to %q", c.answers), w.waitSent(i + 1)[i].Text, c.want)
		w.waitDrained()
	}
}

// In a chat, too, a reply quotes only what the customer has. It doesn't quote a note, even if a form names one.
func TestQuotesNoNote(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.waitFate(w.chat.Say("ben", support, thread, "note: as always"), "inside")
	for i, c := range []struct{ answers, text, want string }{
		{answers: "Hello", text: "Hello to you", want: "> Hello\n\nHello to you"},
		{answers: "as always", text: "Gladly", want: "Gladly"},
	} {
		b := formOf(bridge.VerbReply)
		b.Args.Message = bridge.MessageID(w.count(`SELECT id FROM messages WHERE text LIKE '%' || $1 ORDER BY created_at, id LIMIT 1`, c.answers))
		w.chat.Submit("ann", support, thread, b, c.text)
		wantEqual(t, fmt.Sprintf("the answer to %q", c.answers), w.waitSent(i + 1)[i].Text, c.want)
		w.waitDrained()
	}
}
