package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
	"parley/store/storetest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// idOf returns the id of the message that an agent typed.
func (w *world) idOf(typed string) int64 {
	w.t.Helper()
	return int64(w.count(`SELECT id FROM messages WHERE place = $1`, typed))
}

// failure is a report that a reply did not arrive; a mail's report names the recipient.
func (w *world) failure(reply, reason, recipient string) channelstest.Event {
	w.t.Helper()
	return channelstest.Event{Type: "status", State: "failed", Reason: reason, Recipient: recipient, Message: w.idOf(reply)}
}

// bounce reports in one report that a mail did not reach these recipients, and waits until that is applied. "" stands for
// a recipient who isn't named.
func (w *world) bounce(reply string, recipients ...string) {
	w.t.Helper()
	var all []channelstest.Event
	for _, who := range recipients {
		all = append(all, w.failure(reply, "no mailbox", who))
	}
	w.postEvents(mail, all...)
	w.waitDrained()
}

// bounceEach makes one report for each recipient that a mail did not reach, and waits until they are applied.
func (w *world) bounceEach(reply string, recipients ...string) {
	w.t.Helper()
	for _, who := range recipients {
		w.postEvents(mail, w.failure(reply, "no mailbox", who))
	}
	w.waitDrained()
}

// answerMail lets a customer write a mail, and ann answer it. It returns the thread and the reply, once that has left.
func (w *world) answerMail(e channelstest.Event) (thread, reply string) {
	w.t.Helper()
	e.Subject, e.Text = "One", "first"
	w.customerSends(mail, e)
	thread = w.waitThread("first")
	reply = w.reply(thread, "Answer")
	w.waitFate(reply, "out")
	return thread, reply
}

// A mail to several recipients may fail at more than one of them. The thread tells each failure once, however the address
// is spelled, and has one button that sends the mail again. The line with the button names its recipient, since the
// others may have the mail.
func TestBounceOfSeveralRecipients(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread, reply := w.answerMail(channelstest.Event{From: "kim@x.test", ReplyTo: []string{"lee@x.test", "max@x.test"}})
	w.bounceEach(reply, "lee@x.test")
	first := w.waitLine(thread, bridge.LineFailed)
	w.bounceEach(reply, "max@x.test", "Lee@x.test", "max@x.test", "")
	w.waitShown("no mailbox max@x.test")
	first = w.chat.Get(support, first.ID)
	wantWords(t, "the first line, with whom it names", first.Plain(), "lee@x.test: no mailbox lee@x.test")
	wantButtons(t, "the first line", first, bridge.VerbSendAgain)
	wantEqual(t, "lines of failures: one for each recipient", w.countLines(thread, bridge.LineFailed), 2)
	offers := w.count(`SELECT count(*) FROM deliveries WHERE payload::text LIKE '%sendagain%'`)
	wantEqual(t, "lines that offer to send it again", offers, 1)
}

// A late bounce by somebody who got only the first sending isn't a failure of the second one, so no button offers to send
// it again.
func TestLateBounceOfTheFirstSending(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread, reply := w.answerMail(channelstest.Event{From: "kim@x.test", ReplyTo: []string{"lee@x.test", "max@x.test"}})
	w.bounce(reply, "lee@x.test")
	failed := w.waitLine(thread, bridge.LineFailed)
	w.chat.Say("ann", support, thread, "!to new@x.test")
	w.waitLine(thread, bridge.LineRecipients)
	w.chat.Press(t, "ann", failed, bridge.VerbSendAgain)
	w.provider.WaitTexts(t, "Answer", "Answer")
	w.waitFate(reply, "out")

	w.bounce(reply, "Max@x.test")
	wantButtons(t, "the line of the first sending", w.waitShown("no mailbox Max@x.test"))
	w.waitFate(reply, "out")
	w.bounce(reply, "new@x.test")
	w.waitFate(reply, "failed")
}

// nameless is a report that a mail to a recipient failed. It names none of Parley's messages.
func nameless(recipient string) channelstest.Event {
	return channelstest.Event{Type: "status", State: "failed", Reason: "no mailbox", Recipient: recipient,
		From: "daemon@gateway.test", Subject: "Undeliverable", Automatic: "bounce"}
}

// A bounce that names only recipients may be about another program's mail, and anybody may have written it. It counts as
// automatic mail. If one of them got a mail of Parley's, one line in that thread tells of the bounce without its words,
// and the reply stays sent.
func TestBounceThatNamesRecipientsAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread, reply := w.answerMail(channelstest.Event{From: "kim@x.test"})
	const reports = 2
	for range reports {
		report := nameless("lee@x.test")
		report.Further = []string{"Kim@x.test", "max@x.test"}
		w.postEvents(mail, report)
	}
	w.eventually("the reports are automatic mail", func() bool {
		return w.count(`SELECT count(*) FROM messages WHERE automatic = 'bounce'`) == reports
	})
	w.waitDrained()
	wantEqual(t, "posts of the reports", w.count(`SELECT count(*) FROM deliveries WHERE payload->'line'->>'Kind' = 'automatic'`), reports)

	line := w.waitLine(thread, bridge.LineBounceOther)
	wantWords(t, "the line", line.Plain(), "Kim@x.test", "Answer")
	wantNoWords(t, "the line", line.Plain(), "no mailbox")
	wantButtons(t, "the line", line)
	wantEqual(t, "lines of the reports", w.countLines(thread, bridge.LineBounceOther), 1)
	w.waitFate(reply, "out")

	w.bounce(reply, "kim@x.test")
	w.waitFate(reply, "failed")
}

// A bounce is applied while the result of the sending waits for the locked conversation. The result doesn't overwrite the
// failure.
func TestBounceBeforeItsResult(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	release := make(chan struct{})
	w.provider.AddFault(channelstest.Fault{Until: release}) // the provider answers when the conversation is locked
	reply := w.reply(thread, "Yes")
	w.provider.WaitCalls(t, 1)

	bounced := storetest.Begin(t, w.pool) // the transaction that applies the bounce
	must(bounced.Exec(t.Context(), `SELECT FROM conversations WHERE id = 1 FOR UPDATE`))(t)

	close(release)
	w.waitBlocked(1, lockOfConversations) // the result
	must(bounced.Exec(t.Context(), `UPDATE messages SET fate = 'failed' WHERE place = $1`, reply))(t)
	check(t, bounced.Commit(t.Context()))
	w.waitDrained()
	w.waitFate(reply, "failed")
}
