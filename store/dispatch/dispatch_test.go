package dispatch_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/dispatch"
	"parley/store/storetest"
)

// gate makes a gate.
func gate(t testing.TB, pool *pgxpool.Pool, key string, perSecond float64, burst int) store.GateID {
	t.Helper()
	made := must(store.UpsertGates(t.Context(), pool, []store.Gate{{AccountID: 1, Key: key, PerSecond: perSecond, Burst: burst}}))(t)
	return made[0].ID
}

// fill makes a lane that is due with n queued deliveries; delivery ids are lane·1000 + seq.
func fill(t testing.TB, pool *pgxpool.Pool, lane store.LaneID, gate store.GateID, priority, n int) {
	t.Helper()
	exec(t, pool, `INSERT INTO lanes (id, account_id, key, conversation_id, gate_id, priority, tail, due_at, lease_seconds)
		VALUES ($1, 1, $2, $1, $3, $4, $5, parley_now(), 30)`, lane, fmt.Sprint("c", lane), gate, priority, n)
	exec(t, pool, `INSERT INTO deliveries (id, lane_id, seq, kind, created_at)
		SELECT $1 * 1000 + n, $1, n, 'reply', parley_now() FROM generate_series(1, $2) AS n`, lane, n)
}

// turn claims from gates and gives the claimed deliveries, in the order of their ids.
func turn(t testing.TB, pool *pgxpool.Pool, done []dispatch.Finish, slots int, gates ...store.GateID) []dispatch.Claimed {
	t.Helper()
	var list []dispatch.GateClaim
	for _, g := range gates {
		list = append(list, dispatch.GateClaim{GateSince: dispatch.GateSince{ID: g}, Slots: slots, Mixed: true})
	}
	return turnWith(t, pool, done, list...)
}

func turnWith(t testing.TB, pool *pgxpool.Pool, done []dispatch.Finish, gates ...dispatch.GateClaim) []dispatch.Claimed {
	t.Helper()
	claimed, _, err := dispatch.Turn(t.Context(), pool, done, dispatch.Claim{Gates: gates, Join: true}, nil)
	check(t, err)
	slices.SortFunc(claimed, func(a, b dispatch.Claimed) int { return cmp.Compare(a.ID, b.ID) })
	return claimed
}

func deliveryIDs(claimed []dispatch.Claimed) []store.DeliveryID {
	list := []store.DeliveryID{}
	for _, c := range claimed {
		list = append(list, c.ID)
	}
	return list
}

func wantIDs(t *testing.T, claimed []dispatch.Claimed, want ...store.DeliveryID) {
	t.Helper()
	if got := deliveryIDs(claimed); !slices.Equal(got, want) {
		t.Fatalf("claimed %v, want %v", got, want)
	}
}

func finished(c dispatch.Claimed, state string) dispatch.Finish {
	return dispatch.Finish{LaneID: c.LaneID, Epoch: c.Epoch, ID: c.ID, State: state, Advance: 1, Gate: c.GateID}
}

// expire makes every running lease end in the past.
func expire(t testing.TB, pool *pgxpool.Pool) {
	t.Helper()
	exec(t, pool, `UPDATE lanes SET leased_until = clock_timestamp() - interval '1 s', due_at = parley_now() - interval '1 s' WHERE leased_until IS NOT NULL`)
}

// A lane hands out one delivery at a time, in order, each once.
func TestClaimOneOfALane(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	g := gate(t, pool, "g", 0, 1)
	fill(t, pool, 1, g, 1, 3)
	fill(t, pool, 2, g, 1, 1)
	first := turn(t, pool, nil, 10, g)
	wantIDs(t, first, 1001, 2001)
	wantIDs(t, turn(t, pool, nil, 10, g)) // both lanes are leased
	next := turn(t, pool, []dispatch.Finish{finished(first[0], store.Accepted), finished(first[1], store.Failed)}, 10, g)
	wantIDs(t, next, 1002)
	if got, want := row(t, pool, `SELECT string_agg(state, ',' ORDER BY id) FROM deliveries`), `("accepted,sending,queued,failed")`; got != want {
		t.Errorf("states %s, want %s", got, want)
	}
	if next[0].Attempt != 1 || next[0].State != store.Sending || next[0].Epoch != 2 {
		t.Errorf("claimed %+v", next[0])
	}
}

