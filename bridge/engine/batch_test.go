package engine_test

import (
	"strings"
	"sync/atomic"
	"testing"

	"parley/bridge/relay"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which customers
// write and are answered, and a fake chat, in whose channel "support" agents work.

// A colleague's remark makes the next reply doubtful, unless the customer has written since: also if all three are applied in one
// batch.
func TestReplyAfterTheCustomerInOneBatch(t *testing.T) {
	t.Parallel()
	var isHeld atomic.Bool // while it is, events are stored and not applied
	w := newWorld(t, options{relay: relay.Options{Held: isHeld.Load}})
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	w.waitFate(w.reply(thread, "On it"), "out")
	w.waitDrained()

	isHeld.Store(true)
	w.chat.Say("ben", support, thread, "I know them")
	w.waitQueued(1)
	w.customerWrites("kim", "Hurry")
	w.waitQueued(2)
	reply := w.reply(thread, "Coming")
	w.waitQueued(3)
	isHeld.Store(false)
	w.waitFate(reply, "out")
}

// The history of a conversation has what was done to it in the batch that answers, and nothing of other conversations.
func TestHistoryBesideAnotherConversationInOneBatch(t *testing.T) {
	t.Parallel()
	var isHeld atomic.Bool
	w := newWorld(t, options{relay: relay.Options{Held: isHeld.Load}})
	w.customerWrites("kim", "Hello")
	kims := w.waitThread("Hello")
	w.customerWrites("lou", "Good evening")
	lous := w.waitThread("Good evening")
	w.waitDrained()

	isHeld.Store(true)
	w.reply(lous, "!topic Of lou")
	w.waitQueued(1)
	w.reply(kims, "!topic Of kim")
	w.waitQueued(2)
	w.reply(kims, "!history")
	w.waitQueued(3)
	isHeld.Store(false)
	history := w.waitWhisper("ann", "[history]").Plain()
	wantWords(t, "the history of kim's conversation", history, "Of kim")
	wantEqual(t, "whether it has what was done to lou's", strings.Contains(history, "Of lou"), false)
}
