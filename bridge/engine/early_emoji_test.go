package engine_test

import (
	"context"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
)

// slowRoots makes threads, and keeps what became of them to itself until it is told to tell.
type slowRoots struct {
	bridge.Surface
	tell chan struct{}
}

func (s slowRoots) Send(ctx context.Context, p bridge.Post) (bridge.Sent, error) {
	sent, err := s.Surface.Send(ctx, p)
	if p.Kind == bridge.PostRoot {
		select {
		case <-s.tell:
		case <-ctx.Done():
		}
	}
	return sent, err
}

// An emoji that comes before its message is recorded waits for the record; what is about no
// conversation does not.
func TestEarlyEmoji(t *testing.T) {
	t.Parallel()
	s := slowRoots{tell: make(chan struct{})}
	w := newWorld(t, options{surface: func(inner bridge.Surface) bridge.Surface { s.Surface = inner; return s }})
	w.customerWrites("kim", "Hello")
	root := w.waitCardWith("Kim")
	w.chat.Say("ann", support, root.ID, "!help") // about nothing here: it waits for nothing
	w.waitWhisper("ann", "[help]")
	w.chat.React("ann", root, bridge.VerbTake)
	w.waitPutOff()
	close(s.tell)
	w.waitCard(root.ID, "Ann")
}

// An emoji under one's own text may be told before the text: it waits for it, and the text that it takes
// back does not leave.
func TestEmojiBeforeItsText(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	w.chat.Mute(true)
	said := w.chat.Get(support, w.reply(thread, "This one I regret"))
	w.chat.Mute(false)
	w.chat.React("ann", bridgetest.Message{Channel: support, ID: said.ID, User: "ann"}, bridge.VerbUndo) // nobody tells in which thread
	w.waitPutOff()
	w.exec(`UPDATE queues SET due_at = due_at + interval '1 hour' WHERE waits_for IS NOT NULL`) // the record alone wakes it
	w.journalSurfaceFact("say", said)
	w.waitFate(said.ID, "undone")
}

// waitPutOff waits until an event was looked at, and was told to wait.
func (w *world) waitPutOff() {
	w.t.Helper()
	w.eventually("an event was looked at, and waits", func() bool {
		return w.count(`SELECT count(*) FROM queues WHERE account_id = $1 AND waits > 0 AND holder IS NULL`, w.surface) == 1
	})
}

// Under what may be a post of ours and isn't, it waits a minute: what waits for longer wakes
// people.
func TestEmojiUnderNobodysPost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.chat.React("ann", bridgetest.Message{Channel: support, ID: "m999999", User: bridgetest.App}, bridge.VerbTake)
	w.waitPutOff()
	w.exec(`UPDATE events SET received_at = received_at - interval '61 s'`)
	w.makeQueuesDue()
	w.waitQueued(0)
	if n := len(w.allMessages()); n != 0 {
		t.Errorf("%d posts, want none", n)
	}
}

// A verb waits as well while a root is under way that may be the one above it; then it counts.
func TestVerbBeforeItsRootIsRecorded(t *testing.T) {
	t.Parallel()
	s := slowRoots{tell: make(chan struct{})}
	w := newWorld(t, options{surface: func(inner bridge.Surface) bridge.Surface { s.Surface = inner; return s }})
	w.customerWrites("kim", "Hello")
	root := w.waitCardWith("Kim")
	w.chat.Say("ann", support, root.ID, "!take")
	w.waitPutOff()
	w.exec(`UPDATE events SET received_at = received_at - interval '1 min'`)
	w.exec(`UPDATE queues SET waits = 0 WHERE account_id = $1`, w.surface)
	w.makeQueuesDue()
	w.waitPutOff() // it was looked at once more
	close(s.tell)
	w.waitCard(root.ID, "Ann")
}

// Where no root is under way, none is to come: a verb under what only looks like a post of ours
// is answered as soon as all that was told before it must have come.
func TestVerbUnderNobodysPost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.chat.Say("ann", support, w.chat.Say(bridgetest.App, support, "", "a card that nobody knows"), "!take")
	w.eventually("it is stored", func() bool { return w.count(`SELECT count(*) FROM events WHERE account_id = $1`, w.surface) == 1 })
	w.exec(`UPDATE events SET received_at = received_at - interval '15 s'`)
	w.makeQueuesDue()
	w.waitWhisper("ann", "conversation")
}

// waitCardWith waits until a card shows this text.
func (w *world) waitCardWith(text string) bridgetest.Message {
	w.t.Helper()
	return w.waitShownAs(text, func(m bridgetest.Message) bool { return m.Kind == string(bridge.PostRoot) })
}
