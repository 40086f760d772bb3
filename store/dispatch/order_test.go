package dispatch_test

import (
	"testing"

	"parley/store/dispatch"
	"parley/store/storetest"
)

// What gave way waits again as what was never claimed, also if the process ends then; whoever lost the lane changes nothing.
func TestGiveWay(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	g := gate(t, pool, "g", 0, 1)
	fill(t, pool, 1, g, 1, 4)
	exec(t, pool, `UPDATE deliveries SET order_by = (ARRAY['5', '6', '3', '4'])[seq]`)
	late := turn(t, pool, nil, 1, g)[0]
	expire(t, pool)
	now := turn(t, pool, nil, 1, g)[0]
	exec(t, pool, `UPDATE deliveries SET state = 'sending' WHERE id = 1001`) // as if it had been claimed anew
	if gave := must(dispatch.GiveWay(t.Context(), pool, late))(t); gave {
		t.Error("a claim that is over changed the order")
	}
	if gave := must(dispatch.GiveWay(t.Context(), pool, now))(t); !gave {
		t.Error("nothing was typed before")
	}
	if got := row(t, pool, `SELECT string_agg(id || ' ' || state, ', ' ORDER BY seq) FROM deliveries`); got != `("1003 queued, 1001 queued, 1002 queued, 1004 queued")` {
		t.Error(got)
	}
	expire(t, pool) // the process ended
	wantIDs(t, turn(t, pool, nil, 1, g), 1003)
}

// A message that is being put into the lane at that moment is seen.
func TestGiveWayToWhatIsBeingRead(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), storetest.DB(t)
	g := gate(t, pool, "g", 0, 1)
	fill(t, pool, 1, g, 1, 1)
	exec(t, pool, `UPDATE deliveries SET order_by = '5'`)
	now := turn(t, pool, nil, 1, g)[0]
	reads := must(pool.Begin(ctx))(t)
	for _, sql := range []string{`UPDATE lanes SET tail = tail + 1`,
		`INSERT INTO deliveries (id, lane_id, seq, message_id, kind, order_by, created_at) SELECT 1002, lane_id, seq + 1, 1002, kind, '3', now() FROM deliveries`} {
		must(reads.Exec(ctx, sql))(t)
	}
	gave := make(chan bool, 1)
	go func() { gave <- must(dispatch.GiveWay(ctx, pool, now))(t) }()
	for row(t, pool, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) != "(1)" {
		if len(gave) > 0 {
			t.Fatal("it waited for nobody")
		}
	}
	check(t, reads.Commit(ctx))
	if !<-gave {
		t.Error("what was read meanwhile was not seen")
	}
	if got := row(t, pool, `SELECT string_agg(id || ' ' || state, ', ' ORDER BY seq) FROM deliveries`); got != `("1002 queued, 1001 queued")` {
		t.Error(got)
	}
}
