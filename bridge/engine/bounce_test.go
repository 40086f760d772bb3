package engine_test

import (
	"fmt"
	"testing"
	"time"

	"parley/bridge"
	"parley/channels"
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

// delay is a report that a reply hasn't reached a recipient yet.
func (w *world) delay(reply, reason, recipient string) channelstest.Event {
	w.t.Helper()
	return channelstest.Event{Type: "status", State: "accepted", Delayed: true, Reason: reason, Recipient: recipient, Message: w.idOf(reply)}
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

// A bounce of an older reply doesn't reopen a conversation that was answered since.
func TestBounceOfAnOlderReply(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	first, second := w.reply(thread, "One"), w.reply(thread, "Two")
	w.provider.WaitTexts(t, "One", "Two")
	w.waitFate(second, "out")

	report := w.failure(first, "Full", "")
	report.Hint = "Send it again later."
	w.postEvents(chat, report)
	wantWords(t, "the line", w.waitLine(thread, bridge.LineFailed).Plain(), "Send it again later.")
	w.waitDrained()
	wantEqual(t, "the conversation's status", w.text(`SELECT status FROM conversations`), "pending")
}

// After a bounce, the customer counts as waiting since her first message after the last answer that arrived, and not only
// since the bounce.
func TestWaitGoesOnAfterABounce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.advance(time.Minute)
	w.waitFate(w.reply(thread, "One"), "out")
	w.advance(time.Minute)
	w.customerWrites("kim", "And my lamp?")
	w.waitShown("And my lamp?")
	w.advance(time.Minute)
	w.customerWrites("kim", "It was blue")
	w.waitShown("It was blue")
	w.advance(5 * time.Minute)
	second := w.reply(thread, "Two")
	w.waitFate(second, "out")
	w.waitDrained()
	wantEqual(t, "customers who wait after the second answer", w.countWaitingAnyhow(), 0)

	// The third answer is still under way when the second one comes back.
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.Retry, Times: -1})
	third := w.reply(thread, "Three")
	w.eventually("the third is under way", func() bool {
		return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'reply' AND attempt > 0`) == 3
	})
	w.advance(48 * time.Hour)
	w.postEvents(chat, w.failure(second, "Full", ""))
	w.eventually("the failure of the second is told", func() bool { return w.countLines(thread, bridge.LineFailed) == 1 })

	// Then the third one leaves, and comes back, too.
	w.provider.ClearFaults()
	w.waitFate(third, "out")
	w.postEvents(chat, w.failure(third, "Full", ""))
	w.eventually("the failure of the third is told", func() bool { return w.countLines(thread, bridge.LineFailed) == 2 })
	w.waitDrained()
	waitsSince := w.text(`SELECT string_agg(m.text, ',') FROM messages AS m JOIN conversations AS c ON c.waiting_since = m.created_at`)
	wantEqual(t, "the message since which the customer waits", waitsSince, "And my lamp?")
	opened := w.text(`SELECT string_agg(actor, ',' ORDER BY at) FROM log_entries WHERE what = 'set open'`)
	wantEqual(t, "who opened the conversation by its log", opened, "customer,parley")
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

// If a mail that was sent again bounces, that is told again, even if its recipient's bounce was told before.
func TestBounceOfTheSecondSending(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread, reply := w.answerMail(channelstest.Event{From: "kim@x.test", ReplyTo: []string{"lee@x.test", "max@x.test"}})
	w.bounceEach(reply, "lee@x.test", "max@x.test")
	w.waitShown("no mailbox max@x.test")
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineFailed), bridge.VerbSendAgain)
	w.provider.WaitTexts(t, "Answer", "Answer")
	w.waitFate(reply, "out")

	w.bounceEach(reply, "max@x.test")
	wantEqual(t, "lines of failures: two of the first sending, one of the second", w.countLines(thread, bridge.LineFailed), 3)
	w.waitFate(reply, "failed")
}

// A bounce may name an address that a server has put in place of the customer's.
func TestBounceOfARewrittenAddress(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		copied []string
	}{{name: "the customer alone"}, {name: "the customer beside a copy", copied: []string{"lee@x.test"}}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			_, reply := w.answerMail(channelstest.Event{From: "kim@x.test", Cc: tt.copied})
			w.bounce(reply, "box17@hoster.test")
			w.waitFate(reply, "failed")
			wantButtons(t, "the failure", w.waitShown("box17@hoster.test: no mailbox"), bridge.VerbSendAgain)
		})
	}
}

// A mail waits to be sent again when another bounce of its first sending comes. The bounce is told, and the mail still
// leaves.
func TestBounceWhileItWaitsToLeaveAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread, reply := w.answerMail(channelstest.Event{From: "kim@x.test", ReplyTo: []string{"lee@x.test", "max@x.test"}})
	w.bounce(reply, "lee@x.test")
	failed := w.waitLine(thread, bridge.LineFailed)

	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultThrottle, Pair: true, Wait: time.Hour})
	w.chat.Press(t, "ann", failed, bridge.VerbSendAgain)
	w.eventually("the second sending waits", func() bool {
		return w.count(`SELECT count(*) FROM deliveries AS d JOIN lanes AS l ON l.id = d.lane_id
			WHERE d.error_class = 'throttled' AND l.leased_until IS NULL`) == 1
	})
	w.postEvents(mail, w.failure(reply, "no mailbox", "max@x.test"))
	w.waitShown("no mailbox max@x.test")
	wantEqual(t, "the reply's fate", w.text(`SELECT fate FROM messages WHERE place = $1`, reply), "waiting")

	w.exec(`UPDATE lanes SET due_at = parley_now() WHERE due_at IS NOT NULL`)
	w.provider.WaitTexts(t, "Answer", "Answer")
	w.waitFate(reply, "out")
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

// A bounce that names a customer's mail instead of one of Parley's is shown, not dropped.
func TestBounceOfACustomersMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	first := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "One", Text: "first"})
	w.waitThread("first")
	w.postEvents(mail, channelstest.Event{
		Type:     "status",
		State:    "failed",
		Reason:   "Mailbox of the forward is full",
		External: []string{first},
	})
	w.waitShown("Mailbox of the forward is full")
}

// Bounces of mails that Parley doesn't know all go to one thread a day (the daily thread).
func TestUnmatchedBouncesShareADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	for i := range 3 {
		reason := fmt.Sprint("nobody", i)
		w.postEvents(mail, channelstest.Event{
			Type: "status", ID: fmt.Sprint("bounce-", i), State: "failed", External: []string{"?"}, Reason: reason,
		})
		w.waitShown(reason)
	}
	w.waitDrained()
	wantEqual(t, "threads", w.countRoots(), 1)
	wantEqual(t, "events in quarantine", w.count(`SELECT count(*) FROM quarantine`), 0)
}

// nameless is a report that a mail to a recipient failed. It names none of Parley's messages.
func nameless(recipient string) channelstest.Event {
	return channelstest.Event{Type: "status", State: "failed", Reason: "no mailbox", Recipient: recipient,
		From: "daemon@gateway.test", Subject: "Undeliverable", Automatic: "bounce"}
}

// If a server has replaced a mail's Message-ID, a bounce is matched by its recipient. It must name the conversation, and
// only one mail may have gone to that recipient there within 72 hours.
func TestBounceByItsRecipient(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	_, reply := w.answerMail(channelstest.Event{From: "kim@x.test"})
	bounce := nameless("Kim@x.test")
	bounce.External, bounce.Conversation = []string{"replaced"}, 1
	w.postEvents(mail, bounce)
	w.waitFate(reply, "failed")
	wantButtons(t, "the failure", w.waitShown("Kim@x.test: no mailbox"), bridge.VerbSendAgain)
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

// A bounce that names no mail is automatic mail if Parley can't tell which mail it means. The reply stays sent.
func TestBounceByItsRecipientOfNoMail(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		recipient string
		before    func(w *world, thread string)
	}{
		{name: "nobody's", recipient: "max@x.test"},
		{name: "an old one", recipient: "kim@x.test", before: func(w *world, _ string) {
			w.exec(`UPDATE deliveries SET sent_at = sent_at - interval '73 hours' WHERE kind = 'reply'`)
		}},
		{name: "one of two", recipient: "kim@x.test", before: func(w *world, thread string) {
			w.waitFate(w.reply(thread, "And"), "out")
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread, reply := w.answerMail(channelstest.Event{From: "kim@x.test"})
			w.waitDrained()
			if tt.before != nil {
				tt.before(w, thread)
			}
			w.postEvents(mail, nameless(tt.recipient))
			wantButtons(t, "the report", w.waitShown("[automatic] bounce Undeliverable"), bridge.VerbPromote, bridge.VerbSilence, bridge.VerbBlock)
			w.waitFate(reply, "out")
		})
	}
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
