package engine_test

import (
	"testing"

	"parley/channels/channelstest"
)

// A conversation is not opened again beside the one that continues it, where the customer came into both by different
// keys: there is one open conversation for what a customer says in a chat.
func TestReopenBesideAnOpenOneOfAnotherKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
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
	w.customerSends(chat, channelstest.Event{From: "US.1", Text: "Once more"})
	w.waitShown("Once more")
	w.waitDrained()
	if n := w.count(`SELECT count(*) FROM conversations WHERE status = 'open'`); n != 1 {
		t.Fatalf("%d conversations are open, want 1", n)
	}
	w.chat.Say("ann", support, byID, "!reopen")
	w.waitWhisper("ann", "continues in #")
	w.waitDrained()
	if n := w.count(`SELECT count(*) FROM conversations WHERE status = 'open'`); n != 1 {
		t.Errorf("%d conversations are open, want 1", n)
	}
}
