package engine_test

import (
	"testing"

	"parley/bridge"
)

// Each test makes a world (harness_test.go): an engine with a database of its own, between a fake provider, by which
// customers write and are answered, and a fake chat, in whose channel "support" agents work.

// wideBurst is the number of posts that the wide window of windows allows.
const wideBurst = 3

// windows is a surface whose platform limits posts within a short time and within a long one, the wide window.
type windows struct{ bridge.Surface }

func (s windows) Budget(kind bridge.PostKind, channel string) bridge.Budget {
	b := s.Surface.Budget(kind, channel)
	if kind != bridge.PostCard {
		b.PerSecond, b.Burst, b.WidePerSecond, b.WideBurst = 1000, 1000, 1e-6, wideBurst
	}
	return b
}

// The wide window limits a channel's posts even if the short one has room.
func TestWideBudget(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options{surface: func(s bridge.Surface) bridge.Surface { return windows{s} }})
	customers := []string{"kim", "lee", "max"}
	for _, customer := range customers {
		w.customerWrites(customer, "Hello")
	}

	all := 2 * len(customers) // posts: a root and a message each
	w.eventually("what the wide window holds is posted", func() bool {
		return w.count(`SELECT count(*) FROM deliveries WHERE state = 'accepted'`) == wideBurst &&
			w.count(`SELECT count(*) FROM deliveries`) == all
	})
	w.eventually("the rest waits", func() bool { return w.count(`SELECT count(*) FROM deliveries WHERE state = 'queued'`) == all-wideBurst })
	wantEqual(t, "posts", w.chat.Calls("post"), wideBurst)
}