// What belongs together is handed out together, as far as it is due, fits, and nothing
// else stands between; a run that is unclear stays the same run.
func TestClaimRuns(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	g := gate(t, pool, "g", 0, 1)
	fill(t, pool, 1, g, 1, 9)
	exec(t, pool, `UPDATE deliveries SET join_key = 'k', join_size = 300 WHERE seq IN (1, 2, 3, 4, 6, 7, 8)`)
	exec(t, pool, `UPDATE deliveries SET state = 'cancelled' WHERE seq = 2`)
	exec(t, pool, `UPDATE deliveries SET not_before = parley_now() + interval '1 hour' WHERE seq = 8`)
	with := func(c dispatch.Claimed) string {
		var list []store.DeliveryID
		for _, d := range c.With {
			list = append(list, d.ID)
		}
		return fmt.Sprint(c.ID, list)
	}
	finish := func(c dispatch.Claimed, state string, advance int) dispatch.Finish {
		f := finished(c, state)
		f.Advance = advance
		for _, d := range c.With {
			f.With = append(f.With, dispatch.Part{ID: d.ID, State: state})
		}
		return f
	}
	first := turn(t, pool, nil, 1, g)[0]
	if got := with(first); got != "1001 [1003 1004]" { // 1002 is cancelled, 1005 has no key
		t.Fatalf("first claimed %s, want 1001 [1003 1004]", got)
	}
	again := turn(t, pool, []dispatch.Finish{finish(first, store.Queued, 0)}, 1, g)[0] // failed for certain: formed anew
	if got := with(again); got != "1001 [1003 1004]" || again.With[1].State != store.Sending {
		t.Fatalf("after a failure claimed %s", got)
	}
	expire(t, pool)
	exec(t, pool, `UPDATE deliveries SET join_key = '' WHERE seq = 4`) // that can't take it out of the run any more
	unclear := turn(t, pool, nil, 1, g)[0]
	if got := with(unclear); got != "1001 [1003 1004]" || unclear.State != store.Unknown || unclear.With[0].State != store.Unknown {
		t.Fatalf("unclear claimed %s as %s", got, unclear.State)
	}
	alone := turn(t, pool, []dispatch.Finish{finish(unclear, store.Accepted, 4)}, 1, g)[0]
	if got := with(alone); got != "1005 []" {
		t.Fatalf("behind the run claimed %s, want 1005 []", got)
	}
	last := turn(t, pool, []dispatch.Finish{finish(alone, store.Accepted, 1)}, 1, g)[0]
	if got := with(last); got != "1006 [1007]" { // 1008 is held
		t.Fatalf("last claimed %s, want 1006 [1007]", got)
	}
	if got, want := row(t, pool, `SELECT string_agg(state || ' ' || joined, ', ' ORDER BY seq) FROM deliveries`), `("accepted 0, cancelled 0, accepted 1001, accepted 1001, accepted 0, sending 0, sending 1006, queued 0, queued 0")`; got !=
		want {
		t.Errorf("deliveries %s, want %s", got, want)
	}
}

// A result counts once: written again, after an answer of the database was lost, it
// must not pass over the next delivery.
func TestFinishCountsOnce(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	g := gate(t, pool, "g", 0, 1)
	fill(t, pool, 1, g, 1, 3)
	done := []dispatch.Finish{finished(turn(t, pool, nil, 10, g)[0], store.Accepted)}
	turn(t, pool, done, 0)
	turn(t, pool, done, 0)
	if got := row(t, pool, `SELECT head, tail FROM lanes`); got != "(1,3)" {
		t.Errorf("head and tail are %s, want (1,3)", got)
	}
}

