package engine_test

import (
	"context"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/bridgetest"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// slowRoots is a chat that posts roots (the first posts of threads), but answers only after tell is closed.
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

// newWorldOfSlowRoot makes a world in which kim has written and her card is shown, but Parley doesn't know yet that it
// is. Parley learns it after tell is closed.
func newWorldOfSlowRoot(t *testing.T) (w *world, root bridgetest.Message, tell chan struct{}) {
	t.Helper()
	tell = make(chan struct{})
	w = newWorld(t, options{surface: func(s bridge.Surface) bridge.Surface { return slowRoots{Surface: s, tell: tell} }})
	w.customerWrites("kim", "Hello")
	return w, w.waitCardWith("Kim"), tell
}

// The chat may tell of an emoji on an agent's own text before the text itself. The emoji waits for the text, and the text
// that it takes back doesn't leave.
func TestEmojiBeforeItsText(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{hold: time.Hour})
	thread := w.openThread()
	w.chat.Mute(true)
	said := w.chat.Get(support, w.reply(thread, "This one I regret"))
	w.chat.Mute(false)

	withoutThread := bridgetest.Message{Channel: support, ID: said.ID, User: "ann"} // chats don't tell it of an emoji
	w.chat.React("ann", withoutThread, bridge.VerbUndo)
	w.waitPutOff()
	// From here on only the text's record can wake the emoji.
	w.exec(`UPDATE queues SET due_at = due_at + interval '1 hour' WHERE waits_for IS NOT NULL`)
	w.journalSurfaceFact("say", said)
	w.waitFate(said.ID, "undone")
}

// waitPutOff waits until an event was examined and postponed.
func (w *world) waitPutOff() {
	w.t.Helper()
	w.eventually("an event was looked at, and waits", func() bool {
		return w.count(`SELECT count(*) FROM queues WHERE account_id = $1 AND waits > 0 AND holder IS NULL`, w.surface) == 1
	})
}

// A command also waits as long as a root is under way that may be the one above it. After that it is carried out.
func TestVerbBeforeItsRootIsRecorded(t *testing.T) {
	t.Parallel()
	w, root, tell := newWorldOfSlowRoot(t)
	w.reply(root.ID, "!take")
	w.waitPutOff()
	w.exec(`UPDATE events SET received_at = received_at - interval '1 min'`)
	w.exec(`UPDATE queues SET waits = 0 WHERE account_id = $1`, w.surface) // so that waitPutOff sees the next look
	w.makeQueuesDue()
	w.waitPutOff()
	close(tell)
	w.waitCard(root.ID, "Ann")
}

// waitCardWith waits until a card shows this text.
func (w *world) waitCardWith(text string) bridgetest.Message {
	w.t.Helper()
	return w.waitShownAs(text, func(m bridgetest.Message) bool { return m.Kind == string(bridge.PostRoot) })
}
