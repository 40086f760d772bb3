package engine_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/relay"
	"parley/channels"
	"parley/channels/channelstest"
)

// A bounce does not reopen a conversation that was answered since.
func TestBounceOfAnOlderReply(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	first, second := w.reply(thread, "One"), w.reply(thread, "Two")
	w.provider.WaitTexts(t, "One", "Two")
	w.waitFate(second, "out")
	w.postEvents(chat, channelstest.Event{Type: "status", State: "failed", Reason: "Full",
		Message: int64(w.count(`SELECT id FROM messages WHERE place = $1`, first))})
	w.waitLine(thread, bridge.LineFailed)
	w.waitDrained()
	if status := w.text(`SELECT status FROM conversations`); status != "pending" {
		t.Errorf("the conversation is %s, want pending", status)
	}
}

// A bounce tells that an answer did not arrive: the customer has waited since the first message after the last answer that did, and not
// only since the bounce.
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
	if n := w.count(`SELECT count(*) FROM conversations WHERE waiting_since IS NULL`); n != 1 {
		t.Fatal("the customer still waits")
	}
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultReject, Class: channels.Retry, Times: -1})
	third := w.reply(thread, "Three")
	w.eventually("the third is under way", func() bool {
		return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'reply' AND attempt > 0`) == 3
	})
	w.advance(48 * time.Hour)
	bounce := func(reply string, failures int) {
		t.Helper()
		w.postEvents(chat, channelstest.Event{ID: reply, Type: "status", State: "failed", Reason: "Full",
			Message: int64(w.count(`SELECT id FROM messages WHERE place = $1`, reply))})
		w.eventually("the failure is told", func() bool { return w.countLines(thread, bridge.LineFailed) == failures })
	}
	bounce(second, 1)
	w.provider.ClearFaults()
	w.waitFate(third, "out")
	bounce(third, 2)
	w.waitDrained()
	if got := w.text(`SELECT string_agg(m.text, ',') FROM messages AS m JOIN conversations AS c ON c.waiting_since = m.created_at`); got != "And my lamp?" {
		t.Errorf("the customer waits since %q, want \"And my lamp?\"", got)
	}
}

// A mail to several may fail at more than one of them: each is told once, and one button sends the mail again. What that
// attempt brings is told anew.
func TestBounceOfSeveralRecipients(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "One", Text: "first", ReplyTo: []string{"lee@x.test", "max@x.test"}})
	thread := w.waitThread("first")
	reply := w.reply(thread, "Answer")
	w.waitFate(reply, "out")
	id := int64(w.count(`SELECT id FROM messages WHERE place = $1`, reply))
	bounceFrom := func(recipients ...string) {
		t.Helper()
		for _, who := range recipients {
			w.postEvents(mail, channelstest.Event{Type: "status", State: "failed", Reason: "nobody", Recipient: who, Message: id})
		}
		w.waitDrained()
	}
	bounceFrom("lee@x.test")
	first := w.waitLine(thread, bridge.LineFailed)
	bounceFrom("max@x.test", "Lee@x.test", "max@x.test", "")
	w.waitShown("nobody max@x.test")
	wantWords(t, "the first line", w.chat.Get(support, first.ID).Plain(), "lee@x.test: nobody")
	wantEqual(t, "the first line's buttons", buttonVerbs(w.chat.Get(support, first.ID)), "sendagain")
	if n := w.countLines(thread, bridge.LineFailed); n != 2 {
		t.Errorf("%d lines tell of two recipients, want 2", n)
	}
	if n := w.count(`SELECT count(*) FROM deliveries WHERE payload::text LIKE '%sendagain%'`); n != 1 {
		t.Errorf("%d lines offer to send it again, want 1", n)
	}
	w.chat.Press(t, "ann", first, bridge.VerbSendAgain)
	w.provider.WaitTexts(t, "Answer", "Answer")
	w.waitFate(reply, "out")
	bounceFrom("max@x.test")
	wantEqual(t, "lines of failures: two of the first sending, one of the second", w.countLines(thread, bridge.LineFailed), 3)
}

// copiedReply has Ann answer Kim's mail, of which Gone and Full get copies. It returns the thread and the reply.
func (w *world) copiedReply() (thread, reply string) {
	w.t.Helper()
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "One", Text: "first", Cc: []string{"gone@x.test", "full@x.test"}})
	thread = w.waitThread("first")
	reply = w.reply(thread, "Answer")
	w.waitFate(reply, "out")
	return thread, reply
}

// bounce reports in one report that a reply did not reach recipients.
func (w *world) bounce(reply string, recipients ...string) {
	w.t.Helper()
	var all []channelstest.Event
	for _, who := range recipients {
		all = append(all, channelstest.Event{Type: "status", State: "failed", Reason: "no mailbox", Recipient: who,
			Message: int64(w.count(`SELECT id FROM messages WHERE place = $1`, reply))})
	}
	w.postEvents(mail, all...)
	w.waitDrained()
}

// Copies that bounce are told with their addresses, each once, and are not the customer's failure: the reply stays sent, nobody waits
// for it, and nothing offers to send it again to those who have it.
func TestBounceOfCopies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread, reply := w.copiedReply()
	w.waitDrained()
	before := w.text(`SELECT status || ' ' || coalesce(waiting_since::text, 'answered') FROM conversations`)
	w.bounce(reply, "Gone@X.test", "full@x.test", "gone@x.test")

	for _, words := range []string{"no mailbox Gone@X.test", "no mailbox full@x.test"} {
		line := w.waitShown(words)
		wantEqual(t, "buttons of "+line.Plain(), buttonVerbs(line), "")
		wantNoWords(t, "the line", line.Plain(), " = ")
	}
	wantEqual(t, "lines of failures", w.countLines(thread, bridge.LineFailed), 2)
	w.waitFate(reply, "out")
	wantEqual(t, "the delivery's state", w.text(`SELECT state FROM deliveries WHERE kind = 'reply'`), "accepted")
	wantEqual(t, "the conversation", w.text(`SELECT status || ' ' || coalesce(waiting_since::text, 'answered') FROM conversations`), before)
	wantEqual(t, "lines that say that it was sent to the customer",
		w.count(`SELECT count(*) FROM deliveries WHERE kind = 'line' AND payload->'line' @> '{"Sent": true}'`), 2)
	wantEqual(t, "warnings", w.count(`SELECT count(*) FROM deliveries WHERE kind = 'mark' AND payload::text LIKE '%"warning"%'`), 0)
}

// A copy that bounces, or that is delayed, shows that the mail left: if the answer of our own server was lost, nobody has to find
// out any more whether the customer got it, whether a person was asked already or not, and what comes behind it leaves.
func TestBounceOfACopyOfAnUnclearReply(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"unknown", "needs_decision"} {
		for name, report := range map[string]channelstest.Event{
			"bounced": {State: "failed"},
			"delayed": {State: "accepted", Delayed: true},
		} {
			t.Run(state+", "+name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, options{relay: relay.Options{ReconcileAfter: time.Hour}})
				w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "One", Text: "first", Cc: []string{"lee@x.test"}})
				thread := w.waitThread("first")
				w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter})
				w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultBlind, Times: -1})
				reply := w.reply(thread, "Answer")
				w.waitDeliveryState(reply, "unknown")
				if state == "needs_decision" {
					w.repeatUntil("a person is asked", func() {
						w.exec(ageUnclear)
						w.exec(`UPDATE deliveries SET sent_at = sent_at - interval '1 hour' WHERE state = 'unknown'`)
						w.exec(lookNow)
					}, func() bool { return w.countLines(thread, bridge.LineUnclear) == 1 })
				}
				report.Type, report.Reason, report.Recipient = "status", "no mailbox", "lee@x.test"
				report.Message = int64(w.count(`SELECT id FROM messages WHERE place = $1`, reply))
				w.postEvents(mail, report)
				w.waitFate(reply, "out")
				w.waitDeliveryState(reply, "accepted")
				if state == "needs_decision" {
					w.waitOutcome(w.waitLine(thread, bridge.LineUnclear), bridge.OutcomeSent)
				}
				w.reply(thread, "More")
				w.provider.WaitTexts(t, "Answer", "More")
				w.waitDrained()
				wantEqual(t, "the conversation", w.text(`SELECT status FROM conversations`), "pending")
			})
		}
	}
}

// A reply that was sent again, and of which nobody knows whether it left this time, stays unclear whatever comes back of a copy: the
// report may be about the first time.
func TestBounceOfACopyOfTheFirstSending(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{relay: relay.Options{ReconcileAfter: time.Hour}})
	_, reply := w.copiedReply()
	w.bounce(reply, "kim@x.test")
	w.waitFate(reply, "failed")
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter})
	w.chat.Press(t, "ann", w.waitShown("kim@x.test: no mailbox"), bridge.VerbSendAgain)
	w.waitDeliveryState(reply, "unknown")
	w.postEvents(mail, channelstest.Event{Type: "status", State: "failed", Reason: "no mailbox", Recipient: "gone@x.test",
		Message: int64(w.count(`SELECT id FROM messages WHERE place = $1`, reply))})
	w.waitShown("no mailbox gone@x.test")
	w.waitDeliveryState(reply, "unknown")
}

// A delay names whoever doesn't have the mail yet: the customer, or else the address.
func TestDelayNamesWhoWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "One", Text: "first", Cc: []string{"lee@x.test"}, ReplyTo: []string{"kim@x.test", "max@x.test"}})
	reply := w.reply(w.waitThread("first"), "Answer")
	w.waitFate(reply, "out")
	const nobody = "" // the line names the customer
	for recipient, named := range map[string]string{"Lee@x.test": "Lee@x.test", "max@x.test": "max@x.test", "kim@x.test": nobody, "box17@hoster.test": nobody} {
		w.postEvents(mail, channelstest.Event{Type: "status", State: "accepted", Delayed: true, Reason: "not yet: " + recipient, Recipient: recipient,
			Message: int64(w.count(`SELECT id FROM messages WHERE place = $1`, reply))})
		w.waitShown("not yet: " + recipient)
		wantEqual(t, "whom the line about "+recipient+" names", w.text(`SELECT coalesce(payload->'line'->>'Recipient', '') FROM deliveries
			WHERE kind = 'line' AND payload->'line'->>'Reason' = $1`, "not yet: "+recipient), named)
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
	w.postEvents(mail, channelstest.Event{Type: "status", State: "accepted", Delayed: true, Reason: "waits", Recipient: "kim@x.test",
		Message: int64(w.count(`SELECT id FROM messages WHERE place = $1`, one))})
	w.waitLine(thread, bridge.LineDelayed)
	w.waitDrained()
	wantEqual(t, "lines that tell of the copy", w.countLines(thread, bridge.LineFailed), 1)
	wantEqual(t, "lines that tell of the delay", w.countLines(thread, bridge.LineDelayed), 1)
}

// If the customer did not get a mail, either, the line about that keeps its reason and its button, whatever the same report tells
// of copies before and after.
func TestBounceOfCustomerAndCopies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	_, reply := w.copiedReply()
	w.bounce(reply, "gone@x.test", "Kim@x.test", "full@x.test")
	w.waitFate(reply, "failed")
	w.waitShown("no mailbox gone@x.test")
	w.waitShown("no mailbox full@x.test")
	failed := w.waitShown("Kim@x.test: no mailbox")
	wantEqual(t, "the buttons", buttonVerbs(failed), "sendagain")
	w.bounce(reply, "gone@x.test", "full@x.test", "kim@x.test")
	wantEqual(t, "lines of failures: one for each recipient", w.countLines(w.waitThread("first"), bridge.LineFailed), 3)
	wantEqual(t, "lines that say that it was sent to the customer",
		w.count(`SELECT count(*) FROM deliveries WHERE kind = 'line' AND payload->'line' @> '{"Sent": true}'`), 0)

	w.chat.Press(t, "ann", failed, bridge.VerbSendAgain)
	w.provider.WaitTexts(t, "Answer", "Answer")
	w.waitOutcome(failed, bridge.OutcomeSent)
	w.waitOutcome(w.waitShown("no mailbox gone@x.test"), bridge.OutcomeSent)
}

// A report may name the customer by an address that a server has put in place of the one that the mail was sent to.
func TestBounceOfARewrittenAddress(t *testing.T) {
	t.Parallel()
	for name, copied := range map[string][]string{"alone": nil, "beside a copy": {"lee@x.test"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "One", Text: "first", Cc: copied})
			reply := w.reply(w.waitThread("first"), "Answer")
			w.waitFate(reply, "out")
			w.bounce(reply, "box17@hoster.test")
			w.waitFate(reply, "failed")
			wantEqual(t, "the buttons", buttonVerbs(w.waitShown("box17@hoster.test: no mailbox")), "sendagain")
		})
	}
}

// A mail that waits to leave again leaves, whatever else comes back of its first sending: people are told of that.
func TestBounceWhileItWaitsToLeaveAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "One", Text: "first", ReplyTo: []string{"lee@x.test", "max@x.test"}})
	thread := w.waitThread("first")
	reply := w.reply(thread, "Answer")
	w.waitFate(reply, "out")
	id := int64(w.count(`SELECT id FROM messages WHERE place = $1`, reply))
	bounceFrom := func(who string) {
		t.Helper()
		w.postEvents(mail, channelstest.Event{Type: "status", State: "failed", Reason: "nobody", Recipient: who, Message: id})
	}
	bounceFrom("lee@x.test")
	failed := w.waitLine(thread, bridge.LineFailed)
	w.waitDrained()

	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultThrottle, Pair: true, Wait: time.Hour})
	w.chat.Press(t, "ann", failed, bridge.VerbSendAgain)
	w.eventually("the second sending waits", func() bool {
		return w.count(`SELECT count(*) FROM deliveries AS d JOIN lanes AS l ON l.id = d.lane_id WHERE d.error_class = 'throttled' AND l.leased_until IS NULL`) == 1
	})
	bounceFrom("max@x.test")
	w.waitShown("nobody max@x.test")
	if fate := w.text(`SELECT fate FROM messages WHERE place = $1`, reply); fate != "waiting" {
		t.Errorf("the reply is %s, want waiting", fate)
	}

	w.exec(`UPDATE lanes SET due_at = parley_now() WHERE due_at IS NOT NULL`)
	w.provider.WaitTexts(t, "Answer", "Answer")
	w.waitFate(reply, "out")
}

// A bounce that names a customer's mail instead of one of ours is shown, not dropped.
func TestBounceOfACustomersMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	first := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "One", Text: "first"})
	w.waitThread("first")
	w.postEvents(mail, channelstest.Event{Type: "status", State: "failed", Reason: "Mailbox of the forward is full", External: []string{first}})
	w.waitShown("Mailbox of the forward is full")
}

// Bounces of mails that we don't know go to the day's one thread, however they come.
func TestUnmatchedBouncesShareADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	for i := range 3 {
		w.postEvents(mail, channelstest.Event{Type: "status", ID: fmt.Sprint("bounce-", i), State: "failed", External: []string{"?"}, Reason: fmt.Sprint("nobody", i)})
		w.waitShown(fmt.Sprint("nobody", i))
	}
	w.waitDrained()
	if n := len(w.chat.Messages(support, "")); n != 1 {
		t.Errorf("%d roots, want 1", n)
	}
	if n := w.count(`SELECT count(*) FROM quarantine`); n != 0 {
		t.Errorf("%d events in quarantine, want none", n)
	}
}

// A bounce that is applied while the result of the sending waits for the conversation is
// not forgotten by it.
func TestBounceBeforeItsResult(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	w.waitDrained()
	release := make(chan struct{})
	w.provider.AddFault(channelstest.Fault{Until: release})
	reply := w.chat.Say("ann", support, thread, "Yes")
	w.provider.WaitCalls(t, 1)
	tx := must(w.pool.Begin(t.Context()))(t)
	defer func() { _ = tx.Rollback(context.Background()) }()
	if _, err := tx.Exec(t.Context(), `SELECT FROM conversations WHERE id = 1 FOR UPDATE`); err != nil {
		t.Fatal(err)
	}
	close(release)
	w.eventually("the result waits for the conversation", func() bool {
		return w.count(`SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() AND query LIKE '%FROM conversations%FOR UPDATE%'`) > 0
	})
	if _, err := tx.Exec(t.Context(), `UPDATE messages SET fate = 'failed' WHERE place = $1`, reply); err != nil {
		t.Fatal(err)
	}
	check(t, tx.Commit(t.Context()))
	w.waitDrained()
	w.waitFate(reply, "failed")
}
