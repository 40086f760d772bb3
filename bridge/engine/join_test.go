package engine_test

import (
	"strings"
	"testing"
	"time"

	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// newJoiningWorld makes a world in which a mail that answers no known mail joins its sender's open conversation.
func newJoiningWorld(t *testing.T) *world {
	t.Helper()
	return newWorld(t, options{settings: map[string]string{"email_new_thread": "join_open"}})
}

// mailOfKim is a mail that answers no other mail.
func mailOfKim(subject, text string) channelstest.Event {
	return channelstest.Event{Type: "message", From: "kim@x.test", Name: "Kim", Subject: subject, Text: text}
}

// A mail that answers no known mail joins its sender's open conversation, and wakes it if it is snoozed.
// Requirement R-021: One open conversation for each customer of a chat.
// Requirement R-024: Mails of one exchange share a thread.
func TestMailJoinsTheOpenConversation(t *testing.T) {
	t.Parallel()
	w := newJoiningWorld(t)
	w.postEvents(mail, mailOfKim("Order", "Where is it?"), mailOfKim("Re: order", "I wait."))
	thread := w.waitThread("Where is it?")
	w.waitShown("I wait.")
	w.waitDrained() // only what was shown can be snoozed

	w.reply(thread, "!snooze 2h")
	w.waitCard(thread, "#1 snoozed")
	w.customerSends(mail, mailOfKim("", "No hurry"))
	w.waitCard(thread, "#1 open")

	w.waitDrained()
	wantEqual(t, "the thread of a mail of the same moment", w.waitThread("I wait."), thread)
	wantEqual(t, "the thread of a later mail", w.waitThread("No hurry"), thread)
}

// The thread shows the subject of a mail that joined, if it differs, and everything that the mail quotes and nobody has said.
// Requirement R-021: One open conversation for each customer of a chat.
func TestJoinedMailShowsItsSubjectAndQuotes(t *testing.T) {
	t.Parallel()
	w := newJoiningWorld(t)
	w.postEvents(mail, mailOfKim("Order", "Where is it?"), mailOfKim("Re: order", "I wait."))
	thread := w.waitThread("Where is it?")

	e := mailOfKim("Invoice 12", "And the invoice?")
	e.Text += "\n\n> On Monday you wrote"
	w.customerSends(mail, e)
	shown := w.waitShown("[subject Invoice 12] And the invoice?")
	if !strings.Contains(shown.Text, "A new mail, no answer.") {
		t.Errorf("the mail is shown as %q, want a notice that it answers none", shown.Text)
	}
	w.waitShown("On Monday you wrote")
	wantEqual(t, "the thread of the mail", w.waitThread("And the invoice?"), thread)
	subjects := strings.Count(strings.Join(w.threadTexts(thread), "\n"), "[subject ")
	wantEqual(t, "subjects that are told: the one that differs", subjects, 1)
}

// A mail that comes directly and by a mailing list, which changes it, is shown in one conversation. Other mails with the
// same id, but with other texts or senders, get their own conversations.
func TestMailThatComesByTwoWays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	direct := mailOfKim("Order", "Where is it?")
	direct.ID, direct.At = "order", time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	byList, next, other := direct, direct, direct
	byList.Way, byList.Subject, byList.Text, byList.Automatic = "list", "[shop] Order", "Where is it? You get this by a list.", "list"
	next.Way, next.Text = "next", "Another order"
	other.Way, other.Text, other.From = "other", "Not hers", "lee@x.test"

	w.postEvents(mail, direct, byList, next, other)
	thread := w.waitThread("Where is it?")
	wantEqual(t, "the thread of the mail by the list", w.waitThread(byList.Text), thread)
	for _, e := range []channelstest.Event{next, other} {
		if w.waitThread(e.Text) == thread {
			t.Errorf("%q is in the thread of another mail", e.Text)
		}
	}
}

