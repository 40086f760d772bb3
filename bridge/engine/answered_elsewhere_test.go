package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
	"parley/channels/channelstest"
)

// an answer written elsewhere is shown, counts as one, and is never sent.
func TestAnsweredElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	w.postChatEvent(channelstest.Event{Type: "foreign", ID: "echo-1", From: "kim", Author: "Dora", Text: "Hi from the page"})
	m := w.waitShown("Hi from the page")
	wantEqual(t, "the answer's thread", m.Thread, thread)
	wantEqual(t, "the answer's author", m.Name, "Dora")
	w.waitCard(thread, "#1 pending")
	if n := w.count(`SELECT count(*) FROM conversations WHERE waiting_since IS NOT NULL`); n != 0 {
		t.Error("the customer still waits")
	}
	w.postChatEvent(channelstest.Event{Type: "foreign", ID: "echo-2", From: "lea", Text: "We begin"})
	w.waitShown("We begin")
	w.customerWrites("lea", "Fine")
	if w.waitThread("Fine") != w.waitThread("We begin") {
		t.Error("her answer is elsewhere")
	}
	w.waitDrained()
	w.wantNothingSent()
}

// An automatic answer of the Page's inbox is shown, and the customer still waits; so does one
// who was answered before the last words.
func TestMachineElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(0)})
	wrote := time.Now().Add(-time.Hour)
	w.customerSends(chat, channelstest.Event{From: "kim", Text: "Hello", At: wrote})
	thread := w.waitThread("Hello")
	for id, at := range map[string]time.Duration{"before": -time.Minute, "at once": 2 * time.Second} {
		w.postChatEvent(channelstest.Event{Type: "foreign", ID: id, From: "kim", At: wrote.Add(at), Text: "Thank you, " + id})
		wantEqual(t, "the thread that shows the machine's answer "+id, w.waitShown("Thank you, "+id).Thread, thread)
		wantEqual(t, "customers who wait after the machine's answer "+id, w.countWaiting(), 1)
	}
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent})
	w.waitFate(w.reply(thread, "Refused"), "failed") // it did not reach her, nor did anything else
	if w.countWaiting() != 1 {
		t.Error("the customer doesn't wait any more")
	}
	w.postChatEvent(channelstest.Event{Type: "foreign", ID: "later", From: "kim", At: wrote.Add(6 * time.Second), Text: "We look"})
	w.waitShown("We look")
	if w.countWaiting() != 0 {
		t.Error("the customer still waits")
	}
}

// countWaiting counts the conversations of which the customer waits for us.
func (w *world) countWaiting() int {
	w.t.Helper()
	return w.count(`SELECT count(*) FROM conversations WHERE waiting_since IS NOT NULL AND status = 'open'`)
}

// what somebody writes in the mailbox itself is shown once and counts as the answer of the
// conversation that it answers; the customer's next mail comes after it.
func TestAnsweredInTheMailbox(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	question := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Lamp", Text: "first"})
	thread := w.waitThread("first")
	w.chat.Say("ann", support, thread, "!snooze 3d")
	w.waitCard(thread, "#1 snoozed")
	answer := channelstest.Event{Type: "foreign", ID: "sent-1", To: []string{"kim@x.test"}, Cc: []string{"boss@x.test"}, Author: "Dora", Text: "It is on",
		Origin: "from the mailbox by help@acme.test", References: []string{question}, Files: []channelstest.File{{Name: "bill.pdf", Type: "application/pdf", Content: []byte("PDF")}}}
	w.postEvents(mail, answer)
	m := w.waitShown("It is on")
	wantEqual(t, "the answer's thread", m.Thread, thread)
	wantEqual(t, "the answer's author", m.Name, "Dora")
	wantWords(t, "the answer", m.Plain(), "Answered from the mailbox by help@acme.test.")
	w.waitCard(thread, "#1 pending")
	w.waitShown("1 files")
	if n := w.countWaiting(); n != 0 {
		t.Error("the customer still waits")
	}
	w.postEvents(mail, channelstest.Event{Type: "message", ID: "sent-1", From: "help@acme.test", Automatic: channels.AutomaticOwn, Text: "It is on, a copy", References: []string{question}})
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Text: "Thanks", References: []string{"sent-1"}})
	if got := w.waitShown("Thanks"); got.Thread != thread {
		t.Errorf("the customer's answer is in %s, want %s", got.Thread, thread)
	}
	w.waitDrained()
	said := strings.Join(w.customerTexts(thread), "\n")
	wantEqual(t, "how often the thread shows the answer", strings.Count(said, "It is"), 1)
	if strings.Index(said, "It is") > strings.Index(said, "Thanks") {
		t.Errorf("the thread shows %q, want the answer before what the customer wrote then", said)
	}
	wantEqual(t, "customers who wait", w.countWaiting(), 1)
	w.wantNothingSent()
	w.reply(thread, "You are welcome")
	wantSentTo(t, w.waitSent(1)[0], []string{"kim@x.test"}, nil)
}

