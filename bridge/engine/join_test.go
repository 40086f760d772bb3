package engine_test

import (
	"strings"
	"testing"

	"parley/channels/channelstest"
)

// With email_new_thread join_open, a mail that answers nothing known joins its sender's open conversation, the latest if there are
// several. The thread shows its subject, if that is another one, and all that it quotes.
//
func TestMailJoinsTheOpenConversation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"email_new_thread": "join_open"}})
	sendMail := func(e channelstest.Event) {
		e.From, e.Name = "kim@x.test", "Kim"
		w.customerSends(mail, e)
	}
	w.postEvents(mail, channelstest.Event{Type: "message", From: "kim@x.test", Name: "Kim", Subject: "Order", Text: "Where is it?"},
		channelstest.Event{Type: "message", From: "kim@x.test", Name: "Kim", Subject: "Re: order", Text: "I wait."})
	thread := w.waitThread("Where is it?")
	sendMail(channelstest.Event{Subject: "Invoice 12", Text: "And the invoice?", Quoted: "On Monday you wrote"})
	w.waitShown("Its subject: “Invoice 12”")
	w.waitShown("On Monday you wrote")
	w.waitDrained() // what is not known to be shown is not snoozed
	w.reply(thread, "!snooze 2h")
	w.waitCard(thread, "#1 snoozed")
	sendMail(channelstest.Event{Text: "No hurry"})
	w.waitCard(thread, "#1 open")
	w.waitDrained()
	for _, text := range []string{"I wait.", "And the invoice?", "No hurry"} {
		if in := w.waitThread(text); in != thread {
			t.Errorf("%q is in another thread", text)
		}
	}
	wantEqual(t, "subjects that are told: the one that differs", strings.Count(strings.Join(w.threadTexts(thread), "\n"), "Its subject"), 1)
	w.reply(thread, "!resolve")
	w.waitCard(thread, "#1 resolved")
	sendMail(channelstest.Event{Subject: "Order again", Text: "Something else"})
	if second := w.waitThread("Something else"); second == thread {
		t.Error("a mail that answers nothing went into a conversation that is over")
	}
	w.reply(thread, "!reopen")
	w.waitCard(thread, "#1 open")
	sendMail(channelstest.Event{Subject: "Which one?", Text: "The latest, please"})
	if in := w.waitThread("The latest, please"); in != w.waitThread("Something else") {
		t.Error("not the conversation that was opened last")
	}
}

// Nothing joins a conversation that is not its sender's own: what somebody in copy writes, what is to
// be answered elsewhere, what comes under another name from a shared address, what colleagues pass
// on, and automatic mail.
//
func TestMailJoinsNoConversationOfOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"email_new_thread": "join_open"}})
	w.customerSends(mail, channelstest.Event{From: "info@x.test", Name: "Kim", Subject: "Order", Text: "Where is it?", Cc: []string{"lou@x.test"}})
	thread := w.waitThread("Where is it?")
	w.customerSends(mail, channelstest.Event{From: "ben@acme.test", Name: "Ben", Subject: "Fwd", Text: "First of Ben"})
	w.waitThread("First of Ben")
	for _, e := range []channelstest.Event{
		{Text: "in copy", From: "lou@x.test", Name: "Lou"},
		{Text: "shared", From: "info@x.test", Name: "Pat"},
		{Text: "passed on", From: "ben@acme.test", Name: "Ben"},
		{Text: "machine", From: "info@x.test", Name: "Kim", Automatic: "list"},
		{Text: "for another", From: "info@x.test", Name: "Kim", ReplyTo: []string{"pat@y.test"}}, // the last: nothing joins that one either
	} {
		e.Subject, e.Text = "About "+e.Text, "It is "+e.Text
		w.customerSends(mail, e)
		if in := w.waitThread(e.Text); in == thread || in == w.waitThread("First of Ben") {
			t.Errorf("%q is in another one's thread", e.Text)
		}
	}
	w.customerSends(mail, channelstest.Event{From: "info@x.test", Name: "Pat", Subject: "Once more", Text: "Pat again"})
	if w.waitThread("Pat again") != w.waitThread("It is shared") {
		t.Error("who shares an address doesn't join their own conversation")
	}
}

// By default each mail that answers nothing known has a conversation of its own.
func TestMailBeginsAConversation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.postEvents(mail, channelstest.Event{Type: "message", From: "kim@x.test", Name: "Kim", Subject: "Order", Text: "Where is it?"},
		channelstest.Event{Type: "message", From: "kim@x.test", Name: "Kim", Subject: "Invoice", Text: "And that?"})
	if w.waitThread("Where is it?") == w.waitThread("And that?") {
		t.Error("two mails are in one conversation")
	}
}
