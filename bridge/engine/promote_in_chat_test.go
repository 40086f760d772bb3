package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
)

// What came while another app answered in a chat is listed apart. Once the customer has an open conversation, no
// second one is made of it: the agent is pointed to the open one. Later it may become one.
func TestPromoteBesideAnOpenOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customer(chat, channelstest.Event{From: "kim", Name: "Kim", Text: "To the other app", Automatic: "standby"})
	listed := w.shown("To the other app")
	w.writes("kim", "Hello?")
	thread := w.thread("Hello?")
	w.chat.Press(t, "ann", listed, bridge.VerbPromote)
	w.whisper("ann", "continues in #")
	w.settled()
	if n := w.count(`SELECT count(*) FROM quarantine`); n != 0 || w.conversationsOf("customer") != 1 {
		t.Errorf("%d events in quarantine, %d conversations", n, w.conversationsOf("customer"))
	}
	w.chat.Say("ann", support, thread, "!resolve")
	w.eventually("it is resolved", func() bool { return w.count(`SELECT count(*) FROM conversations WHERE status = 'resolved'`) == 1 })
	w.chat.Press(t, "ann", listed, bridge.VerbPromote)
	w.eventually("it is a conversation", func() bool { return w.conversationsOf("customer") == 2 })
	w.chat.Say("ann", support, thread, "!reopen") // which nothing links to that one
	w.settled()
	if n := w.count(`SELECT count(*) FROM quarantine`); n != 0 {
		t.Fatalf("%d events in quarantine", n)
	}
	w.whisper("ann", "continues in #3")
}
