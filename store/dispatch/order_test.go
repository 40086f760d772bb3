package dispatch_test

import (
	"slices"
	"testing"

	"parley/store"
	"parley/store/dispatch"
	"parley/store/storetest"
)

// What gave way waits again as what was never claimed, also if the process ends then; whoever lost the lane changes nothing.
func TestGiveWay(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	g := newGate(t, pool, "g", 0, 1)
	newDueLane(t, pool, 1, g, 1, 4)
	exec(t, pool, `UPDATE deliveries SET order_by = (ARRAY['5', '6', '3', '4'])[seq]`)
	late := claimLanes(t, pool, 1, g)[0]
	expireLeases(t, pool)
	now := claimLanes(t, pool, 1, g)[0]
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
	expireLeases(t, pool) // the process ended
	checkClaimed(t, claimLanes(t, pool, 1, g), 1003)
}

// A message of which an attempt has begun isn't put before another one: the customer may have it.
func TestGiveWayToNothingThatHasBegun(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	g := gate(t, pool, "g", 0, 1)
	fill(t, pool, 1, g, 1, 3)
	exec(t, pool, `UPDATE deliveries SET order_by = (ARRAY['5', '3', '4'])[seq], attempt = (ARRAY[0, 1, 0])[seq]`)
	now := turn(t, pool, nil, 1, g)[0]
	if gave := must(dispatch.GiveWay(t.Context(), pool, now))(t); !gave {
		t.Error("it gave way to nothing, want the one that hasn't begun")
	}
	const want = `("1003 queued, 1001 queued, 1002 queued")`
	if got := row(t, pool, `SELECT string_agg(id || ' ' || state, ', ' ORDER BY seq) FROM deliveries`); got != want {
		t.Errorf("the lane is %s, want %s", got, want)
	}
}

// A message that is being put into the lane at that moment is seen.
func TestGiveWayToWhatIsBeingRead(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), storetest.DB(t)
	g := newGate(t, pool, "g", 0, 1)
	newDueLane(t, pool, 1, g, 1, 1)
	exec(t, pool, `UPDATE deliveries SET order_by = '5'`)
	now := claimLanes(t, pool, 1, g)[0]
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

// Only deliveries of one key leave as one message: others are somebody else's words, or for others.
func TestRunsOfOneKey(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	g := gate(t, pool, "g", 0, 1)
	fill(t, pool, 1, g, 1, 3)
	exec(t, pool, `UPDATE deliveries SET join_key = (ARRAY['a', 'b', 'a'])[seq]`)
	list := turn(t, pool, nil, 1, g)
	wantIDs(t, list, 1001)
	if n := len(list[0].With); n != 0 {
		t.Errorf("it leaves with %d others, want none", n)
	}
}

// What is put into a lane or taken back while its head is claimed is respected: nothing that was taken back leaves, and nothing
// that was put between others is passed over.
func TestRunThatChangesWhileItIsClaimed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change []string
		joined []store.DeliveryID
		torn   bool
		after  string
	}{
		"taken back":                    {[]string{`UPDATE deliveries SET state = 'cancelled' WHERE id = 1003`}, []store.DeliveryID{1002}, false, "1001 sending, 1002 sending, 1003 cancelled"},
		"taken back, and one behind it": {[]string{`UPDATE deliveries SET state = 'cancelled' WHERE id = 1002`}, []store.DeliveryID{1003}, true, "1001 sending, 1002 cancelled, 1003 sending"},
		"put between them": {[]string{`UPDATE deliveries SET seq = seq + 10 WHERE id IN (1002, 1003)`, `UPDATE deliveries SET seq = seq - 9 WHERE id IN (1002, 1003)`,
			`INSERT INTO deliveries (id, lane_id, seq, message_id, kind, join_key, created_at) VALUES (1004, 1, 2, 1004, 'reply', 'j', now())`},
			nil, false, "1001 sending, 1004 queued, 1002 queued, 1003 queued"},
		"held for longer": {[]string{`UPDATE deliveries SET not_before = now() + interval '1 h' WHERE id = 1002`}, []store.DeliveryID{1003}, true, "1001 sending, 1002 queued, 1003 sending"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, pool := t.Context(), storetest.DB(t)
			g := newGate(t, pool, "g", 0, 1)
			newDueLane(t, pool, 1, g, 1, 3)
			exec(t, pool, `UPDATE deliveries SET join_key = 'j'`)
			other := must(pool.Begin(ctx))(t) // the claim waits for the head, having begun before the change
			must(other.Exec(ctx, `SELECT FROM deliveries WHERE id = 1001 FOR UPDATE`))(t)
			claimed := make(chan []dispatch.Claimed, 1)
			go func() { claimed <- claimLanes(t, pool, 1, g) }()
			for row(t, pool, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) != "(1)" {
				if len(claimed) > 0 {
					t.Fatal("it waited for nobody")
				}
			}
			for _, sql := range c.change {
				exec(t, pool, sql)
			}
			check(t, other.Commit(ctx))
			list := <-claimed
			checkClaimed(t, list, 1001)
			var joined []store.DeliveryID
			for _, d := range list[0].With {
				joined = append(joined, d.ID)
			}
			if !slices.Equal(joined, c.joined) || list[0].Torn != c.torn {
				t.Errorf("joined are %v, torn: %v", joined, list[0].Torn)
			}
			if got := row(t, pool, `SELECT string_agg(id || ' ' || state, ', ' ORDER BY seq) FROM deliveries`); got != `("`+c.after+`")` {
				t.Error(got)
			}
		})
	}
}
