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

// mayBeTwice is in the text of a card that may have been posted twice.
const mayBeTwice = "may be shown twice"

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

// As long as Parley can't search the chat, the second card says that it may be shown twice, even after it changes.
func TestDoubledRootSaysThatItMayBeTwo(t *testing.T) {
	t.Parallel()
	w := newLossyWorld(t)
	_, second := w.openDoubled()
	wantWords(t, "the second card", w.cardText(second), mayBeTwice)
	w.chat.Press(t, "ann", w.chat.Get(support, second), bridge.VerbTake) // this changes the card
	w.eventually("the card has changed", func() bool { return strings.Contains(w.cardText(second), "Ann") })
	wantWords(t, "the changed card", w.cardText(second), mayBeTwice)
}

// Parley suspected that a root was posted twice, searches the chat and finds only one. The card no longer says that there
// may be two.
func TestRootThatIsNotDoubled(t *testing.T) {
	t.Parallel()
	w := newLossyWorld(t)
	w.chat.AddFault(chatFault("thread", bridgetest.FaultThrottle, -1)) // the chat can't be searched
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

// blind is a chat that can't be searched for another root.
type blind struct{ bridge.Surface }

func (b blind) Send(ctx context.Context, p bridge.Post) (bridge.Sent, error) {
	if p.Kind == bridge.PostDouble {
		return bridge.Sent{Blind: true}, nil
	}
	return b.Surface.Send(ctx, p)
}

// If a chat can't be searched for a second root, an agent who types under a root that Parley doesn't know is told that
// the text stays inside.
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
