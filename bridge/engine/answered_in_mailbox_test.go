package engine_test

import (
	"strings"
	"testing"
	"time"

	"parley/bridge"
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

// An answer in the mailbox is read late. What an agent did to the conversation after it was written stays done.
func TestSnoozedAfterAMailboxAnswer(t *testing.T) {
	t.Parallel()
	for command, card := range map[string]string{"!snooze 3d": "#1 snoozed", "!unassign": "#1 open"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			now := time.Now()
			asked := channelstest.Event{From: "kim@x.test", Subject: "Lamp", Text: "It is dark", At: now.Add(-time.Hour)}
			question := w.customerSends(mail, asked)
			thread := w.waitThread("It is dark")
			w.reply(thread, "!take")
			w.waitCard(thread, "| Ann |")
			w.reply(thread, command)
			w.waitCard(thread, card)
			w.waitDrained()

			late := mailboxAnswer("sent-1", "I write on Monday", question)
			late.At = now.Add(-20 * time.Minute)
			w.postEvents(mail, late)
			w.waitShown("I write on Monday")
			w.waitDrained()
			w.waitCard(thread, card)
			wantEqual(t, "customers who wait", w.countWaiting(), 0)
		})
	}
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

// A mail from the mailbox that goes to somebody else, or begins something new, isn't shown and counts as nobody's answer.
// A customer's answer to it opens a conversation as usual.
func TestWrittenInTheMailboxToOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	question, thread := w.askByMail("first")
	const toLea = "sent-3"
	toOthers := []channelstest.Event{
		{ID: "sent-1", To: []string{"supplier@y.test"}, Text: "Please repair it", References: []string{question}},
		{ID: "sent-2", To: []string{"kim@x.test"}, Text: "Did you see our offer?"},
		{ID: toLea, To: []string{"lea@z.test"}, Text: "Dear Lea"},
		{ID: "sent-4", Text: "To nobody", References: []string{question}},
	}
	for _, e := range toOthers {
		e.Type, e.Origin = "foreign", "from the mailbox by help@acme.test"
		w.postEvents(mail, e)
	}

	w.customerSends(mail, channelstest.Event{From: "lea@z.test", Text: "Dear Acme", References: []string{toLea}})
	w.waitThread("Dear Acme")
	w.waitDrained()
	wantEqual(t, "customers who wait: Kim and Lea", w.countWaiting(), 2)
	wantList(t, "what the thread shows of customers", w.customerTexts(thread), []string{"first"})
	wantEqual(t, "messages of the thread: its card and the customer's", len(w.chat.Messages(support, thread)), 2)
	others := w.count(`SELECT count(*) FROM identities WHERE key NOT IN ('kim@x.test', 'lea@z.test')`)
	wantEqual(t, "people who are remembered though nobody wrote to them here", others, 0)
}

// The copy of a mailbox's answer comes into the inbox first. It is shown once, and counts as the answer only once the
// mail is found among the sent ones.
func TestMailboxAnswerAfterItsCopy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	question, thread := w.askByMail("first")
	answer := mailboxAnswer("sent-1", "It is on", question)
	w.postEvents(mail, copyInInbox(answer))
	w.waitShown("It is on")
	wantEqual(t, "customers who wait after a mail that only says it is ours", w.countWaiting(), 1)

	w.postEvents(mail, answer)
	w.waitCard(thread, "#1 pending")
	w.waitDrained()
	said := strings.Join(w.customerTexts(thread), "\n")
	wantEqual(t, "how often the thread shows the answer", strings.Count(said, "It is on"), 1)
}

// The thread tells that an answer from the mailbox came back.
func TestMailboxAnswerComesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	question, thread := w.askByMail("first")
	w.postEvents(mail, mailboxAnswer("sent-1", "It is on", question))
	w.waitCard(thread, "#1 pending")
	w.postEvents(mail, mailboxAnswer("sent-2", "And fed", question))
	w.waitShown("And fed")
	w.comeBack("sent-2", "kim@x.test")
	w.waitLine(thread, bridge.LineFailed)
}

