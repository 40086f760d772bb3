package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
)

// A promotional reply leaves as long as machines may write, an answer as long as people may. A promotional one that comes too late
// stays inside, with the reason.
//
// Requirement R-057: Messenger's reply window.
func TestPromotionalReply(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{caps: withWindow(7 * 24 * time.Hour)})
	w.customerWrites("kim", "Do you have lamps?")
	thread := w.waitThread("Do you have lamps?")
	w.chat.Submit("ann", support, thread, promotionForm(1), "10 % off today")
	w.provider.WaitTexts(t, "10 % off today")
	w.advance(25 * time.Hour)
	w.chat.Submit("ann", support, thread, promotionForm(1), "Still 10 % off")
	wantWords(t, "the line", w.waitLine(thread, bridge.LineInside).Plain(), "It is promotional", "Still 10 % off")
	w.reply(thread, "Yes, we have")
	w.waitDrained()
	w.provider.WaitTexts(t, "10 % off today", "Yes, we have")
}

// promotionForm is a filled form of a promotional reply in a conversation.
func promotionForm(conversation bridge.ConversationID) bridgetest.Button {
	b := formOf(bridge.VerbReply)
	b.Args.Conversation, b.Args.Promotional = conversation, true
	return b
}
