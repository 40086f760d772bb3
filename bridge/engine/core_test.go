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
