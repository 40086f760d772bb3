package engine_test

import (
	"testing"

	"parley/bridge"
)

// windows is a surface whose platform counts in a short and in a wide window.
type windows struct{ bridge.Surface }

func (s windows) Budget(kind bridge.PostKind, channel string) bridge.Budget {
	b := s.Surface.Budget(kind, channel)
	if kind != bridge.PostCard {
		b.PerSecond, b.Burst, b.WidePerSecond, b.WideBurst = 1000, 1000, 1e-6, 3
	}
	return b
}

// What a wide window holds limits a channel though the short one has room.
func TestWideBudget(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{surface: func(s bridge.Surface) bridge.Surface { return windows{s} }})
	for _, customer := range []string{"kim", "lee", "max"} { // a root and a message each
		w.customerWrites(customer, "Hello")
	}
	w.eventually("what the wide window holds is posted", func() bool {
		return w.count(`SELECT count(*) FROM deliveries WHERE state = 'accepted'`) == 3 && w.count(`SELECT count(*) FROM deliveries`) == 6
	})
	w.eventually("the rest waits", func() bool { return w.count(`SELECT count(*) FROM deliveries WHERE state = 'queued'`) == 3 })
	if n := w.chat.Calls("post"); n != 3 {
		t.Errorf("%d posts, want 3", n)
	}
}
