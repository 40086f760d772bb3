package email

import (
	"slices"
	"strings"
	"testing"
	"time"

	"parley/channels"
	"parley/channels/email/mailfake"
)

// Parley reads the folder of sent mail, too. An answer that somebody wrote in the mailbox itself is shown like one from
// Parley.

// pollOften makes the channel look for mail often, since the server doesn't announce mail that comes into the folder of
// sent mail.
func (w *world) pollOften() { w.opts.Timing.Poll = 10 * time.Millisecond }

// waitSentFolderRead waits until the watermark says that the folder of sent mail is read.
func (w *world) waitSentFolderRead() {
	w.t.Helper()
	w.waitWatermark(`"sent":{`)
}

// newSentWorld makes a world whose channel runs and reads the folder of sent mail, too.
func newSentWorld(t *testing.T, change ...func(*mailfake.MailboxConfig)) *world {
	t.Helper()
	w := newWorld(t, func(o *mailfake.Options) {
		for _, c := range change {
			c(&o.Mailboxes[0])
		}
	})
	w.pollOften()
	w.startAndWaitActive()
	w.waitSentFolderRead()
	return w
}

// Habits of servers.
func saveToSent(c *mailfake.MailboxConfig) { c.SaveToSent = true }

// answerInMailbox writes an answer to the newest mail of the inbox, as if somebody used a mail program. The text is also
// its subject.
func (w *world) answerInMailbox(text string) mailfake.Sent {
	w.t.Helper()
	inbox := w.Inbox(support)
	answer := mailfake.Mail{Subject: text, Text: text}
	sent, err := w.Customer("Acme Support <"+support+">").ReplyWith(inbox[len(inbox)-1], answer)
	noError(w.t, err)
	return sent
}

// send sends reply().
func (w *world) send() {
	w.t.Helper()
	if _, err := w.channel().Send(testContext(w.t), reply()); err != nil {
		w.t.Fatal(err)
	}
}

// decodeOne returns the one Inbound that a fact is decoded into.
func (w *world) decodeOne(f channels.Fact) channels.Inbound {
	w.t.Helper()
	ins, err := w.channel().Decode(f.Payload)
	noError(w.t, err)
	if len(ins) != 1 {
		w.t.Fatalf("decoded: got %+v, want one thing", ins)
	}
	return ins[0]
}

// replySubject is the subject with which reply() leaves.
const replySubject = "Re: Printer on fire"

// wantAnswer checks what the n-th fact says of an answer that somebody wrote in the mailbox.
func (w *world) wantAnswer(n int, sent mailfake.Sent) {
	w.t.Helper()
	got := w.decodeOne(w.journal.snapshot().facts[n])
	wantEqual(w.t, "kind", got.Kind, channels.InboundElsewhere)
	wantEqual(w.t, "id", got.ExternalID, strings.Trim(sent.MessageID, "<>"))
	wantEqual(w.t, "author and origin", got.Elsewhere, channels.Elsewhere{Author: "Acme Support", Origin: "from the mailbox by " + support})
	wantEqual(w.t, "customer who wrote it", got.From.Key, "")
	if len(got.Envelope.To) != 1 {
		w.t.Fatalf("recipients: got %+v, want the customer", got.Envelope.To)
	}
	wantEqual(w.t, "recipient", got.Envelope.To[0].Key, customer)
}

// An answer that somebody writes in the mailbox itself is stored once. A mail that Parley sent is not even fetched,
// whether Parley or the server files the copy.
// Requirement R-259: Answers given elsewhere.
func TestSentFolderIsRead(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*mailfake.MailboxConfig)
	}{
		{name: "Parley files a copy", change: func(*mailfake.MailboxConfig) {}},
		{name: "the server files", change: saveToSent},
		{name: "localised name", change: func(c *mailfake.MailboxConfig) { c.SentFolder = "[Mail]/Odeslaná" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newSentWorld(t, tt.change)

			w.deliver("Question")
			w.waitStored("Question")
			w.send()
			answer := w.answerInMailbox("Answer")
			w.waitStored("Question", "Answer")
			w.answerInMailbox("Another")
			w.waitStored("Question", "Answer", "Another")

			w.wantAnswer(1, answer)
			for _, call := range w.journal.snapshot().calls {
				if got := subjectsOf(call); slices.Contains(got, replySubject) {
					t.Errorf("fetched mails: got %q, want nothing that Parley sent", got)
				}
			}
		})
	}
}

