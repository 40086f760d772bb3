package dispatch_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/dispatch"
	"parley/store/storetest"
)

// claimSlot stores the results in before, and claims one delivery from a gate, which is a rate that several lanes share.
// given is how many slots of the gate the process has taken so far. A test that always passes 0 lets another process claim
// each slot. Afterwards a second passes for the gate.
func claimSlot(t *testing.T, pool *pgxpool.Pool, gate store.GateID, given int, before []dispatch.Finish) dispatch.Claimed {
	t.Helper()
	take := dispatch.GateClaim{GateSince: dispatch.GateSince{ID: gate}, Slots: 1, Given: int64(given), Mixed: true}
	claimed := finishAndClaimFrom(t, pool, before, take)
	if len(claimed) != 1 {
		t.Fatalf("behind %d slots claimed %v, want one delivery", given, deliveryIDs(claimed))
	}
	exec(t, pool, `UPDATE gates SET next_at = next_at - interval '1 s', wide_next_at = wide_next_at - interval '1 s'`)
	return claimed[0]
}

// slotsUntil claims slot by slot, and returns the slot in which a lane has its turn. It fails the test if the lane has none
// of 300 slots. If byOneProcess is false, each slot is claimed by another process.
func slotsUntil(t *testing.T, pool *pgxpool.Pool, gate store.GateID, lane store.LaneID, byOneProcess bool) int {
	t.Helper()
	const maxSlots = 300
	var done []dispatch.Finish
	for slot := 1; slot <= maxSlots; slot++ {
		given := 0
		if byOneProcess {
			given = slot - 1
		}
		claimed := claimSlot(t, pool, gate, given, done)
		if claimed.LaneID == lane {
			return slot
		}
		done = []dispatch.Finish{resultOf(claimed, store.Accepted)}
	}
	t.Fatalf("lane %d had none of %d slots", lane, maxSlots)
	return 0
}

// However many new conversations wait, a message of an old one gets one of the first four slots. If the gate has a rate,
// this holds even if each slot is claimed by another process.
func TestWordsBesideNewConversations(t *testing.T) {
	t.Parallel()
	const (
		oldLane    = store.LaneID(1)
		firstNew   = store.LaneID(100)
		maxSlots   = 4
		hourSooner = time.Hour
	)
	tests := []struct {
		name         string
		gate         store.Gate
		byOneProcess bool
		dueBefore    time.Duration // how long before the new conversations the words became due
	}{
		{name: "no rate", gate: store.Gate{}, byOneProcess: true, dueBefore: hourSooner},
		{name: "one a second", gate: store.Gate{PerSecond: 1, Burst: 1}, dueBefore: hourSooner},
		{name: "a burst", gate: store.Gate{PerSecond: 1, Burst: 3}, dueBefore: hourSooner},
		{name: "by the hour", gate: store.Gate{WidePerSecond: 1, WideBurst: 1}, dueBefore: hourSooner},
		{name: "words come later", gate: store.Gate{PerSecond: 1, Burst: 1}, dueBefore: -time.Microsecond},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pool := storetest.DB(t)
			tt.gate.AccountID, tt.gate.Key = 1, "g"
			g := newGateOf(t, pool, tt.gate)
			for lane := range store.LaneID(50) {
				newDueLane(t, pool, firstNew+lane, g, store.PriorityRoot, 2)
			}
			newDueLane(t, pool, oldLane, g, store.PrioritySay, 1)
			exec(t, pool, `
				UPDATE lanes
				SET due_at = (SELECT min(due_at) FROM lanes WHERE id >= $2) - $3::interval
				WHERE id = $1`, oldLane, firstNew, tt.dueBefore)

			if slot := slotsUntil(t, pool, g, oldLane, tt.byOneProcess); slot > maxSlots {
				t.Errorf("the words of an old conversation had slot %d, want one of the first %d", slot, maxSlots)
			}
		})
	}
}

