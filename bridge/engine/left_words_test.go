package engine_test

import (
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
)

// deleteUnheard deletes a root of a chat without Parley being told of it.
func deleteUnheard(c *bridgetest.Chat, channel, root string) {
	c.Mute(true)
	c.Delete(channel, root)
	c.Mute(false)
}

// What a customer wrote waits for a chat that the conversation has left, and the thread there is gone: it is shown where the
// conversation goes on, which can be resolved then.
func TestWordsForALostThreadThatWasLeft(t *testing.T) {
	t.Parallel()
	w := newTwoHomes(t, options{lossy: true})
	w.openBilling(w.second, w.account)
	old, release := w.holdSecondWord()
	w.reply(old, "!assign #billing over")
	root := waitNewestRoot(t, w.second, billing, 1, "over")
	deleteUnheard(w.chat, support, old)
	release()
	waitMessage(t, w.second, billing, root, "Word-2")
	w.waitDrained()
	wantWordsInOrder(t, w.second, billing, root, "Word-2")
	wantEqual(t, "roots in the chat that was left", len(w.chat.Messages(support, "")), 0)
	w.second.Say("tben", billing, root, "!resolve")
	w.second.Wait(t, "it is resolved", func() bool { return w.text(`SELECT status FROM conversations`) == string(bridge.StatusResolved) })
}