// Mails that came while Parley wasn't running are taken in the order of their arrival in both folders, at the first start
// and at later ones. Older mails and mails that were moved into the folder of sent mail are not taken.
func TestSentMailInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.begins = time.Now().Add(-3 * time.Hour)
	w.appendReceived("INBOX", "question", 100*time.Minute)
	w.appendReceived("Sent", "years before", 50*time.Hour)
	w.appendReceived("Sent", "the day before", 20*time.Hour)
	w.appendReceived("Sent", "answer", 90*time.Minute)
	w.appendReceived("INBOX", "thanks", 80*time.Minute)
	w.appendReceived("INBOX", "and one more", 79*time.Minute)
	w.appendReceived("Sent", "more answers", 70*time.Minute)
	w.appendReceived("Sent", "welcome", 69*time.Minute)
	stop := w.start()
	first := []string{"question", "answer", "thanks", "and one more", "more answers", "welcome"}
	w.waitStored(first...)
	w.waitSentFolderRead()
	stop()

	w.appendReceived("INBOX", "later question", 60*time.Minute)
	w.appendReceived("Sent", "later answer", 50*time.Minute)
	w.appendReceived("Sent", "moved here", 30*24*time.Hour)
	w.appendReceived("INBOX", "later thanks", 40*time.Minute)
	w.start()
	w.waitStored(append(first, "later question", "later answer", "later thanks")...)
}

// newAnsweredWorld makes a world whose channel reads the folder of sent mail, and in which a question and its answer are
// stored. Its channel doesn't run. before is the watermark from before the answer.
func newAnsweredWorld(t *testing.T) (w *world, before []byte) {
	t.Helper()
	w = newWorld(t)
	w.pollOften()
	stop := w.startAndWaitActive()
	w.waitSentFolderRead()
	w.deliver("question")
	w.waitStored("question")
	before = slices.Clone(w.journal.snapshot().state)
	w.answerInMailbox("answer")
	w.waitStored("question", "answer")
	stop()
	return w, before
}

// If the process ends after it has stored an answer and before it has noted that, it finds the answer again, and the
// journal keeps it once.
func TestSentMailIsStoredOnceAfterACrash(t *testing.T) {
	t.Parallel()
	w, before := newAnsweredWorld(t)
	w.journal.state = before // as if the process had ended before the watermark was saved
	w.start()
	w.answerInMailbox("second")
	w.waitStored("question", "answer", "second")
	if got := len(w.journal.snapshot().calls); got < 3 {
		t.Errorf("calls of Accept: got %d, want at least three, since the first answer is stored again", got)
	}
}

// A folder of sent mail that can't be listed, opened or read never keeps the inbox from being read.
func TestSentFolderInTrouble(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault mailfake.Fault
	}{
		{name: "LIST refused", fault: mailfake.Fault{Op: mailfake.OpLIST, Action: mailfake.ActionReply, Times: mailfake.Forever}},
		{name: "LIST unanswered", fault: mailfake.Fault{Op: mailfake.OpLIST, Action: mailfake.ActionDelay, Times: mailfake.Forever}},
		{name: "STATUS refused", fault: mailfake.Fault{Op: mailfake.OpSTATUS, Action: mailfake.ActionReply, Times: mailfake.Forever}},
		{name: "hang-up at STATUS", fault: mailfake.Fault{Op: mailfake.OpSTATUS, Action: mailfake.ActionBye, Times: mailfake.Forever}},
		// The first folder that is opened is the inbox.
		{name: "opening refused", fault: mailfake.Fault{Op: mailfake.OpSELECT, Action: mailfake.ActionReply, Nth: 2}},
		{name: "new UIDVALIDITY", fault: mailfake.Fault{Op: mailfake.OpSELECT, Action: mailfake.ActionUIDValidity, Nth: 3}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.opts.Timing.Command = time.Second
			w.addFault(tt.fault)
			w.appendReceived("Sent", "an answer", time.Minute)

			idle := w.addIdleFault(mailfake.Fault{Action: mailfake.ActionExists})
			w.startAndWaitActive()
			w.waitFault(idle, 1)
			w.deliver("one")
			w.waitStored("one")
			w.deliver("two")
			w.waitStored("one", "two")
		})
	}
}
