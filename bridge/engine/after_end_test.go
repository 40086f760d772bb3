package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// newLinkingConversations makes a world in which a mail that answers a resolved conversation begins a new one, which is
// linked to it.
func newLinkingConversations(t *testing.T) *world {
	t.Helper()
	return newWorld(t, options{settings: map[string]string{"reply_after_resolve": "new_linked"}})
}

// resolveFirstMail lets Kim's first mail become conversation #1, with Lee in copy, and resolves it. It returns the
// mail's id.
func (w *world) resolveFirstMail() string {
	w.t.Helper()
	first := w.customerSends(mail, channelstest.Event{From: "kim@x.test", Cc: []string{"lee@x.test"}, Subject: "One", Text: "first"})
	w.chat.Say("ann", support, w.waitThread("first"), "!resolve")
	w.eventually("it is resolved", func() bool { return w.count(`SELECT count(*) FROM conversations WHERE status = 'resolved'`) == 1 })
	return first
}

// answerAsMia lets Mia answer a mail that Kim has passed on to her, and waits until it is shown as #2. It returns the id
// of Mia's mail.
func (w *world) answerAsMia(first string) string {
	w.t.Helper()
	id := w.customerSends(mail, channelstest.Event{From: "mia@y.test", Text: "by Mia\n\n> first", References: []string{first}})
	w.waitThread("by Mia")
	return id
}

// previousOf returns the number of the conversation that another one continues, or 0.
func (w *world) previousOf(id int) int {
	w.t.Helper()
	return w.count(`SELECT coalesce(previous_id, 0) FROM conversations WHERE id = $1`, id)
}

// After Kim's conversation has ended, Mia answers a mail that Kim has passed on to her. That begins a conversation of
// Mia's own, which doesn't continue Kim's.
func TestStrangersMailAfterTheEndContinuesNothing(t *testing.T) {
	t.Parallel()
	w := newLinkingConversations(t)
	first := w.resolveFirstMail()
	w.answerAsMia(first)
	wantEqual(t, "the conversation that Mia's continues", w.previousOf(2), 0)
}

// A chat's old thread leads to the conversation in which the customer goes on. The old conversation can't be reopened
// beside that one, and nothing is sent from it.
func TestOldThreadOfAChat(t *testing.T) {
	t.Parallel()
	w := newLinkingConversations(t)
	thread := w.openThread()
	w.reply(thread, "!resolve")
	w.waitCard(thread, "#1 resolved")
	w.waitFate(w.reply(thread, "Bye"), "inside")
	before := w.waitLine(thread, bridge.LineInside)

	w.customerWrites("kim", "And my lamp?")
	w.waitThread("And my lamp?")
	w.chat.Press(t, "ann", before, bridge.VerbSend)
	w.waitWhisper("ann", "It goes on in #2")

	w.waitFate(w.reply(thread, "It is repaired"), "inside")
	line := w.waitLineAbout(thread, bridge.LineInside, "It is repaired")
	wantWords(t, "the line", line.Plain(), "#2")
	wantButtons(t, "in the old thread", line)
}