// mostSlotsBetween claims slot by slot until a lane has handed out so many deliveries. It returns the most slots from one
// of these deliveries to the next.
func mostSlotsBetween(t *testing.T, pool *pgxpool.Pool, gate store.GateID, lane store.LaneID, posts int) (most int) {
	t.Helper()
	var done []dispatch.Finish
	previous, handedOut := 0, 0
	for slot := 1; handedOut < posts; slot++ {
		claimed := claimSlot(t, pool, gate, slot-1, done)
		if claimed.LaneID == lane {
			most = max(most, slot-previous)
			previous = slot
			handedOut++
		}
		done = []dispatch.Finish{resultOf(claimed, store.Accepted)}
	}
	return most
}

// However large a flood is, each post of a quiet conversation beside it gets one of the next few slots.
func TestQuietConversationBesideFlood(t *testing.T) {
	t.Parallel()
	const quiet, posts, firstOfFlood = store.LaneID(1), 20, store.LaneID(100)
	tests := []struct {
		name      string
		perSecond float64 // 0 means without a rate
		priority  int     // of the flood
		lanes     int     // of the flood
		perLane   int
		maxSlots  int // that a post of the quiet conversation may take
	}{
		{name: "of one customer", priority: store.PrioritySay, lanes: 1, perLane: 200, maxSlots: 2},
		{name: "of one customer, with a rate", perSecond: 1, priority: store.PrioritySay, lanes: 1, perLane: 200, maxSlots: 2},
		{name: "of new conversations", priority: store.PriorityRoot, lanes: 100, perLane: 1, maxSlots: 4},
		{name: "of new conversations, with a rate", perSecond: 1, priority: store.PriorityRoot, lanes: 100, perLane: 1, maxSlots: 4},
		{name: "of cards", priority: store.PriorityCard, lanes: 100, perLane: 1, maxSlots: 2},
		{name: "of cards, with a rate", perSecond: 1, priority: store.PriorityCard, lanes: 100, perLane: 1, maxSlots: 2},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pool := storetest.DB(t)
			g := newGate(t, pool, "g", tt.perSecond, 1)
			for n := range tt.lanes {
				newDueLane(t, pool, firstOfFlood+store.LaneID(n), g, tt.priority, tt.perLane)
			}
			newDueLane(t, pool, quiet, g, store.PrioritySay, posts)

			if got := mostSlotsBetween(t, pool, g, quiet, posts); got > tt.maxSlots {
				t.Errorf("a post took %d slots, want at most %d", got, tt.maxSlots)
			}
		})
	}
}

// A claim of 16 slots gives twelve to the lanes of the highest priority. Each fourth slot goes to the lane of a less urgent
// priority that has been due longest.
func TestSlotsOfOneTurn(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	g := newGate(t, pool, "g", 0, 1)
	for priority := range 4 {
		for n := range store.LaneID(20) {
			newDueLane(t, pool, store.LaneID(1000*(priority+1))+n, g, priority, 1)
		}
	}
	exec(t, pool, `UPDATE lanes SET due_at = due_at - interval '1 min' WHERE id IN (2019, 4000, 4001)`)
	var lanes []store.LaneID
	for _, c := range claimLanes(t, pool, 16, g) {
		lanes = append(lanes, c.LaneID)
	}
	want := []store.LaneID{1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 2000, 2019, 4000, 4001}
	if !slices.Equal(lanes, want) {
		t.Errorf("claimed %v, want %v", lanes, want)
	}
}

// If only lanes of one priority wait behind a gate, they get all of its slots.
func TestNoSlotIsLeftFree(t *testing.T) {
	t.Parallel()
	for priority := range 4 {
		pool := storetest.DB(t)
		g := newGate(t, pool, "g", 0, 1)
		for n := range store.LaneID(6) {
			newDueLane(t, pool, 1+n, g, priority, 1)
		}
		if claimed := claimLanes(t, pool, 5, g); len(claimed) != 5 {
			t.Errorf("of priority %d %v were claimed, want five", priority, deliveryIDs(claimed))
		}
	}
}

