package engine_test

import (
	"slices"
	"testing"

	"parley/bridge"
	"parley/channels/channelstest"
)

// A customer gave a number up, and somebody else has it now. What is answered in an earlier conversation
// of the customer, when that is opened again, goes to the customer's new number.
func TestReopenAfterNumberChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{settings: map[string]string{"reply_after_resolve": "new_linked"}})
	w.customer(chat, channelstest.Event{From: "+491", Name: "Kim", Text: "First matter"})
	first := w.thread("First matter")
	w.chat.Say("ann", support, first, "!resolve")
	w.eventually("it is resolved", func() bool { return w.count(`SELECT count(*) FROM conversations WHERE status = 'resolved'`) == 1 })
	w.customer(chat, channelstest.Event{From: "+491", Name: "Kim", Text: "Second matter"})
	second := w.thread("Second matter")
	if first == second {
		t.Fatal("one conversation")
	}
	w.does(channelstest.Event{Type: "identity", From: "+492", Name: "Kim", Previous: "+491"})
	w.line(second, bridge.LineIdentity)
	w.customer(chat, channelstest.Event{From: "+491", Name: "Lea", Text: "I am somebody else"})
	w.thread("I am somebody else")
	w.chat.Say("ann", support, second, "!resolve")
	w.eventually("both are resolved", func() bool { return w.count(`SELECT count(*) FROM conversations WHERE status = 'resolved'`) == 2 })
	w.chat.Say("ann", support, first, "!reopen")
	w.line(first, bridge.LineReopened)
	w.reply(first, "About your first matter, Kim")
	w.provider.WaitTexts(t, "About your first matter, Kim")
	if to := w.provider.Sent()[0].To; !slices.Equal(to, []string{"+492"}) {
		t.Errorf("sent to %v", to)
	}
}
