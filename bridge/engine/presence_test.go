package engine_test

import (
	"testing"
	"time"

	"parley/bridge"
)

// catcher notes how far back its surface is asked to read.
type catcher struct {
	bridge.Surface
	asked chan time.Duration
}

func (c catcher) CatchUp(since time.Time) { c.asked <- time.Since(since) }

// If a process vanishes, the others read once what was on its way to it. They don't if a process ends in order.
func TestAnotherProcessVanishes(t *testing.T) {
	t.Parallel()
	c := catcher{asked: make(chan time.Duration, 9)}
	w := newWorld(t, options{surface: func(s bridge.Surface) bridge.Surface { c.Surface = s; return c }})
	ctx := t.Context()
	must(w.pool.Exec(ctx, `INSERT INTO leases (name, holder, until)
		VALUES ('process:dead', 'process:dead', clock_timestamp() - interval '1 s'),
		('process:long-dead', 'x', clock_timestamp() - interval '1 hour')`))(t)

	// After a process has vanished, the surface reads further back than for a moment in which this process was stopped.
	const back = 8 * time.Second
	for late, looked := time.After(patience), false; !looked; {
		select {
		case asked := <-c.asked:
			looked = asked >= back
		case <-late:
			t.Fatal("nobody looked around, or not far enough")
		}
	}

	w.eventually("its own presence is kept, and the old one's forgotten", func() bool {
		var n int
		check(t, w.pool.QueryRow(ctx, `SELECT count(*) FROM leases WHERE name LIKE 'process:%'`).Scan(&n))
		return n == 2
	})

	w.stops[0]()
	var left string
	check(t, w.pool.QueryRow(ctx, `SELECT string_agg(name, ' ') FROM leases WHERE name LIKE 'process:%'`).Scan(&left))
	if left != "process:dead" {
		t.Errorf("left: %s, want process:dead", left)
	}
	for len(c.asked) > 0 {
		if <-c.asked >= back {
			t.Error("it looked around twice for the same one")
		}
	}
}
