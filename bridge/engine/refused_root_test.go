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
