package engine_test

import (
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