// A result that comes after its lease was taken over writes nothing at all.
func TestLateResultIsFenced(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	g := gate(t, pool, "g", 0, 1)
	fill(t, pool, 1, g, 1, 2)
	old := turn(t, pool, nil, 10, g)[0]
	expire(t, pool)
	now := turn(t, pool, nil, 10, g)[0]
	if now.State != store.Unknown || now.Epoch != 2 || now.Attempt != 1 {
		t.Fatalf("taken over as %+v, want unknown in epoch 2", now)
	}
	late := finished(old, store.Accepted)
	late.ExternalID = "late"
	late.Facts = []store.NewEvent{{AccountID: store.SystemAccount, ExternalID: "late", OrderKey: "1/c1", Payload: []byte("{}")}}
	late.Landed = []dispatch.Landed{{Post: store.Post{AccountID: 1, Channel: "C", Message: "late", Kind: "root"}}}
	turn(t, pool, []dispatch.Finish{late}, 0)
	if got := row(t, pool, `SELECT l.head, l.epoch, l.leased_until IS NOT NULL AS leased, d.state, d.external_id FROM lanes AS l JOIN deliveries AS d ON d.id = 1001`); got != `(0,2,t,unknown,"")` {
		t.Errorf("after a late result: %s, want %s", got, `(0,2,t,unknown,"")`)
	}
	if got := row(t, pool, `SELECT (SELECT count(*) FROM events), (SELECT count(*) FROM posts)`); got != "(0,0)" {
		t.Errorf("a late result left facts and posts: %s, want (0,0)", got)
	}
	turn(t, pool, []dispatch.Finish{finished(now, store.Accepted)}, 0)
	if got := row(t, pool, `SELECT head FROM lanes`); got != "(1)" {
		t.Errorf("the running claim did not count: head %s", got)
	}
}

// A receipt that came first stays when the result follows.
func TestReceiptBeforeResult(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"delivered", "read", "failed", "cancelled", "needs_decision"} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			pool := storetest.DB(t)
			g := gate(t, pool, "g", 0, 1)
			fill(t, pool, 1, g, 1, 1)
			c := turn(t, pool, nil, 1, g)[0]
			exec(t, pool, `UPDATE deliveries SET state = $1`, state)
			turn(t, pool, []dispatch.Finish{finished(c, store.Accepted)}, 0)
			if got := row(t, pool, `SELECT d.state, l.head FROM deliveries AS d, lanes AS l`); got != "("+state+",1)" {
				t.Errorf("state and head are %s, want %s", got, "("+state+",1)")
			}
		})
	}
}

// A gate gives out no more than its rate, in bursts, and nothing while it is blocked; the
// other gates go on.
func TestGateBudget(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	slow, open := gate(t, pool, "slow", 0.01, 2), gate(t, pool, "open", 0, 1)
	for lane := store.LaneID(1); lane <= 4; lane++ {
		fill(t, pool, lane, slow, 1, 1)
		fill(t, pool, lane+10, open, 1, 1)
	}
	if got := turn(t, pool, nil, 10, slow, open); len(got) != 2+4 {
		t.Fatalf("claimed %v, want 2 of the slow gate and all of the open one", deliveryIDs(got))
	}
	if got := turn(t, pool, nil, 10, slow); len(got) != 0 {
		t.Fatalf("the burst is spent, and %v was claimed", deliveryIDs(got))
	}
	exec(t, pool, `UPDATE gates SET next_at = next_at - interval '100 s' WHERE id = $1`, slow)
	if got := turn(t, pool, nil, 10, slow); len(got) != 1 {
		t.Fatalf("after 100 s at one in 100 s %v was claimed", deliveryIDs(got))
	}
}

// A gate with a second bucket gives what both hold, and is due when both have a token.
func TestWideBudget(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	g := must(store.UpsertGates(t.Context(), pool, []store.Gate{{AccountID: 1, Key: "g", PerSecond: 0.1, Burst: 3, WidePerSecond: 0.01, WideBurst: 5}}))(t)[0].ID
	for lane := store.LaneID(1); lane <= 20; lane++ {
		fill(t, pool, lane, g, 1, 1)
	}
	pass := func(seconds int) {
		exec(t, pool, `UPDATE gates SET next_at = next_at - make_interval(secs => $1), wide_next_at = wide_next_at - make_interval(secs => $1)`, seconds)
	}
	wantDue := func(seconds float64) {
		t.Helper()
		due := must(dispatch.DueGates(t.Context(), pool, []dispatch.GateSince{{ID: g}}))(t)
		if len(due) != 1 || !due[0].Limited || due[0].Wait < seconds-5 || due[0].Wait > seconds {
			t.Errorf("due %+v, want in %v s", due, seconds)
		}
	}
	for i, step := range []struct {
		pass, claimed int
		due           float64
	}{
		{0, 3, 10},
		{10, 1, 10},
		{100, 2, 90}, // the first bucket is full again, the wide one has two
		{100, 1, 90},
		{10000, 3, 10},
		{30, 2, 70},
	} {
		pass(step.pass)
		if got := turn(t, pool, nil, 10, g); len(got) != step.claimed {
			t.Fatalf("step %d: claimed %v, want %d", i, deliveryIDs(got), step.claimed)
		}
		wantDue(step.due)
	}
	exec(t, pool, `UPDATE gates SET wide_next_at = clock_timestamp() + interval '1 h'`) // a clock went back
	if got := turn(t, pool, nil, 10, g); len(got) != 0 {
		t.Errorf("claimed %v", deliveryIDs(got))
	}
}