// What is written in the mailbox to others, or begins something new, is left alone; the customer's
// answer to it is a conversation as usual.
func TestWrittenInTheMailboxToOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	question := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Lamp", Text: "first"})
	thread := w.waitThread("first")
	for i, e := range []channelstest.Event{
		{To: []string{"supplier@y.test"}, Text: "Please repair it", References: []string{question}},
		{To: []string{"kim@x.test"}, Text: "Did you see our offer?"},
		{To: []string{"lea@z.test"}, Text: "Dear Lea"},
		{Text: "To nobody", References: []string{question}},
	} {
		e.Type, e.ID, e.Origin = "foreign", fmt.Sprintf("sent-%d", i), "from the mailbox by help@acme.test"
		w.postEvents(mail, e)
	}
	w.customerSends(mail, channelstest.Event{From: "lea@z.test", Text: "Dear Acme", References: []string{"sent-2"}})
	w.waitThread("Dear Acme")
	w.waitDrained()
	wantEqual(t, "customers who wait", w.countWaiting(), 2)
	wantList(t, "what the thread shows of customers", w.customerTexts(thread), []string{"first"})
	wantEqual(t, "messages of the thread: its card and the customer's", len(w.chat.Messages(support, thread)), 2)
	if n := w.count(`SELECT count(*) FROM identities WHERE key NOT IN ('kim@x.test', 'lea@z.test')`); n != 0 {
		t.Errorf("%d people are remembered to whom nobody wrote here, want none", n)
	}
}

// A copy that came into the inbox first is shown as what it is, and counts when it proves to be
// sent. An answer that comes back leaves the customer waiting.
func TestMailboxAnswerAfterItsCopy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	question := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Lamp", Text: "first"})
	thread := w.waitThread("first")
	w.postEvents(mail, channelstest.Event{Type: "message", ID: "sent-1", From: "help@acme.test", To: []string{"kim@x.test"}, Automatic: channels.AutomaticOwn, Text: "It is on", References: []string{question}})
	w.waitShown("It is on")
	if w.countWaiting() != 1 {
		t.Error("a mail that only says it is ours counts")
	}
	w.postEvents(mail, channelstest.Event{Type: "foreign", ID: "sent-1", To: []string{"kim@x.test"}, Text: "It is on", References: []string{question}})
	w.waitCard(thread, "#1 pending")
	w.postEvents(mail, channelstest.Event{Type: "foreign", ID: "sent-2", To: []string{"kim@x.test"}, Text: "And fed", References: []string{question}})
	w.waitShown("And fed")
	w.postEvents(mail, channelstest.Event{Type: "status", State: "failed", External: []string{"sent-2"}, Recipient: "kim@x.test", Reason: "no such user"})
	w.waitLine(thread, bridge.LineFailed)
	w.waitDrained()
	if said := strings.Join(w.customerTexts(thread), "\n"); strings.Count(said, "It is on") != 1 {
		t.Errorf("the thread shows %q", said)
	}
}

// An answer that was written in the mailbox may come back from several recipients: each is told once. Somebody in copy doesn't
// leave the customer waiting.
func TestMailboxAnswerComesBackFromSeveral(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	question := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test"}, Subject: "Lamp", Text: "first"})
	thread := w.waitThread("first")
	w.postEvents(mail, channelstest.Event{Type: "foreign", ID: "sent-1", To: []string{"kim@x.test", "max@x.test"}, Cc: []string{"lee@x.test"},
		Text: "It is on", References: []string{question}})
	w.waitCard(thread, "#1 pending")
	comeBack := func(recipients ...string) {
		t.Helper()
		for _, who := range recipients {
			w.postEvents(mail, channelstest.Event{Type: "status", State: "failed", External: []string{"sent-1"}, Recipient: who, Reason: "no such user"})
		}
		w.waitDrained()
	}
	comeBack("lee@x.test")
	wantWords(t, "the line about the copy", w.waitLine(thread, bridge.LineFailed).Plain(), "lee@x.test")
	wantEqual(t, "customers who wait after a copy came back", w.countWaiting(), 0)
	comeBack("kim@x.test")
	w.waitShown("kim@x.test: no such user")
	wantEqual(t, "customers who wait", w.countWaiting(), 1)
	comeBack("max@x.test", "Kim@x.test", "max@x.test", "lee@x.test", "")
	waitMessage(t, w.chat, support, thread, "[failed]", "max@x.test")
	wantEqual(t, "lines of failures: one for each recipient", w.countLines(thread, bridge.LineFailed), 3)
}