// A mail doesn't join a resolved conversation. Of several open ones it joins the one that was opened last.
// Requirement R-024: Mails of one exchange share a thread.
func TestMailJoinsTheLatestOpenConversation(t *testing.T) {
	t.Parallel()
	w := newJoiningWorld(t)
	w.customerSends(mail, mailOfKim("Order", "Where is it?"))
	thread := w.waitThread("Where is it?")

	w.reply(thread, "!resolve")
	w.waitCard(thread, "#1 resolved")

	w.customerSends(mail, mailOfKim("Order again", "Something else"))
	second := w.waitThread("Something else")
	if second == thread {
		t.Error("a mail that answers nothing went into a conversation that is over, want one of its own")
	}

	w.reply(thread, "!reopen")
	w.waitCard(thread, "#1 open")
	w.customerSends(mail, mailOfKim("Which one?", "The latest, please"))
	wantEqual(t, "the thread of the next mail", w.waitThread("The latest, please"), second)
}

// A mail joins only its sender's own conversation. It joins none if its sender was only in copy, has another name at a
// shared address, wants answers elsewhere, or is a colleague who passes it on. Automatic mail joins none either.
// Requirement R-024: Mails of one exchange share a thread.
// Requirement R-254: Automatic mail in a thread of its own.
func TestMailJoinsNoConversationOfOthers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		mail channelstest.Event
	}{
		{name: "of somebody in copy", mail: channelstest.Event{From: "lou@x.test", Name: "Lou"}},
		{name: "of another name from a shared address", mail: channelstest.Event{From: "info@x.test", Name: "Pat"}},
		{name: "passed on by a colleague", mail: channelstest.Event{From: "ben@acme.test", Name: "Ben"}},
		{name: "automatic", mail: channelstest.Event{From: "info@x.test", Name: "Kim", Automatic: "list"}},
		{name: "to be answered elsewhere", mail: channelstest.Event{From: "info@x.test", Name: "Kim", ReplyTo: []string{"pat@y.test"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newJoiningWorld(t)
			w.customerSends(mail, channelstest.Event{
				From: "info@x.test", Name: "Kim", Cc: []string{"lou@x.test"}, Subject: "Order", Text: "Where is it?",
			})
			kims := w.waitThread("Where is it?")
			w.customerSends(mail, channelstest.Event{From: "ben@acme.test", Name: "Ben", Subject: "Fwd", Text: "First of Ben"})
			bens := w.waitThread("First of Ben")

			e := tt.mail
			e.Subject, e.Text = "Another matter", "What about that?"
			w.customerSends(mail, e)
			if in := w.waitThread("What about that?"); in == kims || in == bens {
				t.Errorf("the mail is in the thread %s of another one, want a thread of its own", in)
			}
		})
	}
}

// If several people share an address, a mail joins the conversation that began under its sender's name.
// Requirement R-024: Mails of one exchange share a thread.
func TestMailFromASharedAddressJoinsItsOwn(t *testing.T) {
	t.Parallel()
	w := newJoiningWorld(t)
	w.customerSends(mail, channelstest.Event{From: "info@x.test", Name: "Kim", Subject: "Order", Text: "Where is it?"})
	w.waitThread("Where is it?")
	w.customerSends(mail, channelstest.Event{From: "info@x.test", Name: "Pat", Subject: "Lamp", Text: "It is dark"})
	pats := w.waitThread("It is dark")
	w.customerSends(mail, channelstest.Event{From: "info@x.test", Name: "Pat", Subject: "Once more", Text: "Pat again"})
	wantEqual(t, "the thread of Pat's next mail", w.waitThread("Pat again"), pats)
}

// By default, each mail that answers no known mail begins a conversation of its own.
func TestMailBeginsAConversation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.postEvents(mail, mailOfKim("Order", "Where is it?"), mailOfKim("Invoice", "And that?"))
	if first, second := w.waitThread("Where is it?"), w.waitThread("And that?"); first == second {
		t.Errorf("both mails are in the thread %s, want a thread each", first)
	}
}
