package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
)

// A message that came while another app answered in the chat is listed separately. If its customer has an open
// conversation, an agent can't make a second one of it and is pointed to the open one. After that one is resolved, she
// can.
func TestPromoteBesideAnOpenOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerSends(chat, channelstest.Event{From: "kim", Name: "Kim", Text: "To the other app", Automatic: "standby"})
	listed := w.waitShown("To the other app")

	w.customerWrites("kim", "Hello?")
	thread := w.waitThread("Hello?")

	w.chat.Press(t, "ann", listed, bridge.VerbPromote)
	w.waitWhisper("ann", "continues in #")
	w.waitDrained()
	wantEqual(t, "events in quarantine", w.count(`SELECT count(*) FROM quarantine`), 0)
	wantEqual(t, "conversations", w.countConversations("customer"), 1)

	w.chat.Say("ann", support, thread, "!resolve")
	w.eventually("it is resolved", func() bool { return w.count(`SELECT count(*) FROM conversations WHERE status = 'resolved'`) == 1 })

	w.chat.Press(t, "ann", listed, bridge.VerbPromote)
	w.eventually("it is a conversation", func() bool { return w.countConversations("customer") == 2 })

	w.chat.Say("ann", support, thread, "!reopen") // nothing links this one to the new one
	w.waitDrained()
	if n := w.count(`SELECT count(*) FROM quarantine`); n != 0 {
		t.Fatalf("%d events in quarantine, want none", n)
	}
	w.waitWhisper("ann", "continues in #3")
}