// An answer that was written in the mailbox and is read late doesn't answer what the customer wrote since: whether it was found
// among the sent messages alone, or came into the inbox first. Nor does it once a reply to that comes back.
func TestMailboxAnswerThatIsReadLate(t *testing.T) {
	t.Parallel()
	for name, copyFirst := range map[string]bool{"sent": false, "its copy came first": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			now := time.Now()
			question := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Lamp", Text: "It is dark", At: now.Add(-time.Hour)})
			thread := w.waitThread("It is dark")
			w.customerSends(mail, channelstest.Event{From: "kim@x.test", Text: "Still dark", At: now, References: []string{question}})
			w.waitShown("Still dark")
			answer := channelstest.Event{ID: "sent-1", At: now.Add(-20 * time.Minute), To: []string{"kim@x.test"}, Text: "Press the knob", References: []string{question}}
			if copyFirst {
				own := answer
				own.Type, own.From, own.Automatic = "message", "help@acme.test", channels.AutomaticOwn
				w.postEvents(mail, own)
				w.waitShown("Press the knob")
			}
			answer.Type = "foreign"
			w.postEvents(mail, answer)
			w.waitShown("Press the knob")
			w.waitDrained()
			w.waitCard(thread, "#1 open")
			if w.countWaiting() != 1 {
				t.Error("the customer doesn't wait any more")
			}
			w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.BadContent})
			w.waitFate(w.reply(thread, "Refused"), "failed")
			if w.countWaiting() != 1 {
				t.Error("the customer doesn't wait, though nothing has come since the last words")
			}
			w.postEvents(mail, channelstest.Event{Type: "foreign", ID: "sent-2", At: now.Add(time.Minute), To: []string{"kim@x.test"}, Text: "Take a new one", References: []string{question}})
			w.waitShown("Take a new one")
			w.waitCard(thread, "#1 pending")
		})
	}
}

// The customer's machine answers while an agent's reply is held: the customer has written nothing since, so the reply is the answer.
func TestAutoReplyInTheHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	question := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Lamp", Text: "It is dark"})
	thread := w.waitThread("It is dark")
	held := w.reply(thread, "Press the knob")
	w.waitFate(held, "waiting")
	before := w.annsFacts().LastMessage
	wantEqual(t, "who spoke last", before.From, "agent")
	wantEqual(t, "what was said last", before.Preview, "Press the knob")
	w.advance(time.Minute)
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Text: "I am on holiday", Automatic: "auto-replied", References: []string{question}})
	w.waitShown("I am on holiday")
	if after := w.annsFacts().LastMessage; after != before {
		t.Errorf("lists show %+v after the machine's answer, want %+v", after, before)
	}
	w.advance(time.Hour)
	w.waitFate(held, "out")
	w.waitCard(thread, "#1 pending")
	if w.count(`SELECT count(*) FROM conversations WHERE waiting_since IS NOT NULL`) != 0 {
		t.Error("the customer still waits")
	}
}

// Mail that is marked as spam comes while an agent's reply is held. A person may have written it all the same, and has seen no answer
// to it: the reply leaves, and the customer waits on.
func TestSpamInTheHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	question := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Lamp", Text: "It is dark"})
	thread := w.waitThread("It is dark")
	held := w.reply(thread, "Press the knob")
	w.waitFate(held, "waiting")
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Text: "There is no knob", Automatic: "spam", References: []string{question}})
	w.waitShown("There is no knob")
	last := w.annsFacts().LastMessage
	wantEqual(t, "who spoke last", last.From, "customer")
	wantEqual(t, "what was said last", last.Preview, "There is no knob")

	w.advance(time.Hour)
	w.waitFate(held, "out")
	w.waitDrained()
	w.waitCard(thread, "#1 open")
	if n := w.countWaiting(); n != 1 {
		t.Errorf("%d customers wait, want 1\n%s", n, w.dump())
	}
}

// TestSpamThatAnswersUs: mail that is marked as spam or came by a list opens a resolved conversation and wakes a snoozed one if it has
// our token and its sender takes part. A stranger's, and one without the token, only stands in the thread.
func TestSpamThatAnswersUs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	question := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Lamp", Text: "It is dark"})
	thread := w.waitThread("It is dark")
	w.reply(thread, "!take")
	w.waitCard(thread, "| Ann |")
	for command, status := range map[string]string{"!resolve": "#1 resolved", "!snooze 2h": "#1 snoozed"} {
		w.reply(thread, command)
		w.waitCard(thread, status)
		for text, e := range map[string]channelstest.Event{
			"No token":    {From: "kim@x.test", Automatic: "spam", References: []string{question}},
			"No customer": {From: "eve@x.test", Automatic: "spam", Conversation: 1},
			"A machine":   {From: "kim@x.test", Automatic: "auto-reply", Conversation: 1},
		} {
			e.Text = text + command
			w.customerSends(mail, e)
			w.waitShown(e.Text)
		}
		w.waitDrained()
		w.waitCard(thread, status)

		w.customerSends(mail, channelstest.Event{From: "kim@x.test", Text: "Still dark" + command, Automatic: "spam", Conversation: 1})
		w.waitShown("Still dark" + command)
		w.waitCard(thread, "#1 open")
	}
	for _, kind := range []bridge.LineKind{bridge.LineReopened, bridge.LineWoke} {
		if m, want := w.waitLine(thread, kind), []string{"ann"}; !slices.Equal(m.Mentions(), want) {
			t.Errorf("line %s mentions %v, want %v", kind, m.Mentions(), want)
		}
	}
	if n := w.countWaiting(); n != 1 {
		t.Errorf("%d customers wait, want 1\n%s", n, w.dump())
	}
}
