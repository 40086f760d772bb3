package store_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

// The tests of this file hand out the deliveries of lanes that newDueLane makes, behind gates of newGate. A lane is a queue
// of deliveries to one place, and a gate is a rate that lanes share. A turn of a dispatcher records results and claims what
// is due, in one call: see claimLanes, finishAll and finishAndClaim.

// newGate makes a gate that lets perSecond calls pass (0 means any number), in bursts.
func newGate(t testing.TB, pool *pgxpool.Pool, key string, perSecond float64, burst int) store.GateID {
	t.Helper()
	return newGateOf(t, pool, store.Gate{AccountID: 1, Key: key, PerSecond: perSecond, Burst: burst})
}

func newGateOf(t testing.TB, pool *pgxpool.Pool, gate store.Gate) store.GateID {
	t.Helper()
	made := must(store.UpsertGates(t.Context(), pool, []store.Gate{gate}))(t)
	if len(made) != 1 {
		t.Fatalf("%d gates were made, want 1", len(made))
	}
	return made[0].ID
}

// newDueLane makes a lane that is due, with n queued deliveries. The id of a delivery is 1000 times the lane's, plus its
// seq.
func newDueLane(t testing.TB, pool *pgxpool.Pool, lane store.LaneID, gate store.GateID, priority, n int) {
	t.Helper()
	exec(t, pool, `
		INSERT INTO lanes (id, account_id, key, conversation_id, gate_id, priority, tail, due_at, lease_seconds)
		VALUES ($1, 1, $2, $1, $3, $4, $5, parley_now(), 30)`, lane, fmt.Sprint("c", lane), gate, priority, n)
	exec(t, pool, `
		INSERT INTO deliveries (id, lane_id, seq, kind, created_at)
		SELECT $1 * 1000 + n, $1, n, 'reply', parley_now()
		FROM generate_series(1, $2) AS n`, lane, n)
}

// claimLanes claims up to so many deliveries (slots) of each gate. They are returned in the order of their ids.
func claimLanes(t testing.TB, pool *pgxpool.Pool, slots int, gates ...store.GateID) []store.ClaimedDelivery {
	t.Helper()
	return finishAndClaim(t, pool, nil, slots, gates...)
}

// claimOne claims the only delivery that is due behind a gate.
func claimOne(t testing.TB, pool *pgxpool.Pool, gate store.GateID) store.ClaimedDelivery {
	t.Helper()
	return finishAndClaimOne(t, pool, nil, gate)
}

func finishAndClaimOne(t testing.TB, pool *pgxpool.Pool, done []store.FinishedDelivery, gate store.GateID) store.ClaimedDelivery {
	t.Helper()
	claimed := finishAndClaim(t, pool, done, 1, gate)
	if len(claimed) != 1 {
		t.Fatalf("claimed %v, want one delivery", deliveryIDs(claimed))
	}
	return claimed[0]
}

// finishAll records results.
func finishAll(t testing.TB, pool *pgxpool.Pool, done []store.FinishedDelivery) {
	t.Helper()
	finishAndClaimFrom(t, pool, done)
}

// finishAndClaim records results and claims as claimLanes does.
func finishAndClaim(t testing.TB, pool *pgxpool.Pool, done []store.FinishedDelivery, slots int, gates ...store.GateID) []store.ClaimedDelivery {
	t.Helper()
	var list []store.GateClaim
	for _, g := range gates {
		list = append(list, store.GateClaim{GateSince: store.GateSince{ID: g}, Slots: slots, Mixed: true})
	}
	return finishAndClaimFrom(t, pool, done, list...)
}

func finishAndClaimFrom(t testing.TB, pool *pgxpool.Pool, done []store.FinishedDelivery, gates ...store.GateClaim) []store.ClaimedDelivery {
	t.Helper()
	claimed, _, err := store.TurnDeliveries(t.Context(), pool, done, gates, nil)
	check(t, err)
	slices.SortFunc(claimed, func(a, b store.ClaimedDelivery) int { return cmp.Compare(a.ID, b.ID) })
	return claimed
}

func deliveryIDs(claimed []store.ClaimedDelivery) []store.DeliveryID {
	list := []store.DeliveryID{}
	for _, c := range claimed {
		list = append(list, c.ID)
	}
	return list
}

func checkClaimed(t *testing.T, claimed []store.ClaimedDelivery, want ...store.DeliveryID) {
	t.Helper()
	if got := deliveryIDs(claimed); !slices.Equal(got, want) {
		t.Fatalf("claimed %v, want %v", got, want)
	}
}

// resultOf returns the result of an attempt that ended in a state, after which the lane goes on to its next delivery.
func resultOf(c store.ClaimedDelivery, state store.DeliveryState) store.FinishedDelivery {
	return store.FinishedDelivery{LaneID: c.LaneID, Epoch: c.Epoch, ID: c.ID, State: state, GatePace: store.GatePace{Advance: 1, Gate: c.GateID}}
}

// expireLeases makes every running lease end in the past.
func expireLeases(t testing.TB, pool *pgxpool.Pool) {
	t.Helper()
	exec(t, pool, `
		UPDATE lanes
		SET leased_until = clock_timestamp() - interval '1 s', due_at = parley_now() - interval '1 s'
		WHERE leased_until IS NOT NULL`)
}

// readStates returns the states of all deliveries in the order of their ids.
func readStates(t *testing.T, pool *pgxpool.Pool) []store.DeliveryState {
	t.Helper()
	return storetest.Rows(t, pool, pgx.RowTo[store.DeliveryState], `SELECT state FROM deliveries ORDER BY id`)
}

