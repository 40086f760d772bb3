package engine_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"parley/bridge"
	"parley/bridge/relay"
	"parley/channels"
)

// stubborn refuses the first roots for a reason that nobody knows.
type stubborn struct {
	bridge.Surface
	left atomic.Int64
}

// Send implements bridge.Surface.
func (s *stubborn) Send(ctx context.Context, p bridge.Post) (bridge.Sent, error) {
	if p.Kind == bridge.PostRoot && s.left.Add(-1) >= 0 {
		return bridge.Sent{}, &channels.SendError{Class: channels.BadContent, Text: "The chat refuses this post (team_quota_exceeded)."}
	}
	return s.Surface.Send(ctx, p)
}

// A conversation whose root is refused is not given up: without it nobody would see it.
func TestRefusedRootIsTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{relay: relay.Options{MaxWait: 50 * time.Millisecond}, surface: func(s bridge.Surface) bridge.Surface {
		refuses := &stubborn{Surface: s}
		refuses.left.Store(3)
		return refuses
	}})
	w.writes("kim", "Hello")
	w.thread("Hello")
	if n := w.count(`SELECT count(*) FROM events WHERE external_id LIKE 'refused:%'`); n != 1 {
		t.Errorf("told %d times", n)
	}
}

// What is typed in the thread of before a root was posted anew stays inside, with a
// button (invariant 4).
func TestLeftThread(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	thread := w.opened()
	w.chat.Mute(true)
	w.chat.Delete(support, thread)
	w.chat.Mute(false)
	w.writes("kim", "Still there?")
	second := w.thread("Still there?")
	w.settled()
	reply := w.reply(thread, "Yes")
	w.fate(reply, "inside")
	line := w.line(second, bridge.LineInside)
	w.settled()
	if n := w.provider.Calls(); n != 0 {
		t.Fatalf("the customer got %q", w.provider.Texts())
	}
	w.chat.Press(t, "ann", line, bridge.VerbSend)
	w.provider.WaitTexts(t, "Yes")
}

// The thread's root was deleted: it is posted anew and nothing is lost.
func TestReroot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{})
	w.writes("kim", "Hello")
	thread := w.thread("Hello")
	w.settled()
	w.chat.Mute(true)
	w.chat.Delete(support, thread)
	w.chat.Mute(false)
	w.writes("kim", "Still there?")
	second := w.thread("Still there?")
	if second == thread {
		t.Fatal("posted in the deleted thread")
	}
	w.chat.Say("ann", support, second, "Yes")
	w.provider.WaitTexts(t, "Yes")
	w.settled()
	if n := len(w.chat.Messages(support, "")); n != 1 {
		t.Errorf("%d roots, want 1", n)
	}
}
