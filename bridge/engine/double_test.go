package engine_test

import (
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/bridge/relay"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// openDoubled opens a conversation whose root (the first post of its thread) was posted twice: the chat's answer was
// lost, and the chat refused to be searched.
func (w *world) openDoubled() (first, second string) {
	w.t.Helper()
	w.chat.AddFault(chatFault("thread", bridgetest.FaultThrottle, -1))
	w.chat.AddFault(chatFault("post", bridgetest.FaultDropAfter, 1))
	w.customerWrites("kim", "Hello")
	second = w.waitThread("Hello")
	for _, m := range w.chat.Messages(support, "") {
		if m.ID != second {
			first = m.ID
		}
	}
	if first == "" {
		w.t.Fatalf("there is one root\n%s", w.dump())
	}
	return first, second
}

// newLossyWorld makes a world in which answers get lost. After half a minute without an answer and without a search, a
// post counts as unclear.
func newLossyWorld(t *testing.T) *world {
	t.Helper()
	return newWorld(t, lossyOptions())
}

func lossyOptions() options {
	return options{lossy: true, relay: relay.Options{UnclearAfter: 30 * time.Second, MaxWait: 100 * time.Millisecond}}
}

// cardText returns the text of a card.
func (w *world) cardText(root string) string { return w.chat.Get(support, root).Text }

// A root was posted twice. A text that is typed under the first one waits until Parley can search the chat. Then a line
// in the second thread shows the text, with a button that sends it, and the first card links to the second thread.
func TestDoubledRoot(t *testing.T) {
	t.Parallel()
	w := newLossyWorld(t)
	first, second := w.openDoubled()

	reply := w.reply(first, "Typed under the first card")
	w.eventually("it is looked for", func() bool { return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'double'`) == 1 })
	w.wantNothingSent()

	w.chat.ClearFaults()
	w.waitFate(reply, "inside")
	line := w.waitLine(second, bridge.LineInside)
	w.eventually("the first card leads to the second", func() bool {
		return strings.Contains(w.chat.Get(support, first).Plain(), "goes on in "+support+"/"+second)
	})

	w.chat.Press(t, "ann", line, bridge.VerbSend)
	w.provider.WaitTexts(t, "Typed under the first card")
	w.waitDrained()
	wantEqual(t, "roots", w.countRoots(), 2)
}
