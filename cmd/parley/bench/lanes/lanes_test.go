package lanes

import (
	"testing"
	"time"

	"parley/cmd/parley/bench/rig"
	"parley/cmd/parley/bench/rig/rigtest"
)

// The short form: nothing is lost, doubled or out of order, and free lanes are emptied
// beside a stuck conversation and a throttled gate.
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
	for _, name := range []string{"lane_ratio", "lane_rated", "lane_flat", "lane_isolation", "lane_snapshot"} {
		if f := figures[name]; f.Value == nil || *f.Value <= 0 {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// The check sees what it is there for.
func TestLanesAreChecked(t *testing.T) {
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
	for name, spoil := range map[string]string{
		"":             `SELECT 1`,
		"skipped":      `UPDATE lanes SET head = 1 WHERE id = 3`,
		"twice":        `INSERT INTO deliveries (id, lane_id, seq, kind, state, created_at) VALUES (9999, 3, 11, 'reply', 'accepted', now())`,
		"missing":      `DELETE FROM deliveries WHERE lane_id = 3 AND seq = 10`,
		"never queued": `UPDATE deliveries SET state = 'failed' WHERE lane_id = 3 AND seq = 10`,
	} {
		t.Run(name, func(t *testing.T) {
			if err := fillTables(t.Context(), w, fill); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Pool.Exec(t.Context(), spoil); err != nil {
				t.Fatal(err)
			}
			r, err := startLanes(t.Context(), w, fill)
			if err != nil {
				t.Fatal(err)
			}
			patience := time.Second
			if name == "" {
				patience = 2 * time.Minute
			}
			n, _ := r.waitAndCount(t.Context(), patience)
			err = r.stopAndCheck(t.Context())
			if err == nil && n < int64(fill.queued) {
				err = rig.ErrNotDrained
			}
			if (err == nil) != (name == "") {
				t.Errorf("%d sent, error %v", n, err)
			}
		})
	}
}
