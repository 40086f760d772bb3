package store_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

// laneEntry is what these tests compare of a delivery.
type laneEntry struct {
	ID    store.DeliveryID
	State store.DeliveryState
}

// checkLane compares the deliveries of all lanes, in their order. It also checks that their places are numbered without
// gaps: a delivery behind a gap would never leave.
func checkLane(t *testing.T, pool *pgxpool.Pool, want ...laneEntry) {
	t.Helper()
	if got := storetest.Rows(t, pool, pgx.RowToStructByPos[laneEntry], `SELECT id, state FROM deliveries
		ORDER BY lane_id, seq`); !slices.Equal(got, want) {
		t.Errorf("the lane has %v, want %v", got, want)
	}
	const gaps = `
		SELECT array_agg(id)
		FROM (SELECT id, seq, row_number() OVER (PARTITION BY lane_id ORDER BY seq) AS place FROM deliveries) AS d
		WHERE seq <> place`
	if got := row(t, pool, gaps); got != "()" {
		t.Errorf("%s aren't where they should be", got)
	}
}

// newLaneBeside makes lane 2, behind a gate of its own. Its first delivery is being sent in the given epoch (the number of
// a claim). Its second one was typed before all of lane 1.
func newLaneBeside(t *testing.T, pool *pgxpool.Pool, epoch int64) {
	t.Helper()
	beside := newGate(t, pool, "beside", 0, 1)
	newDueLane(t, pool, 2, beside, 1, 2)
	exec(t, pool, `UPDATE lanes SET epoch = $1 WHERE id = 2`, epoch-1)
	exec(t, pool, `UPDATE deliveries SET order_by = (ARRAY['2', '1'])[seq] WHERE lane_id = 2`)
	claimOne(t, pool, beside)
}

// newOrderedLane makes a lane of four deliveries, of which the fourth was typed first, and the third before the first two.
// It returns two claims of the first: one that has expired, and the current one.
func newOrderedLane(t *testing.T) (pool *pgxpool.Pool, gate store.GateID, late, current store.ClaimedDelivery) {
	t.Helper()
	pool = storetest.Reused(t)
	gate = newGate(t, pool, "g", 0, 1)
	newDueLane(t, pool, 1, gate, 1, 4)
	exec(t, pool, `UPDATE deliveries SET order_by = (ARRAY['5', '6', '4', '3'])[seq]`)
	late = claimOne(t, pool, gate)
	expireLeases(t, pool)
	current = claimOne(t, pool, gate)
	exec(t, pool, `UPDATE deliveries SET state = 'sending' WHERE id = 1001`) // as if it had been claimed anew
	return pool, gate, late, current
}

// A delivery gives way to the one that was typed first, and waits again as if it had never been claimed.
func TestGiveWay(t *testing.T) {
	t.Parallel()
	pool, _, _, current := newOrderedLane(t)
	newLaneBeside(t, pool, current.Epoch)
	if gave := must(store.GiveWay(t.Context(), pool, current))(t); !gave {
		t.Error("the delivery didn't give way to one that was typed before")
	}
	checkLane(t, pool,
		laneEntry{1004, store.Queued},
		laneEntry{1001, store.Queued},
		laneEntry{1002, store.Queued},
		laneEntry{1003, store.Queued},
		laneEntry{2001, store.Sending}, // in another lane nothing changes
		laneEntry{2002, store.Queued})
}

// A delivery doesn't give way to one that was typed later, that nobody typed, or that was taken back.
func TestGiveWayToNothingLater(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	gate := newGate(t, pool, "g", 0, 1)
	newDueLane(t, pool, 1, gate, 1, 4)
	exec(t, pool, `UPDATE deliveries
		SET order_by = (ARRAY['4', '5', '', '3'])[seq], state = CASE seq WHEN 4 THEN 'cancelled' ELSE 'queued' END`)
	current := claimOne(t, pool, gate)
	if gave := must(store.GiveWay(t.Context(), pool, current))(t); gave {
		t.Error("the delivery gave way, want that it leaves first")
	}
	checkLane(t, pool, laneEntry{1001, store.Sending}, laneEntry{1002, store.Queued}, laneEntry{1003, store.Queued},
		laneEntry{1004, store.Cancelled})
}

// A message with an attempt that has begun isn't put before another one, because the customer may already have it.
func TestGiveWayToNothingThatHasBegun(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	gate := newGate(t, pool, "g", 0, 1)
	newDueLane(t, pool, 1, gate, 1, 3)
	exec(t, pool, `UPDATE deliveries SET order_by = (ARRAY['5', '3', '4'])[seq], attempt = (ARRAY[0, 1, 0])[seq]`)
	current := claimOne(t, pool, gate)
	if gave := must(store.GiveWay(t.Context(), pool, current))(t); !gave {
		t.Error("it gave way to nothing, want the one that hasn't begun")
	}
	checkLane(t, pool, laneEntry{1003, store.Queued}, laneEntry{1001, store.Queued}, laneEntry{1002, store.Queued})
}

