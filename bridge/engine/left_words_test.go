package engine_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
)

// deleteUnheard deletes a root of a chat without Parley being told.
func deleteUnheard(c *bridgetest.Chat, channel, root string) {
	c.Mute(true)
	c.Delete(channel, root)
	c.Mute(false)
}

// A customer's message waits to be posted in a chat that the conversation leaves, and its thread there is deleted. It is
// shown where the conversation goes on, which can then be resolved.
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

// A file of a customer waits to be posted in a chat that the conversation leaves, and its thread there is deleted. It is
// shown where the conversation goes on.
func TestFileForALostThreadThatWasLeft(t *testing.T) {
	t.Parallel()
	w := newTwoHomes(t, options{lossy: true})
	w.openBilling(w.second, w.account)
	w.customerWrites("kim", "Hello")
	old := w.waitThread("Hello")
	release := w.holdPosts()
	w.customerSends(chat,
		channelstest.Event{From: "kim", Files: []channelstest.File{{Name: "bill.txt", Type: "text/plain", Content: []byte("12")}}})
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

// revoked is a chat in which Parley's app was uninstalled.
type revoked struct{ bridge.Surface }

func (revoked) Send(context.Context, bridge.Post) (bridge.Sent, error) {
	return bridge.Sent{}, &channels.SendError{Class: channels.AuthBroken, Text: "The token was revoked."}
}

// A customer's messages wait for a chat in which Parley can't post, and the conversation is handed to the other chat.
// They are shown there, with their times, and the conversation can be snoozed. That holds also if its first thread never
// opened, and if a message waits behind the line of an earlier hand-over. When the conversation comes back, its thread
// opens.
func TestWordsForAChatThatTakesNone(t *testing.T) {
	t.Parallel()
	working := func(w *twoHomes) bridge.Surface { return w.engines[0].Surface(w.surface) }
	archive := func(w *twoHomes) { w.chat.Close(support) }
	uninstall := func(w *twoHomes) { w.engines[0].SetSurface(w.surface, revoked{working(w)}) }
	for name, c := range map[string]struct {
		lose    func(w *twoHomes)
		isFirst bool // the chat takes no words at all
	}{
		"archived":           {lose: archive},
		"uninstalled":        {lose: uninstall},
		"not connected":      {lose: func(w *twoHomes) { w.engines[0].SetSurface(w.surface, nil) }},
		"archived before":    {lose: archive, isFirst: true},
		"uninstalled before": {lose: uninstall, isFirst: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTwoHomes(t, options{})
			w.openBilling(w.second, w.account)
			chat, shown := working(w), []string{"Word-1", "Word-2", "Word-3"}
			if !c.isFirst {
				w.customerWrites("kim", "Word-1")
				w.waitThread("Word-1")
				w.waitDrained()
				shown = shown[1:]
			}

			c.lose(w)
			for _, word := range shown {
				if word == "Word-3" {
					w.second.Say("tben", annex, "", "<@app> #1 assign #billing out")
					w.second.Say("tben", annex, "", "<@app> #1 assign #support in vain")
					w.waitAssigned(2)
				}
				w.customerWrites("kim", word)
				w.eventually("it is kept", func() bool { return w.count(`SELECT count(*) FROM messages WHERE text = $1`, word) == 1 })
			}

			w.exec(`UPDATE messages SET said_at = said_at - interval '10 min'`)
			w.second.Say("tben", annex, "", "<@app> #1 assign #billing over")
			root := waitNewestRoot(t, w.second, billing, 1, "over")
			tryNow := func() {
				w.exec(`UPDATE gates SET next_at = clock_timestamp()`)
				w.exec(`UPDATE deliveries SET first_at = first_at - interval '11 min' WHERE kind = 'line' AND state = 'queued'`)
				w.advance(time.Minute)
			}
			w.repeatUntil("all of it is shown", tryNow, func() bool {
				return w.count(`SELECT (SELECT count(*) FROM queued) + (SELECT count(*) FROM deliveries WHERE kind = 'said' AND state <> 'accepted'
					AND state <> 'failed')`) == 0
			})

			at := w.text(`SELECT to_char(said_at AT TIME ZONE 'UTC', 'HH24:MI:SS') FROM messages WHERE text = 'Word-3'`)
			waitMessage(t, w.second, billing, root, at+" Word-3")
			wantWordsInOrder(t, w.second, billing, root, shown...)
			w.second.Say("tben", billing, root, "!snooze 2h")
			w.second.Wait(t, "it is snoozed", func() bool { return w.text(`SELECT status FROM conversations`) == string(bridge.StatusSnoozed) })

			w.chat.Open(support)
			w.engines[0].SetSurface(w.surface, chat)
			tryNow()
			w.second.Say("tben", billing, root, "!assign #support back")
			waitNewestRoot(t, w.chat, support, 1, "back")
			w.waitDrained()
		})
	}
}

// A message could not be posted in the chat that its conversation left, and the conversation comes back before Parley
// applies that failure: the message is shown there.
func TestWordsThatFailBeforeAHandBack(t *testing.T) {
	t.Parallel()
	w := newTwoHomes(t, options{})
	w.openBilling(w.second, w.account)
	w.customerWrites("kim", "Word-1")
	thread := w.waitThread("Word-1")
	w.waitDrained()

	w.chat.Close(support)
	w.customerWrites("kim", "Word-2")
	w.eventually("it is kept", func() bool { return w.count(`SELECT count(*) FROM messages`) == 2 })

	release := w.holdQueues(w.surface) // in which the failure is told
	w.second.Say("tben", annex, "", "<@app> #1 assign #billing over")
	tryNow := func() { w.advance(time.Minute) }
	w.repeatUntil("it fails", tryNow, func() bool {
		return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'said' AND state = 'failed'`) == 1
	})

	w.chat.Open(support)
	w.second.Say("tben", annex, "", "<@app> #1 assign #support back")
	w.waitAssigned(2)

	release()
	w.waitShown("Word-2")
	w.waitDrained()
	wantWordsInOrder(t, w.chat, support, thread, "Word-1", "Word-2")
	wantEqual(t, "messages that say that it could not be shown", w.count(`SELECT count(*) FROM log_entries WHERE what = 'not posted'`), 0)
}

// The thread of a conversation is gone, and the conversation is handed to the other chat before that is noted. When it
// comes back, it gets a new thread.
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
