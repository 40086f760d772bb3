package engine_test

import (
	"testing"

	"parley/channels/channelstest"
)

// A customer may write with two keys, such as a phone number and an id, before the provider says that both are hers.
// She still has only one open conversation in a chat: another one of hers can't be reopened beside it.
func TestReopenBesideAnOpenOneOfAnotherKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})

	// The customer writes with her number, with an id, and then with both.
	w.customerSends(chat, channelstest.Event{From: "+491511", Text: "By number"})
	number := w.waitThread("By number")
	w.customerSends(chat, channelstest.Event{From: "US.1", Text: "By id"})
	byID := w.waitThread("By id")
	w.customerSends(chat, channelstest.Event{From: "US.1", Also: []string{"+491511"}, Text: "I am both"})
	w.waitShown("I am both")
	w.waitDrained()

	w.chat.Say("ann", support, number, "!resolve")
	w.waitCard(number, "resolved")
	w.chat.Say("ann", support, byID, "!resolve")
	w.waitCard(byID, "resolved")
	w.waitDrained()

	// She writes again, after which one conversation is open.
	w.customerSends(chat, channelstest.Event{From: "US.1", Text: "Once more"})
	w.waitShown("Once more")
	w.waitDrained()
	if n := w.count(`SELECT count(*) FROM conversations WHERE status = 'open'`); n != 1 {
		t.Fatalf("%d conversations are open, want 1", n)
	}

	// Ann can't reopen the conversation with the id beside it.
	w.chat.Say("ann", support, byID, "!reopen")
	w.waitWhisper("ann", "continues in #")
	w.waitDrained()
	if n := w.count(`SELECT count(*) FROM conversations WHERE status = 'open'`); n != 1 {
		t.Errorf("%d conversations are open, want 1", n)
	}
}
