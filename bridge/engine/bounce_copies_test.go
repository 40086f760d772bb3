package engine_test

import (
	"testing"

	"parley/bridge"
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

// ageUntilNobodyCanTell lets so much time pass since attempts whose answer was lost that a person is asked instead.
func (w *world) ageUntilNobodyCanTell() {
	w.t.Helper()
	w.exec(ageUnclear)
	w.exec(`UPDATE deliveries SET sent_at = sent_at - interval '1 hour' WHERE state = 'unknown'`)
	w.exec(lookNow)
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
