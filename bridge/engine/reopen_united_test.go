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
	w.customer(chat, channelstest.Event{From: "+491511", Text: "By number"})
	number := w.thread("By number")
	w.customer(chat, channelstest.Event{From: "US.1", Text: "By id"})
	byID := w.thread("By id")
	w.customer(chat, channelstest.Event{From: "US.1", Also: []string{"+491511"}, Text: "I am both"})
	w.shown("I am both")
	w.settled()
	w.chat.Say("ann", support, number, "!resolve")
	w.card(number, "resolved")
	w.chat.Say("ann", support, byID, "!resolve")
	w.card(byID, "resolved")
	w.settled()
	w.customer(chat, channelstest.Event{From: "US.1", Text: "Once more"})
	w.shown("Once more")
	w.settled()
	if n := w.count(`SELECT count(*) FROM conversations WHERE status = 'open'`); n != 1 {
		t.Fatalf("%d conversations are open", n)
	}
	w.chat.Say("ann", support, byID, "!reopen")
	w.whisper("ann", "continues in #")
	w.settled()
	if n := w.count(`SELECT count(*) FROM conversations WHERE status = 'open'`); n != 1 {
		t.Errorf("%d conversations are open", n)
	}
}