// Once its root (the first post of its thread) has been posted, a lane loses the priority of a new conversation. A lane
// whose root failed, or that has another root to post, keeps it.
func TestLandedRootEndsItsPriority(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	g := newGate(t, pool, "g", 0, 1)
	newDueLane(t, pool, 1, g, store.PriorityRoot, 2)
	newDueLane(t, pool, 2, g, store.PriorityRoot, 2)
	newDueLane(t, pool, 3, g, store.PriorityRoot, 3)
	exec(t, pool, `UPDATE deliveries SET kind = 'root' WHERE lane_id = 3 AND seq IN (1, 3)`)
	exec(t, pool, `
		INSERT INTO conversations (id, account_id, status, last_at, created_at)
		SELECT n, 1, 'open', now(), now()
		FROM generate_series(1, 3) AS n`)

	claimed := claimLanes(t, pool, 3, g)
	landed := func(c dispatch.Claimed) dispatch.Finish {
		f, root := resultOf(c, store.Accepted), fmt.Sprint(c.ConversationID)
		f.Landed = []dispatch.Landed{{Post: store.Post{AccountID: 1, Channel: "C", Message: root, Kind: "root"},
			Thread: &store.Thread{ConversationID: c.ConversationID, AccountID: 1, Channel: "C", Root: root}}}
		return f
	}
	failed := resultOf(claimed[1], store.Queued)
	failed.Advance = 0

	finishAll(t, pool, []dispatch.Finish{landed(claimed[0]), failed, landed(claimed[2])})
	if got := row(t, pool, `SELECT string_agg(id || ':' || priority, ' ' ORDER BY id) FROM lanes`); got != `("1:1 2:0 3:0")` {
		t.Errorf("lanes and priorities %s, want %s", got, `("1:1 2:0 3:0")`)
	}
}

// Storing results makes no lane due earlier than the oldest one that was due before, even if its next delivery could have
// left an hour ago. Claims don't look back further than that.
func TestFinishMakesNothingDueEarlier(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	g := newGate(t, pool, "g", 0, 1)
	for lane := store.LaneID(1); lane <= 3; lane++ {
		newDueLane(t, pool, lane, g, 1, 2)
	}
	exec(t, pool, `UPDATE lanes SET due_at = due_at - interval '1 min'`)
	exec(t, pool, `UPDATE deliveries SET not_before = parley_now() - interval '1 hour' WHERE seq = 2 AND lane_id <> 3`)
	oldest := func() time.Time {
		return must(dispatch.DueGates(t.Context(), pool, []dispatch.GateSince{{ID: g}}))(t)[0].Oldest
	}

	var done []dispatch.Finish
	for i, c := range claimLanes(t, pool, 3, g) {
		f := resultOf(c, store.Accepted)
		f.Keep = i == 0
		done = append(done, f)
	}
	before := oldest()
	finishAll(t, pool, done)
	if got := oldest(); got.Before(before) {
		t.Errorf("the oldest lane was due at %v, and at %v after the results", before, got)
	}
	if got := row(t, pool, `SELECT count(*) FROM lanes WHERE due_at < parley_now() - interval '50 s'`); got != "(1)" {
		t.Errorf("%s lanes kept their place, want the one that was to", got)
	}
}

// A delivery that was cancelled before its call uses up none of the gate's rate, even if its result is stored twice.
func TestUncalledSlotIsGivenBack(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	g := newGateOf(t, pool, store.Gate{AccountID: 1, Key: "g", PerSecond: 0.01, Burst: 1, WidePerSecond: 0.001, WideBurst: 1})
	newDueLane(t, pool, 1, g, 1, 4)
	exec(t, pool, `UPDATE deliveries SET state = 'cancelled' WHERE seq < 3`)
	var done []dispatch.Finish
	for seq := int64(1); seq <= 3; seq++ {
		got := finishAndClaim(t, pool, append(done, done...), 10, g)
		if len(got) != 1 || got[0].Seq != seq {
			t.Fatalf("claimed %v, want delivery %d", deliveryIDs(got), seq)
		}
		done = []dispatch.Finish{{LaneID: 1, Epoch: got[0].Epoch, ID: got[0].ID, State: got[0].State,
			Pace: dispatch.Pace{Advance: 1, Uncalled: seq < 3, Keep: true}}}
	}
	if got := finishAndClaim(t, pool, done, 10, g); len(got) != 0 {
		t.Fatalf("a call was made, and %v was claimed behind it at once", deliveryIDs(got))
	}
}
