package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/relay"
	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which customers
// write and are answered, and a fake chat, in whose channel "support" agents work.

// answerCopied lets ann answer a mail of kim, of which Gone and Full get copies. It returns the thread and the reply.
func (w *world) answerCopied() (thread, reply string) {
	w.t.Helper()
	return w.answerMail(channelstest.Event{From: "kim@x.test", Cc: []string{"gone@x.test", "full@x.test"}})
}

// standing is how a conversation stands: its status, and since when its customer waits, "" if she doesn't.
type standing struct{ Status, WaitingSince string }

// standingOfFirst returns how the first conversation stands.
func (w *world) standingOfFirst() standing {
	w.t.Helper()
	return standing{
		Status:       w.text(`SELECT status FROM conversations WHERE id = 1`),
		WaitingSince: w.text(`SELECT waiting_since FROM conversations WHERE id = 1`),
	}
}

// countLinesOfSent counts the lines of failures that say that the customer herself has got the mail.
func (w *world) countLinesOfSent() int {
	w.t.Helper()
	return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'line' AND payload->'line' @> '{"Sent": true}'`)
}

// Copies that bounce are told with their addresses, each once, and are not the customer's failure: the reply stays sent, nobody waits
// for it, and nothing offers to send it again to those who have it.
func TestBounceOfCopies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread, reply := w.answerCopied()
	w.waitDrained()
	before := w.standingOfFirst()
	w.bounce(reply, "Gone@X.test", "full@x.test", "gone@x.test")

	for _, words := range []string{"no mailbox Gone@X.test", "no mailbox full@x.test"} {
		line := w.waitShown(words)
		wantButtons(t, "the line of a copy", line)
		wantNoWords(t, "the line of a copy, whose outcome is open", line.Plain(), " = ")
	}
	wantEqual(t, "lines of failures", w.countLines(thread, bridge.LineFailed), 2)
	wantEqual(t, "lines that say that the customer has the mail", w.countLinesOfSent(), 2)
	w.waitFate(reply, "out")
	wantEqual(t, "the delivery's state", w.text(`SELECT state FROM deliveries WHERE kind = 'reply'`), "accepted")
	wantEqual(t, "how the conversation stands", w.standingOfFirst(), before)
	warnings := w.count(`SELECT count(*) FROM deliveries WHERE kind = 'mark' AND payload::text LIKE '%"warning"%'`)
	wantEqual(t, "warnings on the agent's message", warnings, 0)
}

// answerUnclear lets ann answer a mail of kim, of which Lee gets a copy. The answer of our own server is lost, and nobody can find out
// whether the mail left. It returns the thread and the reply.
func (w *world) answerUnclear() (thread, reply string) {
	w.t.Helper()
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "One", Text: "first", Cc: []string{"lee@x.test"}})
	thread = w.waitThread("first")
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter})
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
	reply = w.reply(thread, "Answer")
	w.waitDeliveryState(reply, "unknown")
	return thread, reply
}

// ageUntilNobodyCanTell lets so much time pass since attempts whose answer was lost that a person is asked instead.
func (w *world) ageUntilNobodyCanTell() {
	w.t.Helper()
	w.exec(ageUnclear)
	w.exec(`UPDATE deliveries SET sent_at = sent_at - interval '1 hour' WHERE state = 'unknown'`)
	w.exec(lookNow)
}

// A reply was deleted, and nobody can tell whether it had left: its author is told so, and has nothing to decide.
func TestDeletedReplyOfWhichNobodyCanTell(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{relay: relay.Options{ReconcileAfter: time.Hour}})
	thread, reply := w.answerUnclear()
	w.chat.Delete(support, reply)
	w.waitFate(reply, "undone")
	w.repeatUntil("its author is told", w.ageUntilNobodyCanTell, func() bool { return w.countLines(thread, bridge.LineUnclear) == 1 })
	wantEqual(t, "buttons of the line", len(w.waitLine(thread, bridge.LineUnclear).Buttons), 0)
	w.waitFate(reply, "undone")
}

// A copy that bounces, or that is delayed, shows that the mail left: if the answer of our own server was lost, nobody has to find
// out any more whether the customer got it, and what comes behind it leaves.
func TestBounceOfACopyOfAnUnclearReply(t *testing.T) {
	t.Parallel()
	for _, tt := range reportsOfACopy() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{relay: relay.Options{ReconcileAfter: time.Hour}})
			thread, reply := w.answerUnclear()
			w.postEvents(mail, tt.report(w, reply))
			w.wantLeft(thread, reply)
		})
	}
}

// It shows that, too, when a person was asked already: the question is answered then.
func TestBounceOfACopyAnswersTheQuestion(t *testing.T) {
	t.Parallel()
	for _, tt := range reportsOfACopy() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{relay: relay.Options{ReconcileAfter: time.Hour}})
			thread, reply := w.answerUnclear()
			w.repeatUntil("a person is asked", w.ageUntilNobodyCanTell, func() bool { return w.countLines(thread, bridge.LineUnclear) == 1 })
			w.postEvents(mail, tt.report(w, reply))
			w.waitFate(reply, "out")
			w.waitOutcome(w.waitLine(thread, bridge.LineUnclear), bridge.OutcomeSent)
			w.wantLeft(thread, reply)
		})
	}
}

// reportOfACopy is what a server reports of the copy that Lee gets of a reply.
type reportOfACopy struct {
	name   string
	report func(w *world, reply string) channelstest.Event
}

func reportsOfACopy() []reportOfACopy {
	return []reportOfACopy{
		{name: "bounced", report: func(w *world, reply string) channelstest.Event { return w.failure(reply, "no mailbox", "lee@x.test") }},
		{name: "delayed", report: func(w *world, reply string) channelstest.Event { return w.delay(reply, "no mailbox", "lee@x.test") }},
	}
}

// wantLeft waits until a reply that was unclear counts as sent, and checks that the next one leaves behind it.
func (w *world) wantLeft(thread, reply string) {
	w.t.Helper()
	w.waitFate(reply, "out")
	w.waitDeliveryState(reply, "accepted")
	w.reply(thread, "More")
	w.provider.WaitTexts(w.t, "Answer", "More")
	w.waitDrained()
	wantEqual(w.t, "the conversation's status", w.text(`SELECT status FROM conversations`), "pending")
}

// A reply that was sent again, and of which nobody knows whether it left this time, stays unclear whatever comes back of a copy: the
// report may be about the first time.
func TestBounceOfACopyOfTheFirstSending(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{relay: relay.Options{ReconcileAfter: time.Hour}})
	_, reply := w.answerCopied()
	w.bounce(reply, "kim@x.test")
	w.waitFate(reply, "failed")
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter})
	w.chat.Press(t, "ann", w.waitShown("kim@x.test: no mailbox"), bridge.VerbSendAgain)
	w.waitDeliveryState(reply, "unknown")
	w.postEvents(mail, w.failure(reply, "no mailbox", "gone@x.test"))
	w.waitShown("no mailbox gone@x.test")
	w.waitDeliveryState(reply, "unknown")
}

// A delay names whoever doesn't have the mail yet: the customer, or else the address.
func TestDelayNamesWhoWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	_, reply := w.answerMail(channelstest.Event{
		From: "kim@x.test", Cc: []string{"lee@x.test"}, ReplyTo: []string{"kim@x.test", "max@x.test"},
	})
	tests := []struct {
		name      string
		recipient string // whom the report is about
		wantNamed string // by the line; "" is the customer
	}{
		{name: "somebody in copy", recipient: "Lee@x.test", wantNamed: "Lee@x.test"},
		{name: "another recipient", recipient: "max@x.test", wantNamed: "max@x.test"},
		{name: "the customer", recipient: "kim@x.test", wantNamed: ""},
		{name: "an address that nobody knows, into which a server rewrote the customer's", recipient: "box17@hoster.test", wantNamed: ""},
	}
	for _, tt := range tests {
		reason := "not yet: " + tt.recipient
		w.postEvents(mail, w.delay(reply, reason, tt.recipient))
		w.waitShown(reason)
		named := w.text(`SELECT payload->'line'->>'Recipient' FROM deliveries WHERE kind = 'line' AND payload->'line'->>'Reason' = $1`, reason)
		wantEqual(t, "whom the line names about "+tt.name, named, tt.wantNamed)
	}
}

// Several lines that left as one mail are one mail also when a copy of it comes back or is late: it is told once.
func TestBounceOfACopyOfSeveralLines(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: lineHold})
	w.waitRunsAllowed()
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "One", Text: "first", Cc: []string{"lee@x.test"}})
	thread := w.waitThread("first")
	one, two := w.replyInHold(thread, "One"), w.replyInHold(thread, "Two")
	w.advance(2 * lineHold)
	w.provider.WaitTexts(t, "One\n\nTwo")
	w.waitMarked(two, "sent")
	w.bounce(one, "lee@x.test")
	w.bounce(one, "lee@x.test")
	w.postEvents(mail, w.delay(one, "waits", "kim@x.test"))
	w.waitLine(thread, bridge.LineDelayed)
	w.waitDrained()
	wantEqual(t, "lines that tell of the copy", w.countLines(thread, bridge.LineFailed), 1)
	wantEqual(t, "lines that tell of the delay", w.countLines(thread, bridge.LineDelayed), 1)
}

// If the customer did not get a mail, either, the line about that keeps its reason and its button, whatever the same report, or a
// later one, tells of copies before and after.
func TestBounceOfCustomerAndCopies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread, reply := w.answerCopied()
	w.bounce(reply, "gone@x.test", "Kim@x.test", "full@x.test")
	w.waitFate(reply, "failed")
	w.waitShown("no mailbox gone@x.test")
	w.waitShown("no mailbox full@x.test")
	wantButtons(t, "the customer's failure", w.waitShown("Kim@x.test: no mailbox"), bridge.VerbSendAgain)
	w.bounce(reply, "gone@x.test", "full@x.test", "kim@x.test")
	wantEqual(t, "lines of failures: one for each recipient", w.countLines(thread, bridge.LineFailed), 3)
	wantEqual(t, "lines that say that the customer has the mail", w.countLinesOfSent(), 0)
}

// Sending a mail again whose customer and copies did not get it settles the lines of all of them.
func TestSendAgainSettlesFailuresOfCopies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	_, reply := w.answerCopied()
	w.bounce(reply, "gone@x.test", "kim@x.test")
	w.waitFate(reply, "failed")
	failed := w.waitShown("kim@x.test: no mailbox")
	w.chat.Press(t, "ann", failed, bridge.VerbSendAgain)
	w.provider.WaitTexts(t, "Answer", "Answer")
	w.waitOutcome(failed, bridge.OutcomeSent)
	w.waitOutcome(w.waitShown("no mailbox gone@x.test"), bridge.OutcomeSent)
}
