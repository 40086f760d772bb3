package relay_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge/relay"
	"parley/store"
	"parley/store/dispatch"
	"parley/store/storetest"
)

// oneAtATime allows one attempt at a time behind a gate (a rate limit of a provider), so that the attempts have an
// order.
func oneAtATime(o *relay.Options) { o.PerGate = 1 }

// addOldAndNewConversations adds fifty new conversations and an old one behind gate 1. The old one has a single reply,
// whose id is returned.
func (h *harness) addOldAndNewConversations(perSecond float64) (old store.DeliveryID) {
	h.t.Helper()
	const oldLane = 1
	h.addGateWithRate(1, perSecond, 1)
	for id := store.LaneID(100); id < 150; id++ {
		h.addLaneBehind(1, lane{id: id, priority: store.PriorityRoot, deliveries: 2})
	}
	h.addLaneBehind(1, lane{id: oldLane, priority: store.PrioritySay, deliveries: 1})
	return deliveryID(oldLane, 1)
}

// waitAmongFirstFour waits until a delivery is accepted, and checks that at most three others were sent before it.
func (h *harness) waitAmongFirstFour(id store.DeliveryID) {
	h.t.Helper()
	h.waitState(id, store.Accepted)
	h.wantValue("at most three deliveries were sent before", true,
		`SELECT count(*) <= 3 FROM deliveries WHERE sent_at < (SELECT sent_at FROM deliveries WHERE id = $1)`, id)
}

// New conversations have a higher priority. But however many of them wait behind a gate, the reply of an old one is
// among the first four that are sent.
func TestOldConversationBesideManyNewOnes(t *testing.T) {
	t.Parallel()
	const withoutRate = 0
	h := newHarness(t, oneAtATime)
	old := h.addOldAndNewConversations(withoutRate)
	h.start()
	h.waitAmongFirstFour(old)
}

// If three processes share a gate with a rate, the reply of an old conversation is still among the first four that are
// sent.
func TestOldConversationBesideManyNewOnesOfSeveralProcesses(t *testing.T) {
	t.Parallel()
	const perSecond = 40
	h := newHarness(t, oneAtATime)
	old := h.addOldAndNewConversations(perSecond)
	second, third := newHarnessOn(t, h.pool), newHarnessOn(t, h.pool)
	for _, process := range []*harness{h, second, third} {
		process.start()
	}
	h.waitAmongFirstFour(old)
}

// A conversation that floods gets at most eight posts in a row. Then another conversation behind the same gate has its
// turn.
func TestQuietConversationBesideOneThatFloods(t *testing.T) {
	t.Parallel()
	const quietLane, floodLane = 1, 100
	const quietPosts, floodPosts, mostInRow = 20, 400, 8
	h := newHarness(t, oneAtATime)
	h.addGate(1)
	h.addLaneBehind(1, lane{id: floodLane, priority: store.PrioritySay, deliveries: floodPosts})
	h.addLaneBehind(1, lane{id: quietLane, priority: store.PrioritySay, deliveries: quietPosts})
	h.start()
	h.waitNumberAcceptedOf(quietLane, quietPosts)

	ofFlood, ofQuiet := 0, 0 // posts of the flood since the last quiet one, and quiet posts so far
	for _, a := range h.attemptsMade() {
		if isOfFlood := a.Delivery >= deliveryID(floodLane, 1); isOfFlood {
			ofFlood++
			continue
		}
		ofQuiet++
		if ofFlood > mostInRow {
			t.Errorf("before post %d of the quiet conversation: got %d posts of the flood, want at most %d", ofQuiet, ofFlood, mostInRow)
		}
		ofFlood = 0
	}
	if ofQuiet != quietPosts {
		t.Errorf("attempts at posts of the quiet conversation: got %d, want %d", ofQuiet, quietPosts)
	}
}

// indexReads is how much of the index of due lanes was read, as reported by the sessions that have ended.
type indexReads struct {
	Scans, Entries int
}

func (h *harness) readIndexReads() indexReads {
	h.t.Helper()
	return storetest.Rows(h.t, h.pool, pgx.RowToStructByPos[indexReads], `SELECT idx_scan, idx_tup_read FROM pg_stat_user_indexes
		WHERE indexrelname = 'lanes_due'`)[0]
}

// waitIndexReads returns what was read since an earlier reading. It waits until more is reported, and then until the
// number hasn't changed for a while: sessions report what they have read when they end, one by one.
func (h *harness) waitIndexReads(before indexReads) indexReads {
	h.t.Helper()
	const longEnough = 100 // readings
	var latest indexReads
	same := 0 // readings without a change
	h.repeatUntil("the statistics of the index arrive", func() {
		reads := h.readIndexReads()
		same++
		if reads.Scans != latest.Scans {
			same = 0
		}
		latest = reads
	}, func() bool { return latest.Scans > before.Scans && same > longEnough })
	return indexReads{Scans: latest.Scans - before.Scans, Entries: latest.Entries - before.Entries}
}

// appendReply queues one more delivery in lane 1, which already has this many, and returns its id.
func (h *harness) appendReply(already int) store.DeliveryID {
	h.t.Helper()
	id := deliveryID(1, already+1)
	h.exec(`INSERT INTO deliveries (id, lane_id, seq, kind, created_at) VALUES ($1, 1, $2, 'reply', parley_now())`, id, already+1)
	h.exec(`UPDATE lanes SET tail = tail + 1, due_at = CASE WHEN leased_until IS NULL THEN parley_now() ELSE due_at END WHERE id = 1`)
	return id
}

