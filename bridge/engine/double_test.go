package engine_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
	"parley/bridge/relay"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which customers
// write and are answered, and a fake chat, in whose channel "support" agents work.

// openDoubled opens a conversation whose root was posted twice, because its answer was lost and the chat let nobody look for it.
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

// newLossyWorld makes a world in which answers get lost, and what nobody could look for counts as unclear after half a minute.
func newLossyWorld(t *testing.T) *world {
	t.Helper()
	return newWorld(t, lossyOptions())
}

func lossyOptions() options {
	return options{lossy: true, relay: relay.Options{UnclearAfter: 30 * time.Second, MaxWait: 100 * time.Millisecond}}
}

// mayBeTwice is what a card says that may be there twice.
const mayBeTwice = "may be shown twice"

// cardText returns what a card shows.
func (w *world) cardText(root string) string { return w.chat.Get(support, root).Text }

// A root was posted twice. What is typed under the first one waits until Parley can look for it; then it is
// told in the thread that counts, where a click sends it, and the first card leads there.
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

// While nobody can look, the second card says that it may be one of two, also when it changes.
func TestDoubledRootSaysThatItMayBeTwo(t *testing.T) {
	t.Parallel()
	w := newLossyWorld(t)
	_, second := w.openDoubled()
	wantWords(t, "the second card", w.cardText(second), mayBeTwice)
	w.chat.Press(t, "ann", w.chat.Get(support, second), bridge.VerbTake) // which changes the card
	w.eventually("the card has changed", func() bool { return strings.Contains(w.cardText(second), "Ann") })
	wantWords(t, "the changed card", w.cardText(second), mayBeTwice)
}

// Parley feared that a root is there twice, looks, finds one, and says no more that there may be two.
func TestRootThatIsNotDoubled(t *testing.T) {
	t.Parallel()
	w := newLossyWorld(t)
	w.chat.AddFault(chatFault("thread", bridgetest.FaultThrottle, -1)) // nobody can look
	w.chat.AddFault(chatFault("post", bridgetest.FaultDropBefore, 1))  // the first root isn't there
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	wantWords(t, "the card while nobody can look", w.cardText(thread), mayBeTwice)

	w.chat.ClearFaults()
	w.eventually("the card says no more that there may be two", func() bool { return !strings.Contains(w.cardText(thread), mayBeTwice) })
	w.reply(thread, "Hello yourself")
	w.provider.WaitTexts(t, "Hello yourself")
	w.waitDrained()
	wantEqual(t, "threads whose root may be there twice", w.count(`SELECT count(*) FROM threads WHERE doubt <> ''`), 0)
	wantEqual(t, "roots", w.countRoots(), 1)
}

// blind is a chat in which nobody may look for another root.
type blind struct{ bridge.Surface }

func (b blind) Send(ctx context.Context, p bridge.Post) (bridge.Sent, error) {
	if p.Kind == bridge.PostDouble {
		return bridge.Sent{Blind: true}, nil
	}
	return b.Surface.Send(ctx, p)
}

// Where nobody may look for a second root, whoever types under one that Parley doesn't know is told that nobody gets it.
func TestDoubleThatNobodyMayLookFor(t *testing.T) {
	t.Parallel()
	o := lossyOptions()
	o.surface = func(s bridge.Surface) bridge.Surface { return blind{s} }
	w := newWorld(t, o)
	first, _ := w.openDoubled()
	w.eventually("it was looked for", func() bool { return w.count(`SELECT count(*) FROM threads WHERE doubt = 'stays'`) == 1 })
	w.journalSurfaceFact("say", bridgetest.Message{
		ID: "9.1", Order: "9.1", Channel: support, Thread: first,
		User: "ann", By: bridge.ActorPerson, Text: "Into nowhere",
	})
	w.eventually("its author is told", func() bool {
		return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'line' AND payload -> 'place' ->> 'thread' = $1
			AND payload -> 'line' ->> 'Kind' = 'inside' AND payload -> 'line' ->> 'Text' = 'Into nowhere'`, first) == 1
	})
	w.wantNothingSent()
}