// comeBack reports that a mail came back from a recipient, or from one that isn't named (""), and waits until that is
// applied.
func (w *world) comeBack(id, recipient string) {
	w.t.Helper()
	w.postEvents(mail, channelstest.Event{
		Type: "status", State: "failed", External: []string{id}, Recipient: recipient, Reason: "no such user",
	})
	w.waitDrained()
}

// An answer from the mailbox comes back from several recipients, and each is told once. The customer waits again once it
// came back from her. She doesn't while it came back from a person in copy only.
func TestMailboxAnswerComesBackFromSeveral(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	question := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test"}, Subject: "Lamp", Text: "first"})
	thread := w.waitThread("first")
	answer := mailboxAnswer("sent-1", "It is on", question)
	answer.To, answer.Cc = []string{"kim@x.test", "max@x.test"}, []string{"lee@x.test"}
	w.postEvents(mail, answer)
	w.waitCard(thread, "#1 pending")

	w.comeBack("sent-1", "lee@x.test")
	wantWords(t, "the line about the copy", w.waitLine(thread, bridge.LineFailed).Plain(), "lee@x.test")
	wantEqual(t, "customers who wait after a copy came back", w.countWaiting(), 0)

	w.advance(time.Hour)
	w.comeBack("sent-1", "kim@x.test")
	w.waitShown("kim@x.test: no such user")
	wantEqual(t, "customers who wait after the customer's came back", w.countWaiting(), 1)
	waitsSince := w.text(`SELECT string_agg(m.text, ',') FROM messages AS m JOIN conversations AS c ON c.waiting_since = m.created_at`)
	wantEqual(t, "what the customer waits for an answer to", waitsSince, "first")

	w.comeBack("sent-1", "max@x.test")
	waitMessage(t, w.chat, support, thread, "[failed]", "max@x.test")

	// A second report about any of them is told to nobody, even if it spells the address differently or omits it.
	for _, recipient := range []string{"Kim@x.test", "max@x.test", "lee@x.test", ""} {
		w.comeBack("sent-1", recipient)
	}
	wantEqual(t, "lines of failures: one for each recipient", w.countLines(thread, bridge.LineFailed), 3)
}

// An answer from the mailbox that is read late doesn't answer what the customer has written since. That holds also if its
// copy came into the inbox first, and after a reply to her last mail failed. A later answer from the mailbox does answer
// her.
func TestMailboxAnswerThatIsReadLate(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		copyFirst bool
		marked    string // as what the customer's last mail is marked
	}{
		{name: "found among the sent messages"},
		{name: "its copy came into the inbox first", copyFirst: true},
		{name: "the customer's last mail is taken for spam", marked: "spam"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			now := time.Now()
			first := channelstest.Event{From: "kim@x.test", Subject: "Lamp", Text: "It is dark", At: now.Add(-time.Hour)}
			question := w.customerSends(mail, first)
			thread := w.waitThread("It is dark")
			w.customerSends(mail, channelstest.Event{From: "kim@x.test", Text: "Still dark", At: now, References: []string{question},
				Automatic: tt.marked, Conversation: 1})
			w.waitShown("Still dark")

			late := mailboxAnswer("sent-1", "Press the knob", question)
			late.At = now.Add(-20 * time.Minute) // between the customer's two mails
			if tt.copyFirst {
				w.postEvents(mail, copyInInbox(late))
				w.waitShown("Press the knob")
			}
			w.postEvents(mail, late)
			w.waitShown("Press the knob")
			w.waitDrained()
			w.waitCard(thread, "#1 open")
			wantEqual(t, "customers who wait after the late answer", w.countWaiting(), 1)

			w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent})
			w.waitFate(w.reply(thread, "Refused"), "failed")
			wantEqual(t, "customers who wait after a reply that was refused", w.countWaiting(), 1)

			newer := mailboxAnswer("sent-2", "Take a new one", question)
			newer.At = now.Add(time.Minute)
			w.postEvents(mail, newer)
			w.waitShown("Take a new one")
			w.waitCard(thread, "#1 pending")
		})
	}
}
