package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/bridge/relay"
	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// A customer writes, an agent answers, the customer gets the answer and writes again.
// Requirement R-018: What a customer and we said on one account, with notes.
// Requirement R-019: A first message makes a conversation, a later one continues it.
// Requirement R-052: A reply leaves by the customer's channel.
func TestConversationThereAndBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "Printer on fire")
	thread := w.waitThread("Printer on fire")
	w.waitCard(thread, "#1 open | Kim")

	reply := w.reply(thread, "On our way")
	w.provider.WaitTexts(t, "On our way")
	w.waitMarked(reply, "sent")
	w.waitCard(thread, "#1 pending | Kim | Printer on fire | Ann")

	w.customerWrites("kim", "Thanks")
	w.waitShown("Thanks")
	w.waitCard(thread, "#1 open")
	w.waitDrained()
	wantEqual(t, "threads", w.countRoots(), 1)
	const all = 4 // the root, two of the customer, one of ann
	wantEqual(t, "messages of the thread", len(w.chat.Messages(support, thread)), all)
}

// A reply waits in its hold, and leaves when that is over by Parley's clock.
func TestHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	reply := w.replyInHold(w.openThread(), "Hi Kim")
	w.wantNothingSent()
	w.advance(time.Hour)
	w.provider.WaitTexts(t, "Hi Kim")
	w.waitFate(reply, "out")
}

// A reply that is edited in its hold leaves with its new words after another hold. One that is deleted in its hold
// doesn't leave.
func TestEditAndDeleteInTheHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: lineHold})
	thread := w.openThread()
	edited := w.replyInHold(thread, "Hi Kin")
	deleted := w.replyInHold(thread, "Go away")
	w.advance(lineHold / 2)
	w.chat.Edit(support, edited, "Hi Kim")
	w.chat.Delete(support, deleted)
	w.waitFate(deleted, "undone")
	w.eventually("the edit is known", func() bool { return w.text(`SELECT text FROM messages WHERE place = $1`, edited) == "Hi Kim" })

	w.advance(lineHold * 2 / 3) // the first hold is over, the second isn't
	w.eventually("the lane was looked at", func() bool {
		return w.count(`SELECT count(*) FROM lanes WHERE key = 'c1:say' AND account_id = $1 AND due_at > parley_now()`, w.accounts[chat]) == 1
	})
	w.wantNothingSent()

	w.advance(lineHold)
	w.provider.WaitTexts(t, "Hi Kim")
	w.waitDrained()
	w.provider.WaitTexts(t, "Hi Kim")
}

