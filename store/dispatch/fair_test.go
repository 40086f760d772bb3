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

// slotsUntil claims from a gate slot by slot and says in which one a lane has its turn. counts:
// the process counts its slots; else each slot is claimed as if by another process.
func slotsUntil(t *testing.T, pool *pgxpool.Pool, g store.GateID, lane store.LaneID, counts bool) int {
	t.Helper()
	var done []dispatch.Finish
	for slot := 1; slot <= 300; slot++ {
		take := dispatch.GateClaim{GateSince: dispatch.GateSince{ID: g}, Slots: 1, Mixed: true}
		if counts {
			take.Given = int64(slot - 1)
		}
		claimed := turnWith(t, pool, done, take)
		if len(claimed) != 1 {
			t.Fatalf("slot %d was given to %v", slot, deliveryIDs(claimed))
		}
		if claimed[0].LaneID == lane {
			return slot
		}
		done = []dispatch.Finish{finished(claimed[0], store.Accepted)}
		exec(t, pool, `UPDATE gates SET next_at = next_at - interval '1 s', wide_next_at = wide_next_at - interval '1 s'`) // a token comes
	}
	return 0
}

// However many new conversations wait, the words of an old one are among the first four: where a
// rate limits the gate, whichever process claims.
func TestWordsBesideNewConversations(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		gate   store.Gate
		counts bool
		due    string // when the words became due, before the new conversations
	}{
		"no rate":          {store.Gate{}, true, "1 hour"},
		"one a second":     {store.Gate{PerSecond: 1, Burst: 1}, false, "1 hour"},
		"a burst":          {store.Gate{PerSecond: 1, Burst: 3}, false, "1 hour"},
		"by the hour":      {store.Gate{WidePerSecond: 1, WideBurst: 1}, false, "1 hour"},
		"words come later": {store.Gate{PerSecond: 1, Burst: 1}, false, "-1 us"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := storetest.DB(t)
			tt.gate.AccountID, tt.gate.Key = 1, "g"
			g := must(store.UpsertGates(t.Context(), pool, []store.Gate{tt.gate}))(t)[0].ID
			for lane := range store.LaneID(50) {
				fill(t, pool, 100+lane, g, store.PriorityRoot, 2)
			}
			fill(t, pool, 1, g, store.PrioritySay, 1)
			exec(t, pool, `UPDATE lanes SET due_at = (SELECT min(due_at) FROM lanes WHERE id >= 100) - $1::interval WHERE id = 1`, tt.due)
			if slot := slotsUntil(t, pool, g, 1, tt.counts); slot < 1 || slot > 4 {
				t.Errorf("the words of an old conversation had slot %d, want one of the first four", slot)
			}
		})
	}
}

// betweenPosts claims from a gate slot by slot, until a lane has handed out so many deliveries, and gives the most slots that
// one of these took, counted from the one before.
func betweenPosts(t *testing.T, pool *pgxpool.Pool, g store.GateID, lane store.LaneID, posts int) (most int) {
	t.Helper()
	var done []dispatch.Finish
	for slot, before, n := 1, 0, 0; n < posts; slot++ {
		claimed := turnWith(t, pool, done, dispatch.GateClaim{GateSince: dispatch.GateSince{ID: g}, Slots: 1, Given: int64(slot - 1), Mixed: true})
		if len(claimed) != 1 {
			t.Fatalf("slot %d was given to %v", slot, deliveryIDs(claimed))
		}
		if claimed[0].LaneID == lane {
			most, before, n = max(most, slot-before), slot, n+1
		}
		done = []dispatch.Finish{finished(claimed[0], store.Accepted)}
		exec(t, pool, `UPDATE gates SET next_at = next_at - interval '1 s'`) // a token comes
	}
	return most
}

// A quiet conversation beside a flood: however large the flood is, each post of the conversation has one of the next few
// slots. Alone it has each, so that it waits for a turn of others at most.
func TestQuietConversationBesideFlood(t *testing.T) {
	t.Parallel()
	const quiet, posts = 1, 20
	for name, tt := range map[string]struct {
		flood func(t *testing.T, pool *pgxpool.Pool, g store.GateID)
		most  int // slots that a post of the quiet one may take
	}{
		"of one customer": {func(t *testing.T, pool *pgxpool.Pool, g store.GateID) {
			t.Helper()
			fill(t, pool, 100, g, store.PrioritySay, 200)
		}, 2},
		"of new conversations": {func(t *testing.T, pool *pgxpool.Pool, g store.GateID) {
			t.Helper()
			for lane := range store.LaneID(100) {
				fill(t, pool, 100+lane, g, store.PriorityRoot, 1)
			}
		}, 4},
		"of cards": {func(t *testing.T, pool *pgxpool.Pool, g store.GateID) {
			t.Helper()
			for lane := range store.LaneID(100) {
				fill(t, pool, 100+lane, g, store.PriorityCard, 1)
			}
		}, 2},
	} {
		for kind, perSecond := range map[string]float64{"without a rate": 0, "with a rate": 1} {
			t.Run(name+" "+kind, func(t *testing.T) {
				t.Parallel()
				pool := storetest.DB(t)
				g := gate(t, pool, "g", perSecond, 1)
				tt.flood(t, pool, g)
				fill(t, pool, quiet, g, store.PrioritySay, posts)
				if got := betweenPosts(t, pool, g, quiet, posts); got > tt.most {
					t.Errorf("a post took %d slots, at most %d may", got, tt.most)
				}
			})
		}
	}
}

