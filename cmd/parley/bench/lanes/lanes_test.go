package lanes

import (
	"testing"
	"time"

	"parley/cmd/parley/bench/rig"
	"parley/cmd/parley/bench/rig/rigtest"
)

// Measure in its short form finds nothing lost, doubled or out of order: free lanes are emptied although one
// conversation is stuck and one gate throttles.
func TestLanes(t *testing.T) {
	t.Parallel()
	b := rigtest.New(t)
	if _, err := b.Machine(t.Context()); err != nil {
		t.Fatal(err)
	}
	figures, err := Measure(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"lane_ratio", "lane_flat", "lane_isolation"} {
		if f := figures[name]; f.Value == nil || *f.Value <= 0 {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// stopAndCheck, and the count of what was sent, find each kind of damage to the tables.
func TestLanesCheckFindsDamage(t *testing.T) {
	t.Parallel()
	b := rigtest.New(t)
	w, err := rig.StartWorld(t.Context(), b, rig.WorldOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}()

	fill := laneFill{queued: 200, stuck: 20, throttled: 20}
	// Lane 3 is a free one, with the places 1 to laneDepth (10).
	for _, c := range []struct {
		name, spoil string
		isDamaged   bool
	}{
		{name: "no damage", spoil: `SELECT 1`},
		{name: "a delivery was skipped", spoil: `UPDATE lanes SET head = 1 WHERE id = 3`, isDamaged: true},
		{name: "a delivery came twice", spoil: `INSERT INTO deliveries (id, lane_id, seq, kind, state, created_at)
			VALUES (9999, 3, 11, 'reply', 'accepted', now())`, isDamaged: true},
		{name: "a delivery is missing", spoil: `DELETE FROM deliveries WHERE lane_id = 3 AND seq = 10`, isDamaged: true},
		{name: "a delivery failed", spoil: `UPDATE deliveries SET state = 'failed' WHERE lane_id = 3 AND seq = 10`, isDamaged: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := fillTables(t.Context(), w, fill); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Pool.Exec(t.Context(), c.spoil); err != nil {
				t.Fatal(err)
			}
			r, err := startLanes(t.Context(), w, fill)
			if err != nil {
				t.Fatal(err)
			}
			patience := 2 * time.Minute
			if c.isDamaged {
				patience = time.Second // damage shows soon, or the lanes never drain
			}
			sent, _ := r.waitAndCount(t.Context(), patience)
			err = r.stopAndCheck(t.Context())
			isFound := err != nil || sent < int64(fill.queued)
			if isFound != c.isDamaged {
				t.Errorf("%d of %d sent, error %v", sent, fill.queued, err)
			}
		})
	}
}