// An edit starts the hold anew, however long the account's hold is.
func TestEditInALongHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	reply := w.replyInHold(w.openThread(), "Hi Kin")
	w.advance(50 * time.Minute)
	w.chat.Edit(support, reply, "Hi Kim")
	w.eventually("the hold began anew", func() bool {
		return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'reply' AND not_before > parley_now() + interval '55 minutes'`) == 1
	})
	w.advance(time.Hour)
	w.provider.WaitTexts(t, "Hi Kim")
}

// A reply is deleted in its hold, and then brought back in the chat: its author is asked before it is sent.
func TestDeletedAndBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	reply := w.replyInHold(thread, "Hi Kin")
	w.chat.Edit(support, reply, "Hi Kim")
	w.waitEdited("Hi Kim")
	w.chat.Delete(support, reply)
	w.waitFate(reply, "undone")
	w.chat.Restore(support, reply) // with the words of the edit, which was told before
	w.waitFate(reply, "ask")
	w.chat.Press(t, "ann", w.waitLine(thread, bridge.LineAsk), bridge.VerbSend)
	w.waitFate(reply, "waiting")
	w.advance(2 * time.Hour)
	w.provider.WaitTexts(t, "Hi Kim")
}

// A text in a thread that isn't a reply of an agent who may reply never reaches the customer.
func TestInternalStaysInside(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, user, text string
	}{
		{name: "a note", user: "ann", text: "note: he is angry"},
		{name: "a note by slashes", user: "ann", text: "// he is angry"},
		{name: "a mention of a colleague", user: "ann", text: "<@ben> look at this"},
		{name: "a question to the app", user: "ann", text: "<@app> what is this"},
		{name: "no agent", user: "dan", text: "I am no agent"},
		{name: "another app", user: "bot", text: "I am a bot"},
		{name: "a guest", user: "eve", text: "I am a guest"},
		{name: "an agent who is not the owner", user: "ben", text: "I am not the assignee"},
	}
	w := newWorld(t, options{})
	thread := w.openThread()
	w.reply(thread, "<@app> take")
	w.waitCard(thread, "| Ann |")
	for _, tt := range tests {
		w.waitFate(w.chat.Say(tt.user, support, thread, tt.text), "inside")
	}
	w.waitDrained()
	w.wantNothingSent()
	wantWords(t, "the line about somebody who isn't an agent", w.waitLine(thread, bridge.LineNotMapped).Plain(), "I am no agent")
}

// A text that looks like a command, but isn't one, isn't sent as a reply: its author is asked.
func TestUnknownCommandIsAskedAbout(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	typed := []string{
		"!frobnicate now",
		"/frobnicate now",
		"resolve", // a verb without its mark
	}
	for _, text := range typed {
		w.waitFate(w.reply(thread, text), "ask")
	}
	w.waitDrained()
	w.wantNothingSent()
	wantEqual(t, "lines that ask", w.countLines(thread, bridge.LineAsk), len(typed))
}

// Typing the mark of commands twice makes the text a reply that begins with that mark.
func TestEscapedCommandIsAReply(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	escaped := w.reply(w.openThread(), "!!important")
	w.waitFate(escaped, "out")
	w.provider.WaitTexts(t, "!important")
}

// The provider sends one message several times, at once and later: it is shown once.
func TestDuplicates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	e := channelstest.Event{Type: "message", ID: "in-same", From: "kim", Text: "Only once"}
	for range 3 {
		w.postEvents(chat, e, e)
	}
	thread := w.waitThread("Only once")
	w.postEvents(chat, e)
	w.waitDrained()
	wantList(t, "what the thread shows of the customer", w.customerTexts(thread), []string{"Only once"})
	wantEqual(t, "messages of the thread, with its root", len(w.chat.Messages(support, thread)), 2)
}

// Assigning a conversation to a colleague mentions that colleague.
// Requirement R-028: Open, with an owner.
// Requirement R-115: Assign to a person or a team.
func TestAssign(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.reply(thread, "!assign @ben")
	w.waitCard(thread, "| Ben |")
	wantList(t, "whom assigning mentions", w.waitLine(thread, bridge.LineAssigned).Mentions(), []string{"ben"})
}

// The card shows tags and the topic.
// Requirement R-022: A conversation has a topic.
// Requirement R-155: Several tags.
func TestTagAndTopic(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.reply(thread, "!tag Billing, Brand new")
	w.waitCard(thread, "Billing,Brand new")
	w.reply(thread, "!topic Broken printer")
	w.waitCard(thread, "Broken printer")
}

// A snoozed conversation wakes when its time is over, and its owner is mentioned.
func TestSnoozeAndWake(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.assign(thread, "ben")
	w.reply(thread, "!snooze 2h")
	w.waitCard(thread, "#1 snoozed")
	w.advance(2 * time.Hour)
	w.waitCard(thread, "#1 open")
	wantList(t, "whom waking mentions", w.waitLine(thread, bridge.LineWoke).Mentions(), []string{"ben"})
}

// A snoozed conversation that gets another status isn't snoozed any more: neither the snooze's end nor its timer is left.
func TestSnoozeEndsWithAnotherStatus(t *testing.T) {
	t.Parallel()
	for verb, status := range map[string]string{"!pending": "pending", "!resolve": "resolved"} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, options{})
			thread := w.openThread()
			w.reply(thread, "!snooze 2h")
			w.waitCard(thread, "#1 snoozed")
			w.reply(thread, verb)
			w.waitCard(thread, "#1 "+status)
			wantEqual(t, "ends of snoozes", w.count(`SELECT count(*) FROM conversations WHERE snoozed_until IS NOT NULL`), 0)
			wantEqual(t, "timers of snoozes", w.count(`SELECT count(*) FROM timers WHERE kind = 'snooze'`), 0)
		})
	}
}

// A conversation that was resolved with a note can be reopened.
// Requirement R-032: Resolve, with a note.
// Requirement R-034: Reopen what was resolved.
// Requirement R-204: Notes at resolving and handing over are kept.
func TestResolveAndReopen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	w.reply(thread, "!resolve new cable")
	w.waitCard(thread, "#1 resolved")
	w.waitLine(thread, bridge.LineResolved)
	w.reply(thread, "!reopen")
	w.waitCard(thread, "#1 open")
}

// Verbs send nothing to the customer, and don't change since when she waits for an answer.
func TestVerbsAnswerNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.openThread()
	for _, verb := range []string{"!assign @ben", "!tag Billing", "!topic Broken printer"} {
		w.reply(thread, verb)
	}
	w.waitCard(thread, "Broken printer")
	w.reply(thread, "!snooze 2h")
	w.waitCard(thread, "#1 snoozed")
	w.advance(2 * time.Hour)
	w.waitCard(thread, "#1 open")
	w.reply(thread, "!resolve new cable")
	w.waitCard(thread, "#1 resolved")
	w.reply(thread, "!reopen")
	w.waitCard(thread, "#1 open")

	w.waitDrained()
	w.wantNothingSent()
	waitsSinceSheWrote := w.count(`SELECT count(*) FROM conversations AS c
		JOIN messages AS m ON m.direction = 'in' AND m.created_at = c.waiting_since`)
	wantEqual(t, "conversations whose customer waits since she wrote", waitsSinceSheWrote, 1)
}

// A mail that answers another one by its id joins that conversation, whoever sent it. A mail that answers none opens its
// own.
// Requirement R-024: Mails of one exchange share a thread.
func TestMailThreads(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	first := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "One", Text: "first mail"})
	thread := w.waitThread("first mail")
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Two", Text: "second mail"})
	if other := w.waitThread("second mail"); other == thread {
		t.Error("an unrelated mail joined the conversation, want one of its own")
	}
	w.customerSends(mail, channelstest.Event{From: "lee@x.test", Subject: "Re: One", Text: "third mail", References: []string{first}})
	wantEqual(t, "the thread of an answer", w.waitThread("third mail"), thread)
	w.waitDrained()
	wantEqual(t, "threads", w.countRoots(), 2)
}

// Automatic mail doesn't open threads of its own. All of it that comes on one day is in one thread.
// Requirement R-024: Mails of one exchange share a thread.
func TestAutomaticMailSharesAThread(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.advanceToMorning()
	w.customerSends(mail, channelstest.Event{From: "news@x.test", Subject: "Sale", Text: "buy", Automatic: "list"})
	w.customerSends(mail, channelstest.Event{From: "shop@x.test", Subject: "Receipt", Text: "paid", Automatic: "auto-submitted"})
	daily := w.waitShown("[automatic] list Sale").Thread
	wantEqual(t, "the thread of the second mail", w.waitShown("[automatic] auto-submitted Receipt").Thread, daily)
	w.waitDrained()
	wantEqual(t, "threads", w.countRoots(), 1)
}

// The answer to a post is lost, and the chat doesn't let Parley look for it. It is posted again, and says that it may be
// shown twice. The posts after it don't say that.
func TestPostThatNobodyCanLookFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{lossy: true, relay: relay.Options{UnclearAfter: 30 * time.Second}})
	thread := w.openThread()
	w.chat.AddFault(chatFault("thread", bridgetest.FaultThrottle, -1)) // nobody can look
	w.chat.AddFault(bridgetest.Fault{Call: "post", Kind: bridgetest.FaultDropAfter, Text: "Again"})
	w.customerWrites("kim", "Again")
	w.waitShown("Again (This may be shown twice.)")
	w.customerWrites("kim", "Done")
	w.waitShown("Done")
	w.waitDrained()
	want := []string{"Hello", "Again", "Again (This may be shown twice.)", "Done"}
	wantList(t, "what the thread shows of the customer", w.customerTexts(thread), want)
}

// Posts whose answers were lost are found again and aren't doubled.
func TestPostsSurviveLostAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{lossy: true})
	w.chat.AddFault(chatFault("post", bridgetest.FaultDropAfter, 2))
	w.customerWrites("kim", "Hello")
	w.customerWrites("kim", "Again")
	thread := w.waitThread("Again")
	w.waitDrained()
	wantList(t, "what the thread shows of the customer", w.customerTexts(thread), []string{"Hello", "Again"})
	wantEqual(t, "threads", w.countRoots(), 1)
}

// A provider that finds a lost message by its words alone may find another message of ours. Parley knows that the id
// belongs to that one, and sends the lost message again.
func TestLostReplyBesideAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{lossy: true})
	thread := w.openThread()
	// The id that the provider gives the first sending is known as that of another message.
	w.exec(`INSERT INTO external_ids (account_id, external_id, conversation_id, message_id)
		SELECT account_id, 'out-1', conversation_id, id FROM messages`)
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter})
	w.waitMarked(w.reply(thread, "OK"), "sent")
	wantList(t, "what the provider has: the first isn't taken for the reply", w.sentTexts(), []string{"OK", "OK"})
}
