package engine_test

import (
	"slices"
	"testing"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels/channelstest"
	"parley/store"
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

// The same of a file.
func TestFileForALostThreadThatWasLeft(t *testing.T) {
	t.Parallel()
	w := newTwoHomes(t, options{lossy: true})
	w.openBilling(w.second, w.account)
	w.customerWrites("kim", "Hello")
	old := w.waitThread("Hello")
	release := w.holdPosts()
	w.customerSends(chat, channelstest.Event{From: "kim", Files: []channelstest.File{{Name: "bill.txt", Type: "text/plain", Content: []byte("12")}}})
	w.eventually("its post waits", func() bool { return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'files'`) == 1 })
	w.reply(old, "!assign #billing over")
	root := waitNewestRoot(t, w.second, billing, 1, "over")
	deleteUnheard(w.chat, support, old)
	release()
	w.second.Wait(t, "the file is shown", func() bool {
		return slices.ContainsFunc(w.second.Messages(billing, root), func(m bridgetest.Message) bool {
			return len(m.Files) == 1 && m.Files[0].Name == "bill.txt"
		})
	})
	w.waitDrained()
}

// A conversation was handed to the other chat before it could be noted that its thread is gone. When it comes back, that is noted all
// the same, and it gets a new thread.
func TestBackInALostThread(t *testing.T) {
	t.Parallel()
	w := newTwoHomes(t, options{lossy: true})
	w.openBilling(w.second, w.account)
	w.customerWrites("kim", "Word-1")
	old := w.waitThread("Word-1")
	w.waitDrained()
	deleteUnheard(w.chat, support, old)
	release := w.holdQueues(store.SystemAccount)
	w.customerWrites("kim", "Word-2")
	w.eventually("it is known that the thread is gone", func() bool {
		return w.count(`SELECT count(*) FROM events WHERE external_id LIKE 'lost:%'`) > 0
	})
	w.second.Say("tben", annex, "", "<@app> #1 assign #billing over")
	root := waitNewestRoot(t, w.second, billing, 1, "over")
	release()
	waitMessage(t, w.second, billing, root, "Word-2")
	w.waitDrained()

	w.second.Say("tben", billing, root, "!assign #support back")
	waitNewestRoot(t, w.chat, support, 1, "back")
	w.waitDrained()
	wantEqual(t, "roots that were posted anew", w.count(`SELECT count(*) FROM log_entries WHERE what = 'rerooted'`), 1)
}
