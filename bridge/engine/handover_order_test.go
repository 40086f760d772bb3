package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/bridge/bridgetest"
)

// wantWordsInOrder checks which of a customer's texts Word-1 to Word-4 a thread shows. Each must stand once, in this
// order.
func wantWordsInOrder(t *testing.T, c *bridgetest.Chat, channel, root string, words ...string) {
	t.Helper()
	var all, found []string
	said := []string{"Word-1", "Word-2", "Word-3", "Word-4"}
	for _, m := range c.Messages(channel, root) {
		all = append(all, m.Plain())
		if m.ID == root { // the card, which names the first words, too
			continue
		}
		for _, word := range strings.Fields(m.Plain()) {
			if slices.Contains(said, word) {
				found = append(found, word)
			}
		}
	}
	if !slices.Equal(found, words) {
		t.Errorf("%s shows %q, want %q; all of it: %q", channel, found, words, all)
	}
}

// holdSecondWord lets kim write Word-1. The first chat then takes no posts until release is called, and kim writes
// Word-2. It returns the thread.
func (w *world) holdSecondWord() (thread string, release func()) {
	w.t.Helper()
	w.customerWrites("kim", "Word-1")
	thread = w.waitThread("Word-1")
	release = w.holdPosts()
	w.customerWrites("kim", "Word-2")
	w.eventually("it is kept", func() bool { return w.count(`SELECT count(*) FROM messages WHERE text = 'Word-2'`) == 1 })
	return thread, release
}

// waitAssigned waits until the conversation was assigned a number of times.
func (w *world) waitAssigned(times int) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("it was assigned %d times", times), func() bool {
		return w.count(`SELECT count(*) FROM log_entries WHERE what = 'assigned'`) == times
	})
}

// While the first chat takes no posts, a conversation goes to a team in the other chat and comes back. Each of the two
// threads shows its part of the customer's texts once and in order.
func TestOrderOverTwoHomes(t *testing.T) {
	t.Parallel()
	w := newTwoHomes(t, options{})
	w.openBilling(w.second, w.account)
	old, release := w.holdSecondWord()

	// The conversation goes to Billing in the second chat.
	w.reply(old, "!assign #billing over")
	root := waitNewestRoot(t, w.second, billing, 1, "over")
	w.customerWrites("kim", "Word-3")
	waitMessage(t, w.second, billing, root, "Word-3")

	// It comes back to Support.
	w.second.Say("tben", billing, root, "!assign #support back")
	w.waitAssigned(2)
	w.customerWrites("kim", "Word-4")

	release()
	waitMessage(t, w.chat, support, old, "Word-4")
	w.waitDrained()
	wantWordsInOrder(t, w.chat, support, old, "Word-1", "Word-2", "Word-4")
	wantWordsInOrder(t, w.second, billing, root, "Word-3")
}