// A 429 moves the gate's row: nobody claims there until it is over.
func TestThrottledGate(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	hit, other := gate(t, pool, "hit", 0, 1), gate(t, pool, "other", 0, 1)
	fill(t, pool, 1, hit, 1, 1)
	fill(t, pool, 2, hit, 1, 1)
	fill(t, pool, 3, other, 1, 2)
	first := turn(t, pool, nil, 1, hit)
	f := finished(first[0], store.Queued)
	f.Advance, f.GateWait = 0, 600
	wantIDs(t, turn(t, pool, []dispatch.Finish{f}, 10, hit, other), 3001)
	due := must(dispatch.DueGates(t.Context(), pool, []dispatch.GateSince{{ID: hit}}))(t)
	if len(due) != 1 || due[0].Wait < 590 || due[0].Wait > 600 {
		t.Errorf("the throttled gate is due in %+v, want 600 s", due)
	}
	exec(t, pool, `UPDATE gates SET next_at = clock_timestamp() WHERE id = $1`, hit)
	wantIDs(t, turn(t, pool, nil, 10, hit), 1001, 2001)
}

// Within a gate roots overtake messages, messages overtake cards, cards overtake marks.
func TestPriorities(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	g := gate(t, pool, "g", 0, 1)
	for priority := 3; priority >= 0; priority-- {
		fill(t, pool, store.LaneID(10+priority), g, priority, 1)
	}
	for priority := range int64(4) {
		wantIDs(t, turn(t, pool, nil, 1, g), store.DeliveryID((10+priority)*1000+1))
	}
}

// What is not due yet, by Parley's clock, is not claimed; moving the clock makes it due.
func TestHoldIsParleysClock(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	g := gate(t, pool, "g", 0, 1)
	fill(t, pool, 1, g, 1, 2)
	exec(t, pool, `UPDATE deliveries SET not_before = parley_now() + interval '1 h' WHERE seq = 2`)
	c := turn(t, pool, nil, 1, g)
	wantIDs(t, turn(t, pool, []dispatch.Finish{finished(c[0], store.Accepted)}, 1, g))
	check(t, store.MoveClock(t.Context(), pool, time.Hour))
	wantIDs(t, turn(t, pool, nil, 1, g), 1002)
}

// A lease is real time: moving Parley's clock does not end it.
func TestLeaseIsRealTime(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	g := gate(t, pool, "g", 0, 1)
	fill(t, pool, 1, g, 1, 1)
	wantIDs(t, turn(t, pool, nil, 1, g), 1001)
	check(t, store.MoveClock(t.Context(), pool, time.Hour))
	wantIDs(t, turn(t, pool, nil, 1, g))
	expire(t, pool)
	wantIDs(t, turn(t, pool, nil, 1, g), 1001)
}

// A turn waits for nobody: gates and lanes that another replica holds are passed over.
func TestClaimSkipsWhatIsLocked(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	a, b := gate(t, pool, "a", 0, 1), gate(t, pool, "b", 0, 1)
	fill(t, pool, 1, a, 1, 1)
	fill(t, pool, 2, b, 1, 1)
	fill(t, pool, 3, b, 1, 1)
	tx := must(pool.Begin(t.Context()))(t)
	defer func() { _ = tx.Rollback(t.Context()) }()
	if _, err := tx.Exec(t.Context(), `SELECT FROM gates WHERE id = $1 FOR NO KEY UPDATE`, a); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `SELECT FROM lanes WHERE id = 2 FOR NO KEY UPDATE`); err != nil {
		t.Fatal(err)
	}
	wantIDs(t, turn(t, pool, nil, 10, a, b), 3001)
}
