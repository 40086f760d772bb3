package engine_test

import (
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/bridge/relay"
	"parley/channels/channelstest"
)

// A customer writes, an agent answers, the customer gets it: the whole way there and back.
//
func TestConversationThereAndBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "Printer on fire")
	thread := w.waitThread("Printer on fire")
	w.waitCard(thread, "#1 open | Kim")
	reply := w.chat.Say("ann", support, thread, "On our way")
	w.provider.WaitTexts(t, "On our way")
	w.waitMarked(reply, "sent")
	w.waitCard(thread, "#1 pending | Kim | Printer on fire | Ann")
	w.customerWrites("kim", "Thanks")
	w.waitShown("Thanks")
	w.waitCard(thread, "#1 open")
	w.waitDrained()
	if n := len(w.chat.Messages(support, "")); n != 1 {
		t.Errorf("%d roots, want 1", n)
	}
	const all = 4 // the root, two of the customer, one of ann
	if n := len(w.chat.Messages(support, thread)); n != all {
		t.Errorf("%d messages in the thread, want %d\n%s", n, all, w.dump())
	}
}

// A reply waits for its hold and leaves when it is over, by Parley's clock.
func TestHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	reply := w.chat.Say("ann", support, thread, "Hi Kim")
	w.waitFate(reply, "waiting")
	if n := w.provider.Calls(); n != 0 {
		t.Fatalf("%d calls in the hold, want none", n)
	}
	w.advance(time.Hour)
	w.provider.WaitTexts(t, "Hi Kim")
	w.waitFate(reply, "out")
}

// In its hold an edit wins and starts the hold again, a deletion means nothing leaves.
func TestEditAndDeleteInTheHold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: 30 * time.Second}) // an edit prolongs it to 60 s in all
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	edited := w.chat.Say("ann", support, thread, "Hi Kin")
	w.waitFate(edited, "waiting")
	deleted := w.chat.Say("ann", support, thread, "Go away")
	w.waitFate(deleted, "waiting")
	w.advance(15 * time.Second)
	w.chat.Edit(support, edited, "Hi Kim")
	w.chat.Delete(support, deleted)
	w.waitFate(deleted, "undone")
	w.eventually("the edit", func() bool { return w.text(`SELECT text FROM messages WHERE place = $1`, edited) == "Hi Kim" })
	w.advance(20 * time.Second) // the first hold is over, the second isn't
	w.eventually("the lane was looked at", func() bool {
		return w.count(`SELECT count(*) FROM lanes WHERE key = 'c1:say' AND account_id = $1 AND due_at > parley_now()`, w.accounts[chat]) == 1
	})
	if n := w.provider.Calls(); n != 0 {
		t.Fatalf("%d calls in the second hold, want none\n%s", n, w.dump())
	}
	w.advance(30 * time.Second)
	w.provider.WaitTexts(t, "Hi Kim")
	w.waitDrained()
	w.provider.WaitTexts(t, "Hi Kim")
}

// What was deleted in its hold and is brought back isn't sent by that alone.
func TestDeletedAndBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: 30 * time.Second})
	thread := w.openThread()
	reply := w.reply(thread, "Hi Kim")
	w.waitFate(reply, "waiting")
	w.chat.Delete(support, reply)
	w.waitFate(reply, "undone")
	w.chat.Restore(support, reply)
	w.waitFate(reply, "ask")
	line := w.waitLine(thread, bridge.LineAsk)
	w.chat.Press(t, "ann", line, bridge.VerbSend)
	w.waitFate(reply, "waiting")
	w.advance(time.Minute)
	w.provider.WaitTexts(t, "Hi Kim")
}

// What is typed in a thread and isn't a reply never reaches the customer.
func TestInternalStaysInside(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	w.chat.Say("ann", support, thread, "<@app> take")
	w.waitCard(thread, "| Ann |")
	inside := []string{
		w.chat.Say("ann", support, thread, "note: he is angry"),
		w.chat.Say("ann", support, thread, "// he is angry"),
		w.chat.Say("ann", support, thread, "<@ben> look at this"),
		w.chat.Say("ann", support, thread, "<@app> what is this"),
		w.chat.Say("dan", support, thread, "I am no agent"),
		w.chat.Say("bot", support, thread, "I am a bot"),
		w.chat.Say("eve", support, thread, "I am a guest"),
		w.chat.Say("ben", support, thread, "I am not the assignee"),
	}
	ask := []string{
		w.chat.Say("ann", support, thread, "!frobnicate now"),
		w.chat.Say("ann", support, thread, "/frobnicate now"),
		w.chat.Say("ann", support, thread, "resolve"),
	}
	for _, m := range inside {
		w.waitFate(m, "inside")
	}
	for _, m := range ask {
		w.waitFate(m, "ask")
	}
	w.waitDrained()
	w.wantNothingSent()
	if n := w.countLines(thread, bridge.LineAsk); n != len(ask) {
		t.Errorf("%d lines ask, want %d", n, len(ask))
	}
	if m := w.waitLine(thread, bridge.LineNotMapped); !strings.Contains(m.Plain(), "I am no agent") {
		t.Errorf("the line doesn't keep the text: %q", m.Text)
	}
	escaped := w.chat.Say("ann", support, thread, "!!important")
	w.waitFate(escaped, "out")
	w.provider.WaitTexts(t, "!important")
}