// wakeGate tells the relay that lanes became due behind gate 1.
func (h *harness) wakeGate(oldest time.Time) {
	h.WakeFor(dispatch.GateDue{GateID: 1, AccountID: 1, Waiting: 1 << store.PrioritySay, Oldest: oldest})
}

// If one of thousands of gates is woken, only that gate is asked. Gates that nothing waits behind cost nothing in the
// look at all gates once a second.
func TestIdleGatesCostNothing(t *testing.T) {
	t.Parallel()
	const gates, wakes = 5_000, 25
	h := newHarness(t)
	h.exec(`INSERT INTO gates (id, account_id, key, per_second, burst) OVERRIDING SYSTEM VALUE
		SELECT n, 1, 'idle' || n, 1, 1 FROM generate_series(2, $1::int) AS n`, gates)
	const fast = 1000 // so that the gate holds nothing up
	h.addGateWithRate(1, fast, fast)
	h.addLaneBehind(1, lane{id: 1, priority: store.PrioritySay, deliveries: 1})
	h.exec(`ANALYZE`)

	before := h.readIndexReads()
	h.start()
	h.waitState(deliveryID(1, 1), store.Accepted)

	for n := 1; n <= wakes; n++ {
		reply := h.appendReply(n)
		h.wakeGate(time.Now())
		h.waitState(reply, store.Accepted)
	}

	h.stop()
	const most = gates // a single look at all gates takes more
	if got := h.waitIndexReads(before).Scans; got > most {
		t.Errorf("scans of the index for %d wake-ups beside %d idle gates: got %d, want at most %d", wakes, gates, got, most)
	}
}

// While somebody holds a snapshot of the database, lanes that were handed out leave dead entries in the index, before
// the entries that are due. The dispatcher passes over them once, not at each claim.
func TestHeldSnapshotCostsOnce(t *testing.T) {
	t.Parallel()
	const dead, lanes, perLane = 5_000, 20, 5
	h := newHarness(t)
	h.addGate(1)
	snapshot := must(h.pool.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead}))(t)
	defer func() { _ = snapshot.Rollback(t.Context()) }()
	must(snapshot.Exec(t.Context(), `SELECT count(*) FROM settings`))(t) // takes the snapshot

	h.exec(`INSERT INTO lanes (id, account_id, key, conversation_id, gate_id, due_at, tail)
		SELECT n, 1, 'p' || n, n, 1, parley_now() - interval '1 hour', 1 FROM generate_series(1000, 999 + $1::int) AS n`, dead)
	h.exec(`UPDATE lanes SET due_at = NULL, head = tail`)
	h.exec(`VACUUM (ANALYZE) lanes`)
	for id := store.LaneID(1); id <= lanes; id++ {
		h.addLaneBehind(1, lane{id: id, priority: store.PrioritySay, deliveries: perLane})
	}

	before := h.readIndexReads()
	h.start()
	h.waitNumberAccepted(lanes * perLane)
	h.stop()
	got := h.waitIndexReads(before).Entries
	if got < dead {
		t.Errorf("entries of the index that were read: got %d, want at least the %d dead ones: the snapshot kept none of them", got, dead)
	}
	if got > 10*dead {
		t.Errorf("entries of the index that were read for %d deliveries: got %d, want at most %d", lanes*perLane, got, 10*dead)
	}
}

// If a lane becomes due earlier than the oldest known lane of its gate, it is handed out all the same. That happens at
// once if this process is told of it. Otherwise it happens when all lanes are looked for, at intervals of
// Options.LookBackEvery.
func TestLaneDueEarlierThanKnown(t *testing.T) {
	t.Parallel()
	const never, often = time.Hour, 10 * time.Millisecond
	tests := []struct {
		name          string
		lookBackEvery time.Duration
		tell          func(h *harness)
	}{
		{
			name:          "its gate is woken",
			lookBackEvery: never,
			tell:          func(h *harness) { h.wakeGate(time.Now().Add(-10 * time.Minute)) },
		},
		{name: "anything may be due", lookBackEvery: never, tell: func(h *harness) { h.Wake() }},
		{name: "nobody tells this process", lookBackEvery: often, tell: func(*harness) {}},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHarness(t, func(o *relay.Options) { o.LookBackEvery = tt.lookBackEvery })
			h.addGate(1)
			h.addLaneBehind(1, lane{id: 1, priority: store.PrioritySay, deliveries: 1})
			h.start()
			h.waitState(deliveryID(1, 1), store.Accepted)

			early := deliveryID(2, 1)
			h.exec(`INSERT INTO deliveries (id, lane_id, seq, kind, created_at) VALUES ($1, 2, 1, 'reply', parley_now())`, early)
			h.exec(`INSERT INTO lanes (id, account_id, key, conversation_id, gate_id, tail, due_at)
				VALUES (2, 1, 'c2', 2, 1, 1, parley_now() - interval '10 min')`)
			tt.tell(h)
			h.waitState(early, store.Accepted)
		})
	}
}