// Three of four slots keep to the priorities, and a turn with many slots shares them alike.
func TestSlotsOfOneTurn(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	g := gate(t, pool, "g", 0, 1)
	for priority := range 4 {
		for n := range store.LaneID(20) {
			fill(t, pool, store.LaneID(1000*(priority+1))+n, g, priority, 1)
		}
	}
	exec(t, pool, `UPDATE lanes SET due_at = due_at - interval '1 min' WHERE id IN (2019, 4000, 4001)`)
	var lanes []store.LaneID
	for _, c := range turn(t, pool, nil, 16, g) {
		lanes = append(lanes, c.LaneID)
	}
	want := []store.LaneID{1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 2000, 2019, 4000, 4001}
	if !slices.Equal(lanes, want) {
		t.Errorf("claimed %v, want %v", lanes, want)
	}
}

// Who is alone behind a gate gets all of its slots.
func TestNoSlotIsLeftFree(t *testing.T) {
	t.Parallel()
	for priority := range 4 {
		pool := storetest.DB(t)
		g := gate(t, pool, "g", 0, 1)
		for n := range store.LaneID(6) {
			fill(t, pool, 1+n, g, priority, 1)
		}
		if claimed := turn(t, pool, nil, 5, g); len(claimed) != 5 {
			t.Errorf("of priority %d %v were claimed, want five", priority, deliveryIDs(claimed))
		}
	}
}

// Once its root has landed, a conversation is no more urgent than the others, unless another root is to follow.
func TestLandedRootEndsItsPriority(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	g := gate(t, pool, "g", 0, 1)
	fill(t, pool, 1, g, store.PriorityRoot, 2)
	fill(t, pool, 2, g, store.PriorityRoot, 2)
	fill(t, pool, 3, g, store.PriorityRoot, 3)
	exec(t, pool, `UPDATE deliveries SET kind = 'root' WHERE lane_id = 3 AND seq IN (1, 3)`)
	exec(t, pool, `INSERT INTO conversations (id, account_id, status, last_at, created_at) SELECT n, 1, 'open', now(), now() FROM generate_series(1, 3) AS n`)
	claimed := turn(t, pool, nil, 3, g)
	landed := func(c dispatch.Claimed) dispatch.Finish {
		f, root := finished(c, store.Accepted), fmt.Sprint(c.ConversationID)
		f.Landed = []dispatch.Landed{{Post: store.Post{AccountID: 1, Channel: "C", Message: root, Kind: "root"},
			Thread: &store.Thread{ConversationID: c.ConversationID, AccountID: 1, Channel: "C", Root: root}}}
		return f
	}
	failed := finished(claimed[1], store.Queued)
	failed.Advance = 0
	turn(t, pool, []dispatch.Finish{landed(claimed[0]), failed, landed(claimed[2])}, 0)
	if got := row(t, pool, `SELECT string_agg(id || ':' || priority, ' ' ORDER BY id) FROM lanes`); got != `("1:1 2:0 3:0")` {
		t.Errorf("lanes and priorities %s, want %s", got, `("1:1 2:0 3:0")`)
	}
}

// A result makes no lane due before the time to which claims look back.
func TestFinishMakesNothingDueEarlier(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	g := gate(t, pool, "g", 0, 1)
	for lane := store.LaneID(1); lane <= 3; lane++ {
		fill(t, pool, lane, g, 1, 2)
	}
	exec(t, pool, `UPDATE lanes SET due_at = due_at - interval '1 min'`)
	exec(t, pool, `UPDATE deliveries SET not_before = parley_now() - interval '1 hour' WHERE seq = 2 AND lane_id <> 3`)
	oldest := func() time.Time {
		return must(dispatch.DueGates(t.Context(), pool, []dispatch.GateSince{{ID: g}}))(t)[0].Oldest
	}
	var done []dispatch.Finish
	for i, c := range turn(t, pool, nil, 3, g) {
		f := finished(c, store.Accepted)
		f.Keep = i == 0
		done = append(done, f)
	}
	before := oldest()
	turn(t, pool, done, 0)
	if got := oldest(); got.Before(before) {
		t.Errorf("the oldest lane was due at %v, and at %v after the results", before, got)
	}
	if got := row(t, pool, `SELECT count(*) FROM lanes WHERE due_at < parley_now() - interval '50 s'`); got != "(1)" {
		t.Errorf("%s lanes kept their place, want the one that was to", got)
	}
}

// What was taken back before it left costs a gate nothing, however often that is written.
func TestUncalledSlotIsGivenBack(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	g := must(store.UpsertGates(t.Context(), pool, []store.Gate{{AccountID: 1, Key: "g", PerSecond: 0.01, Burst: 1, WidePerSecond: 0.001, WideBurst: 1}}))(t)[0].ID
	fill(t, pool, 1, g, 1, 4)
	exec(t, pool, `UPDATE deliveries SET state = 'cancelled' WHERE seq < 3`)
	var done []dispatch.Finish
	for seq := int64(1); seq <= 3; seq++ {
		got := turn(t, pool, append(done, done...), 10, g)
		if len(got) != 1 || got[0].Seq != seq {
			t.Fatalf("claimed %v, want delivery %d", deliveryIDs(got), seq)
		}
		done = []dispatch.Finish{{LaneID: 1, Epoch: got[0].Epoch, ID: got[0].ID, State: got[0].State, Advance: 1, Uncalled: seq < 3, Keep: true}}
	}
	if got := turn(t, pool, done, 10, g); len(got) != 0 {
		t.Fatalf("a call was made, and %v was claimed behind it at once", deliveryIDs(got))
	}
}