func TestLaneHandsOutItsDeliveriesInOrder(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	g := newGate(t, pool, "g", 0, 1)
	newDueLane(t, pool, 1, g, 1, 3)
	newDueLane(t, pool, 2, g, 1, 1)
	first := claimLanes(t, pool, 10, g)
	checkClaimed(t, first, 1001, 2001)
	results := []store.FinishedDelivery{resultOf(first[0], store.Accepted), resultOf(first[1], store.Failed)}
	checkClaimed(t, finishAndClaim(t, pool, results, 10, g), 1002)
	got, want := readStates(t, pool), []store.DeliveryState{store.Accepted, store.Sending, store.Queued, store.Failed}
	if !slices.Equal(got, want) {
		t.Errorf("the deliveries are %v, want %v", got, want)
	}
}

func TestLeasedLaneIsNotClaimed(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	g := newGate(t, pool, "g", 0, 1)
	newDueLane(t, pool, 1, g, 1, 3)
	checkClaimed(t, claimLanes(t, pool, 10, g), 1001)
	checkClaimed(t, claimLanes(t, pool, 10, g))
}

// A result counts once. If it is written again, because an answer of the database was lost, the lane doesn't pass over the
// next delivery.
func TestFinishCountsOnce(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	g := newGate(t, pool, "g", 0, 1)
	newDueLane(t, pool, 1, g, 1, 3)
	done := []store.FinishedDelivery{resultOf(claimOne(t, pool, g), store.Accepted)}
	finishAll(t, pool, done)
	finishAll(t, pool, done)
	var head, tail int
	check(t, pool.QueryRow(t.Context(), `SELECT head, tail FROM lanes`).Scan(&head, &tail))
	if head != 1 {
		t.Errorf("the lane has passed over %d deliveries, want 1", head)
	}
	if tail != 3 {
		t.Errorf("the lane ends with delivery %d, want 3", tail)
	}
}

// lateLane is a lane whose first delivery was taken over after its lease had expired. Beside it, another lane (2) is in the
// epoch (the number of its claim) that this one was in.
type lateLane struct {
	pool    *pgxpool.Pool
	late    store.ClaimedDelivery // the claim that has expired
	current store.ClaimedDelivery
}

func newLateLane(t *testing.T) lateLane {
	t.Helper()
	pool := storetest.Reused(t)
	g := newGate(t, pool, "g", 0, 1)
	newDueLane(t, pool, 1, g, 1, 2)
	late := claimOne(t, pool, g)
	expireLeases(t, pool)
	l := lateLane{pool: pool, late: late, current: claimOne(t, pool, g)}
	beside := newGate(t, pool, "beside", 0, 1)
	newDueLane(t, pool, 2, beside, 1, 1)
	claimOne(t, pool, beside)
	return l
}

// finishLate records a result for the claim that has expired, with a fact, and a post that opens a thread.
func (l lateLane) finishLate(t *testing.T) {
	t.Helper()
	f := resultOf(l.late, store.Accepted)
	f.ExternalID = "late"
	f.Facts = []store.NewEvent{{AccountID: store.SystemAccount, ExternalID: "late", OrderKey: "1/c1", Payload: []byte("{}")}}
	f.Landed = []store.LandedPart{{Post: store.Post{AccountID: 1, Channel: "C", Message: "late", Kind: "root"},
		Thread: &store.Thread{ConversationID: 1, AccountID: 1, Channel: "C", Root: "late"}}}
	exec(t, l.pool, `INSERT INTO conversations (id, account_id, status, last_at, created_at) VALUES (1, 1, 'open', now(), now())`)
	finishAll(t, l.pool, []store.FinishedDelivery{f})
}

func (l lateLane) checkHead(t *testing.T, want int) {
	t.Helper()
	var head int
	check(t, l.pool.QueryRow(t.Context(), `SELECT head FROM lanes WHERE id = 1`).Scan(&head))
	if head != want {
		t.Errorf("the lane has passed over %d deliveries, want %d", head, want)
	}
}

// A process that takes over a lane whose lease has expired doesn't know whether the first attempt was sent.
func TestDeliveryWhoseLeaseExpiredIsUnknown(t *testing.T) {
	t.Parallel()
	taken := newLateLane(t).current
	if taken.State != store.Unknown {
		t.Errorf("the delivery is %s, want %s", taken.State, store.Unknown)
	}
	if taken.Epoch != 2 {
		t.Errorf("the lane is in epoch %d, want 2", taken.Epoch)
	}
	if taken.Attempt != 1 {
		t.Errorf("the delivery is in attempt %d, want still in 1", taken.Attempt)
	}
}

// A result that comes after its lease was taken over writes nothing at all.
func TestLateResultIsFenced(t *testing.T) {
	t.Parallel()
	l := newLateLane(t)
	l.finishLate(t)
	l.checkHead(t, 0)

	var epoch int64
	var isLeased bool
	var state store.DeliveryState
	var externalID string
	check(t, l.pool.QueryRow(t.Context(), `
		SELECT l.epoch, l.leased_until IS NOT NULL, d.state, d.external_id
		FROM lanes AS l
		JOIN deliveries AS d ON d.id = 1001
		WHERE l.id = 1`).Scan(&epoch, &isLeased, &state, &externalID))

	if epoch != 2 {
		t.Errorf("the lane is in epoch %d, want 2", epoch)
	}
	if !isLeased {
		t.Error("the lane isn't leased any more")
	}
	if state != store.Unknown {
		t.Errorf("the delivery is %s, want %s", state, store.Unknown)
	}
	if externalID != "" {
		t.Errorf("the delivery has the id %q, want none", externalID)
	}

	for _, table := range []string{"events", "posts", "threads"} {
		var n int
		check(t, l.pool.QueryRow(t.Context(), `SELECT count(*) FROM `+table).Scan(&n))
		if n != 0 {
			t.Errorf("the late result wrote %d %s, want none", n, table)
		}
	}
}
