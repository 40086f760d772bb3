package engine_test

import (
	"fmt"
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
	"parley/store"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// sendNews sends automatic mail of a list. It answers the given mails, or none.
func (w *world) sendNews(text string, answered ...string) {
	w.t.Helper()
	w.customerSends(mail, channelstest.Event{From: "news@x.test", Subject: text, Text: text, Automatic: "list", References: answered})
}

// countKept counts the stored messages with this text.
func (w *world) countKept(text string) int {
	w.t.Helper()
	return w.count(`SELECT count(*) FROM messages WHERE text = $1`, text)
}

// What a blocked customer writes is stored, and shown in no thread, until an admin unblocks the customer: then the thread shows it, and
// what comes later starts a conversation.
// Requirement R-218: Block a customer.
// Requirement R-219: Unblock.
func TestBlockedCustomer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Lamp", Text: "It is dark"})
	thread := w.waitThread("It is dark")
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Chair", Text: "It is hard"})
	w.waitThread("It is hard")
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Shelf", Text: "It is new"})
	w.waitThread("It is new")
	w.exec(`UPDATE conversations SET status = 'resolved', resolved_at = now() WHERE subject = 'Shelf'`)

	w.exec(`UPDATE conversations SET visible_to = ARRAY[$1::bigint] WHERE subject = 'Chair'`, w.agents["ann"])
	w.chat.Say("ben", support, thread, "!block")
	w.chat.Press(t, "ben", w.waitWhisper("ben", "not blocked yet"), bridge.VerbBlock)
	w.waitWhisper("ben", "would close #2 as well. Conversation #2 is not open to you.")
	wantEqual(t, "conversations that are closed without asking", w.count(`SELECT count(*) FROM conversations WHERE status = 'closed'`), 0)
	w.exec(`UPDATE conversations SET visible_to = '{}'`)
	w.chat.Press(t, "ben", w.waitWhisper("ben", "not blocked yet"), bridge.VerbBlock)
	w.waitDrained()
	wantEqual(t, "conversations that are closed", w.count(`SELECT count(*) FROM conversations WHERE close_reason = 'blocked'`), 2)

	posts := len(w.allMessages())
	for n := range 49 {
		w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Lamp", Text: fmt.Sprintf("Hello %d.", n)})
	}
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Lamp", Text: "Are you there?"})
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Away", Text: "I am away", Automatic: "auto-replied"})
	w.eventually("both are stored", func() bool { return w.countKept("Are you there?")+w.countKept("I am away") == 2 })
	w.waitDrained()
	wantEqual(t, "posts after what came meanwhile", len(w.allMessages()), posts)
	wantEqual(t, "messages of conversations that are closed as blocked", w.count(`SELECT count(*) FROM messages AS m
		JOIN conversations AS c ON c.id = m.conversation_id WHERE c.close_reason = 'blocked' AND m.direction = 'in'`), 2+51)

	list := must(w.engines[0].Desk(w.surface).List(t.Context(), bridge.ListQuery{List: bridge.ListBlocked}, "ann"))(t)
	wantEqual(t, "conversations in the list Blocked", len(list.Rows), 2)
	w.chat.Say("ben", support, thread, "!unblock")
	w.waitWhisper("ben", "Only admins")
	w.chat.Say("ann", support, thread, "!unblock")
	w.waitDrained()
	wantEqual(t, "identities that are blocked", w.count(`SELECT count(*) FROM identities WHERE blocked`), 0)
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Table", Text: "I am back"})
	thread = w.waitThread("I am back")
	w.waitShown("only the page Inbox shows: 1.")
	w.waitShown("Hello 1.")
	w.waitShown("Are you there?")
	w.waitShown("I am away")

	w.chat.Say("ann", support, thread, "!block")
	w.chat.Press(t, "ann", w.waitWhisper("ann", "not blocked yet"), bridge.VerbBlock)
	w.waitDrained()
	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Table", Text: "Still there?"})
	w.eventually("it is stored", func() bool { return w.countKept("Still there?") == 1 })
	must(store.UnblockQueue(t.Context(), w.pool, store.IdentityID(w.count(`SELECT min(id) FROM identities WHERE blocked`))))(t)
	list = must(w.engines[0].Desk(w.surface).List(t.Context(), bridge.ListQuery{List: bridge.ListArchived}, "ann"))(t)
	wantEqual(t, "conversations in the list Archived after the page of settings unblocked", len(list.Rows), 4)
	w.chat.Say("ann", support, thread, "!unblock")
	w.waitShown("Still there?")
}

// Whoever has a conversation archives it; what the customer writes then starts another one, until it is unarchived.
// Requirement R-040: Archive.
// Requirement R-042: After archiving, a new conversation.
// Requirement R-044: Unarchive.
func TestArchivedConversation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	lamp := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Lamp", Text: "It is dark"})
	thread := w.waitThread("It is dark")
	w.chat.Say("ben", support, thread, "!archive")
	w.waitWhisper("ben", "Only whoever has the conversation")
	w.chat.Say("ben", support, thread, "!take")
	w.waitDrained()
	w.chat.Say("ben", support, thread, "!archive")
	w.waitDrained()
	wantEqual(t, "conversations that are archived", w.count(`SELECT count(*) FROM conversations WHERE close_reason = 'archived'`), 1)

	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Re: Lamp", Text: "It is dark again", References: []string{lamp}})
	if at := w.waitThread("It is dark again"); at == thread {
		t.Error("what came after the archiving is in the archived conversation's thread")
	}
	w.chat.Say("ben", support, thread, "!reopen")
	w.waitDrained()
	wantEqual(t, "open conversations", w.count(`SELECT count(*) FROM conversations WHERE status = 'open'`), 2)
}

// A sender who was silenced is shown again after an agent takes that back, with the line's button or by the address.
// Requirement R-254: Automatic mail in a thread of its own.
func TestUnblockSilencedSender(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.sendNews("One")
	w.chat.Press(t, "ann", w.waitShown("list One"), bridge.VerbSilence)

	w.chat.Press(t, "ann", w.waitShown("One = silenced"), bridge.VerbUnsilence)
	w.waitShown("One = unsilenced")
	w.waitDrained()
	w.sendNews("Two")

	w.chat.Press(t, "ann", w.waitShown("list Two"), bridge.VerbSilence)
	w.waitDrained()

	w.customerSends(mail, channelstest.Event{From: "kim@x.test", Subject: "Lamp", Text: "It is dark"})
	w.reply(w.waitThread("It is dark"), "!unsilence news@x.test")
	w.waitWhisper("ann", "unsilence news@x.test")
	w.waitDrained()
	w.sendNews("Three")
	w.waitShown("list Three")
}