// The same fact by webhook twice, at once, and again later: one message.
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
	if n := len(w.chat.Messages(support, thread)); n != 2 {
		t.Errorf("%d messages in the thread, want 2", n)
	}
}

// Assign, tag, topic, snooze, wake by time, resolve, reopen: the card follows.
//
func TestVerbs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	w.chat.Say("ann", support, thread, "!assign @ben")
	w.waitCard(thread, "| Ben |")
	wantList(t, "who assigning mentions", w.waitLine(thread, bridge.LineAssigned).Mentions(), []string{"ben"})
	w.chat.Say("ann", support, thread, "!tag Billing, Brand new")
	w.waitCard(thread, "Billing,Brand new")
	w.chat.Say("ann", support, thread, "!topic Broken printer")
	w.waitCard(thread, "Broken printer")
	w.chat.Say("ann", support, thread, "!snooze 2h")
	w.waitCard(thread, "#1 snoozed")
	w.advance(2 * time.Hour)
	w.waitCard(thread, "#1 open")
	wantList(t, "who waking mentions", w.waitLine(thread, bridge.LineWoke).Mentions(), []string{"ben"})
	w.chat.Say("ann", support, thread, "!resolve new cable")
	w.waitCard(thread, "#1 resolved")
	w.waitLine(thread, bridge.LineResolved)
	w.chat.Say("ann", support, thread, "!reopen")
	w.waitCard(thread, "#1 open")
	if n := w.count(`SELECT count(*) FROM conversations AS c JOIN messages AS m ON m.direction = 'in' AND m.created_at = c.waiting_since`); n != 1 {
		t.Error("the customer, whom nobody has answered, doesn't wait since she wrote, want that verbs leave the wait as it is")
	}
	w.waitDrained()
	if n := w.provider.Calls(); n != 0 {
		t.Fatalf("verbs reached the customer: %q", w.provider.Texts())
	}
}

// A mail that answers another by its id joins that conversation; one that does not opens
// its own; automatic mail opens no root of its own.
//
func TestMailThreads(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	first := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "One", Text: "first mail"})
	thread := w.waitThread("first mail")
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Two", Text: "second mail"})
	if other := w.waitThread("second mail"); other == thread {
		t.Error("an unrelated mail joined the conversation")
	}
	w.customerSends(mail, channelstest.Event{From: "lee@x.test", Subject: "Re: One", Text: "third mail", References: []string{first}})
	if same := w.waitThread("third mail"); same != thread {
		t.Error("an answer did not join its conversation")
	}
	w.customerSends(mail, channelstest.Event{From: "news@x.test", Subject: "Sale", Text: "buy", Automatic: "list"})
	w.customerSends(mail, channelstest.Event{From: "shop@x.test", Subject: "Receipt", Text: "paid", Automatic: "auto-submitted"})
	daily := w.waitShown("[automatic] list Sale").Thread
	if same := w.waitShown("[automatic] auto-submitted Receipt").Thread; same != daily {
		t.Error("automatic mail has more than one thread")
	}
	w.waitDrained()
	if n := len(w.chat.Messages(support, "")); n != 3 {
		t.Errorf("%d roots, want 3", n)
	}
}

// A post is made again when its answer was lost and the chat doesn't let anybody look for it, and
// says that it may be shown twice; what comes behind it says nothing of the kind.
func TestPostThatNobodyCanLookFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{lossy: true, relay: relay.Options{UnclearAfter: 30 * time.Second}})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	w.waitDrained()
	w.chat.AddFault(chatFault("thread", bridgetest.FaultThrottle, -1))
	w.chat.AddFault(bridgetest.Fault{Call: "post", Kind: bridgetest.FaultDropAfter, Text: "Again"})
	w.customerWrites("kim", "Again")
	w.waitShown("Again (This may be shown twice.)")
	w.customerWrites("kim", "Done")
	w.waitShown("Done")
	w.waitDrained()
	if got, want := strings.Join(w.customerTexts(thread), ","), "Hello,Again,Again (This may be shown twice.),Done"; got != want {
		t.Errorf("the thread shows %q, want %q\n%s", got, want, w.dump())
	}
}

// A post whose answer was lost is found again, not doubled; a channel that is closed
// for a while loses nothing.
func TestPostsSurviveLostAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{lossy: true})
	w.chat.AddFault(chatFault("post", "drop_after", 2))
	w.customerWrites("kim", "Hello")
	w.customerWrites("kim", "Again")
	thread := w.waitThread("Again")
	w.waitDrained()
	if got := strings.Join(w.customerTexts(thread), ","); got != "Hello,Again" {
		t.Errorf("the thread shows %q, want \"Hello,Again\"\n%s", got, w.dump())
	}
	if n := len(w.chat.Messages(support, "")); n != 1 {
		t.Errorf("%d roots, want 1", n)
	}
}

// A provider that names messages by our words alone may find another message of ours in place of a lost one: whose id that is,
// the engine knows. What was lost is sent then.
func TestLostReplyBesideAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{lossy: true})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	w.waitDrained()
	w.exec(`INSERT INTO external_ids (account_id, external_id, conversation_id, message_id) SELECT account_id, 'out-1', conversation_id, id FROM messages`)
	w.provider.AddFault(channelstest.Fault{Kind: channelstest.FaultDropAfter})
	w.waitMarked(w.reply(thread, "OK"), "sent")
	if sent := w.provider.Sent(); len(sent) != 2 {
		t.Errorf("what the provider has of another message is taken for the reply: %+v, want 2 of them", sent)
	}
}