// GiveWay waits for a transaction that is putting an earlier message into the lane, and sees that message.
func TestGiveWayToWhatIsBeingRead(t *testing.T) {
	t.Parallel()
	ctx, pool := t.Context(), storetest.Reused(t)
	g := newGate(t, pool, "g", 0, 1)
	newDueLane(t, pool, 1, g, 1, 1)
	exec(t, pool, `UPDATE deliveries SET order_by = '5'`)
	current := claimOne(t, pool, g)
	reader := storetest.Begin(t, pool)
	exec(t, reader, `UPDATE lanes SET tail = tail + 1`)
	exec(t, reader, `
		INSERT INTO deliveries (id, lane_id, seq, message_id, kind, order_by, created_at)
		SELECT 1002, lane_id, seq + 1, 1002, kind, '3', now()
		FROM deliveries`)

	var gave bool
	ended := make(chan error, 1)
	go func() {
		var err error
		gave, err = store.GiveWay(ctx, pool, current)
		ended <- err
	}()
	storetest.WaitForLock(t, pool)
	check(t, reader.Commit(ctx))
	check(t, storetest.Receive(t, ended, "GiveWay has ended"))
	if !gave {
		t.Error("the delivery didn't give way to what was read meanwhile")
	}
	checkLane(t, pool, laneEntry{1002, store.Queued}, laneEntry{1001, store.Queued})
}

// A run is several deliveries that leave as one message. A delivery that is taken out of a run leaves alone, behind those
// before it, even if the process ends then. Deliveries that were taken back stay so, and other lanes don't change.
func TestLeaveAlone(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	gate := newGate(t, pool, "g", 0, 1)
	newDueLane(t, pool, 1, gate, 1, 4)
	exec(t, pool, `UPDATE deliveries SET join_key = 'j', message_id = id, state = CASE seq WHEN 4 THEN 'cancelled' ELSE 'queued' END`)
	run := claimOne(t, pool, gate)
	newLaneBeside(t, pool, run.Epoch)
	rest := []laneEntry{{1004, store.Cancelled}, {2001, store.Sending}, {2002, store.Queued}}

	// An old claim of the run changes nothing.
	late := run
	late.Epoch--
	check(t, store.LeaveDelivery(t.Context(), pool, late, 1002))
	checkRun(t, run, store.Sending, 1001, 1002, 1003)
	checkLane(t, pool, slices.Concat([]laneEntry{{1001, store.Sending}, {1002, store.Sending}, {1003, store.Sending}}, rest)...)

	check(t, store.LeaveDelivery(t.Context(), pool, run, 1002))
	checkLane(t, pool, slices.Concat([]laneEntry{{1001, store.Queued}, {1002, store.Queued}, {1003, store.Queued}}, rest)...)
	expireLeases(t, pool)
	checkRun(t, claimOne(t, pool, gate), store.Sending, 1001)
}

// If a delivery is put into a lane or taken back while the lane's head is being claimed, the claim takes account of it.
// Parley sends nothing that was taken back, and doesn't skip a delivery that was put between others.
func TestRunThatChangesWhileItIsClaimed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		change     []string // statements
		wantJoined []store.DeliveryID
		wantTorn   bool
		wantLane   []laneEntry
	}{
		{
			name:       "the last one is taken back",
			change:     []string{`UPDATE deliveries SET state = 'cancelled' WHERE id = 1003`},
			wantJoined: []store.DeliveryID{1002},
			wantLane:   []laneEntry{{1001, store.Sending}, {1002, store.Sending}, {1003, "cancelled"}},
		},
		{
			name:       "one in the middle is taken back",
			change:     []string{`UPDATE deliveries SET state = 'cancelled' WHERE id = 1002`},
			wantJoined: []store.DeliveryID{1003},
			wantTorn:   true,
			wantLane:   []laneEntry{{1001, store.Sending}, {1002, "cancelled"}, {1003, store.Sending}},
		},
		{
			name: "one is put behind the first",
			change: []string{
				`UPDATE deliveries SET seq = seq + 10 WHERE id IN (1002, 1003)`,
				`UPDATE deliveries SET seq = seq - 9 WHERE id IN (1002, 1003)`,
				`INSERT INTO deliveries (id, lane_id, seq, message_id, kind, join_key, created_at) VALUES (1004, 1, 2, 1004, 'reply', 'j', now())`,
			},
			wantJoined: nil,
			wantLane:   []laneEntry{{1001, store.Sending}, {1004, store.Queued}, {1002, store.Queued}, {1003, store.Queued}},
		},
		{
			name:       "one in the middle is held for longer",
			change:     []string{`UPDATE deliveries SET not_before = now() + interval '1 h' WHERE id = 1002`},
			wantJoined: []store.DeliveryID{1003},
			wantTorn:   true,
			wantLane:   []laneEntry{{1001, store.Sending}, {1002, store.Queued}, {1003, store.Sending}},
		},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx, pool := t.Context(), storetest.Reused(t)
			g := newGate(t, pool, "g", 0, 1)
			newDueLane(t, pool, 1, g, 1, 3)
			exec(t, pool, `UPDATE deliveries SET join_key = 'j'`)

			// The claim begins before the change, and waits for the head that another transaction has locked.
			other := storetest.Begin(t, pool)
			exec(t, other, `SELECT FROM deliveries WHERE id = 1001 FOR UPDATE`)
			claimed := make(chan []store.ClaimedDelivery, 1)
			go func() { claimed <- claimLanes(t, pool, 1, g) }()
			storetest.WaitForLock(t, pool)
			for _, sql := range tt.change {
				exec(t, pool, sql)
			}
			check(t, other.Commit(ctx))

			list := storetest.Receive(t, claimed, "the lane is claimed")
			checkClaimed(t, list, 1001)
			var joined []store.DeliveryID
			for _, d := range list[0].With {
				joined = append(joined, d.ID)
			}
			if !slices.Equal(joined, tt.wantJoined) {
				t.Errorf("with the head were claimed %v, want %v", joined, tt.wantJoined)
			}
			if list[0].Torn != tt.wantTorn {
				t.Errorf("the run is torn: %t, want %t", list[0].Torn, tt.wantTorn)
			}
			checkLane(t, pool, tt.wantLane...)
		})
	}
}
