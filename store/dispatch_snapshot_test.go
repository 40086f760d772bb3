package store_test

import (
	"testing"
	"time"

	"parley/store"
	"parley/store/storetest"
)

// While a dump holds its snapshot, handing out a delivery costs no more after many than before,
// as long as claims look back no further than to the oldest lane. PARLEY_TEST_LONG takes a million.
func TestHeldSnapshot(t *testing.T) {
	t.Parallel()
	rounds := 8
	if storetest.LongForm() {
		rounds = 100
	}
	const lanes = 10_000
	pool := storetest.DB(t)
	g := newGate(t, pool, "g", 0, 1)
	exec(t, pool, `INSERT INTO lanes (id, account_id, key, conversation_id, gate_id) SELECT n, 1, 'c' || n, n, $1
		FROM generate_series(1, $2::int) AS n`, g, lanes)
	exec(t, pool, `VACUUM (ANALYZE) lanes`)
	storetest.OpenDump(t, pool)

	var since time.Time
	cost := func(name string) map[string]float64 {
		newDueLane(t, pool, 1_000_000+store.LaneID(len(name)), g, store.PrioritySay, 1)
		defer exec(t, pool, `UPDATE lanes SET due_at = NULL WHERE id > 999999`)
		gates, from, wholly := []store.GateID{g}, []string{since.Format(time.RFC3339Nano)}, []string{"-infinity"}
		explained := func(sql string, args ...any) float64 { return storetest.ExplainHot(t, pool, sql, args...).Buffers() }
		return map[string]float64{
			"claim":                  explained(store.ClaimSQL, gates, []int32{16}, []int64{0}, from),
			"claim among priorities": explained(store.ClaimSharedSQL, gates, []int32{16}, []int64{0}, from),
			"due gates":              explained(store.DueGatesSQL, gates, from, false),
			"claim of everything":    explained(store.ClaimSQL, gates, []int32{16}, []int64{0}, wholly),
		}
	}

	before := cost("x")
	for range rounds {
		exec(t, pool, `UPDATE lanes SET due_at = parley_now(), tail = tail + 1 WHERE id <= $1`, lanes)
		exec(t, pool, `UPDATE lanes SET due_at = NULL, head = tail WHERE id <= $1`, lanes)
		check(t, store.MoveClock(t.Context(), pool, time.Minute))
		since = must(store.DueGates(t.Context(), pool, []store.GateSince{{ID: g, Since: since}}))(t)[0].Oldest
	}

	exec(t, pool, `VACUUM lanes`)
	after := cost("xx")
	for name, n := range before {
		t.Logf("%s: %.0f blocks before, %.0f after %d deliveries", name, n, after[name], rounds*lanes)
		if limit := 2*n + 10; after[name] > limit && name != "claim of everything" {
			t.Errorf("%s reads %.0f blocks after %d deliveries, %.0f before them", name, after[name], rounds*lanes, n)
		}
	}
	if after["claim of everything"] < 100*before["claim of everything"] {
		t.Error("nothing lay in the way: the snapshot kept nothing")
	}
}
