package bridge_test

import (
	"context"
	"testing"

	"parley/bridge"
)

// slowRoots makes threads, and keeps what became of them to itself until it is told to tell.
type slowRoots struct {
	bridge.Surface
	tell chan struct{}
}

// Send implements bridge.Surface.
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

// An emoji that comes before its message is recorded waits for the record.
func TestEarlyEmoji(t *testing.T) {
	t.Parallel()
	s := slowRoots{tell: make(chan struct{})}
	w := newWorld(t, options{surface: func(inner bridge.Surface) bridge.Surface { s.Surface = inner; return s }})
	w.writes("kim", "Hello")
	root := w.shown("Kim")
	w.chat.React("ann", root, bridge.VerbTake)
	w.eventually("the emoji was looked at, and waits", func() bool {
		return w.count(`SELECT count(*) FROM pending AS p JOIN events AS e ON e.id = p.event_id JOIN blocked AS b ON b.order_key = e.order_key WHERE e.account_id = $1`, w.surface) == 1
	})
	close(s.tell)
	w.card(root.ID, "Ann")
}
