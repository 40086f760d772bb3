package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/channels/channelstest"
	"parley/store/retention"
)

// Once retention has removed the line about a mail, nothing tells any more to whom answers to the mail go: whoever presses the
// button that still stands in the chat is told so, and no conversation is made.
func TestPromoteMailWhoseLineIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.customerSends(mail, channelstest.Event{From: "form@shop.test", Subject: "Order", Text: "I order a lamp", Automatic: "auto-generated"})
	listed := w.waitShown("I order a lamp")
	w.waitDrained()
	w.advance(61 * 24 * time.Hour)
	for more := true; more; {
		more = must(retention.TidyConversations(t.Context(), w.pool, 60*24*time.Hour))(t).More
	}

	w.chat.Press(t, "ann", listed, bridge.VerbPromote)

	w.waitWhisper("ann", "That mail came too long ago")
	wantEqual(t, "conversations", w.countConversations("customer"), 0)
}
