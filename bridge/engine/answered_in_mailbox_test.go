package engine_test

import (
	"strings"
	"testing"

	"parley/channels"
	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// mailboxAnswer is a mail to kim that answers another mail. It was sent from the mailbox itself, without Parley, and is
// found among the sent mails.
func mailboxAnswer(id, text, answered string) channelstest.Event {
	return channelstest.Event{
		Type:       "foreign",
		ID:         id,
		To:         []string{"kim@x.test"},
		Text:       text,
		Origin:     "from the mailbox by help@acme.test",
		References: []string{answered},
	}
}

// copyInInbox is a copy of a mailboxAnswer that came into the inbox. It claims to be ours, which isn't proved.
func copyInInbox(answer channelstest.Event) channelstest.Event {
	answer.Type, answer.From, answer.Automatic = "message", "help@acme.test", channels.AutomaticOwn
	return answer
}

// askByMail lets kim ask by mail, and returns the mail's id, and its thread once it is shown.
func (w *world) askByMail(text string) (question, thread string) {
	w.t.Helper()
	question = w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Lamp", Text: text})
	return question, w.waitThread(text)
}

// A mail that somebody sends from the mailbox itself is shown in the thread of the conversation that it answers, with its
// author, its files and where it was written. It counts as the answer.
// Requirement R-259: Answers given elsewhere.
func TestAnsweredInTheMailbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	question, thread := w.askByMail("first")
	w.reply(thread, "!snooze 3d")
	w.waitCard(thread, "#1 snoozed")
	answer := mailboxAnswer("sent-1", "It is on", question)
	answer.Author, answer.Cc = "Dora", []string{"boss@x.test"}
	answer.Files = []channelstest.File{{Name: "bill.pdf", Type: "application/pdf", Content: []byte("PDF")}}
	w.postEvents(mail, answer)

	m := w.waitShown("It is on")
	wantEqual(t, "the answer's thread", m.Thread, thread)
	wantEqual(t, "the answer's author", m.Name, "Dora")
	wantWords(t, "the answer", m.Plain(), "Answered from the mailbox by help@acme.test.")
	w.waitCard(thread, "#1 pending")
	w.waitShown("1 files")
	wantEqual(t, "customers who wait", w.countWaiting(), 0)
	changes := w.count(`SELECT count(*) FROM log_entries WHERE what IN ('woke', 'set pending') AND actor = 'parley'`)
	wantEqual(t, "changes of the status in the log", changes, 2)
	w.waitDrained()
	w.wantNothingSent()
}

// An answer from the mailbox is shown once, although a copy of it comes into the inbox, too. The customer's next mail,
// which answers it, comes behind it in the thread. The reply to that goes to the customer alone.
// Requirement R-259: Answers given elsewhere.
func TestCustomerAnswersWhatTheMailboxWrote(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	question, thread := w.askByMail("first")
	answer := mailboxAnswer("sent-1", "It is on", question)
	answer.Cc = []string{"boss@x.test"}
	w.postEvents(mail, answer)
	w.waitShown("It is on")
	inInbox := copyInInbox(answer)
	inInbox.Text = "It is on, a copy"
	w.postEvents(mail, inInbox)

	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Text: "Thanks", References: []string{"sent-1"}})
	wantEqual(t, "the thread of the customer's answer", w.waitShown("Thanks").Thread, thread)
	w.waitDrained()
	texts := w.customerTexts(thread)
	said := strings.Join(texts, "\n")
	wantEqual(t, "how often the thread shows the answer", strings.Count(said, "It is on"), 1)
	if strings.Index(said, "It is on") > strings.Index(said, "Thanks") {
		t.Errorf("the thread shows %q, want the answer before what the customer wrote then", texts)
	}
	wantEqual(t, "customers who wait", w.countWaiting(), 1)
	w.wantNothingSent()

	w.reply(thread, "You are welcome")
	wantSentTo(t, w.waitSent(1)[0], []string{"kim@x.test"}, nil)
}
