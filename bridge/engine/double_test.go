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
	return newWorld(t, options{lossy: true, relay: relay.Options{UnclearAfter: 30 * time.Second, MaxWait: 100 * time.Millisecond}})
}

// A root was posted twice. What is typed under the first one waits until Parley can look for it; then it is
// told in the thread that counts, where a click sends it, and the first card leads there.
func TestDoubledRoot(t *testing.T) {
	t.Parallel()
	w := newLossyWorld(t)
	first, second := w.openDoubled()
	reply := w.reply(first, "Typed under the first card")
	w.eventually("it is looked for", func() bool { return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'double'`) == 1 })
	if !strings.Contains(w.chat.Get(support, second).Text, "may be shown twice") {
		t.Errorf("the second card says %q", w.chat.Get(support, second).Text)
	}
	w.chat.Press(t, "ann", w.chat.Get(support, second), bridge.VerbTake) // which changes the card
	w.eventually("the card has changed", func() bool { return strings.Contains(w.chat.Get(support, second).Text, "Ann") })
	if !strings.Contains(w.chat.Get(support, second).Text, "may be shown twice") {
		t.Errorf("the second card says no more that it may be one of two: %q", w.chat.Get(support, second).Text)
	}
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
	if n := w.countRoots(); n != 2 {
		t.Errorf("%d roots, want 2", n)
	}
}

// Parley feared that a root is there twice, looks, finds one, and says no more that there may be two.
func TestRootThatIsNotDoubled(t *testing.T) {
	t.Parallel()
	w := newLossyWorld(t)
	w.chat.AddFault(chatFault("thread", bridgetest.FaultThrottle, -1))
	w.chat.AddFault(chatFault("post", bridgetest.FaultDropBefore, 1))
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	if !strings.Contains(w.chat.Get(support, thread).Text, "may be shown twice") {
		t.Errorf("the card says %q", w.chat.Get(support, thread).Text)
	}
	w.chat.ClearFaults()
	w.eventually("the card says no more that there may be two", func() bool {
		return !strings.Contains(w.chat.Get(support, thread).Text, "may be shown twice")
	})
	w.chat.Say("ann", support, thread, "Hello yourself")
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
	w := newWorld(t, options{lossy: true, relay: relay.Options{UnclearAfter: 30 * time.Second, MaxWait: 100 * time.Millisecond},
		surface: func(s bridge.Surface) bridge.Surface { return blind{s} }})
	first, _ := w.openDoubled()
	w.eventually("it was looked for", func() bool { return w.count(`SELECT count(*) FROM threads WHERE doubt = 'stays'`) == 1 })
	w.journalSurfaceFact("say", bridgetest.Message{ID: "9.1", Channel: support, Thread: first, User: "ann", By: bridge.ActorPerson, Text: "Into nowhere", Order: "9.1"})
	w.eventually("its author is told", func() bool {
		return w.count(`SELECT count(*) FROM deliveries WHERE kind = 'line' AND payload -> 'place' ->> 'thread' = $1
			AND payload -> 'line' ->> 'Kind' = 'inside' AND payload -> 'line' ->> 'Text' = 'Into nowhere'`, first) == 1
	})
	w.wantNothingSent()
}
