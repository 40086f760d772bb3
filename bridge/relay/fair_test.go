package relay_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge/relay"
	"parley/store"
	"parley/store/dispatch"
)

// However many new conversations wait behind a gate, with a rate or without, the words of an old
// one are sent among the first four, also where processes share the gate.
func TestOldWordsBesideFlood(t *testing.T) {
	t.Parallel()
	for _, perSecond := range []float64{0, 40} {
		t.Run(fmt.Sprint(perSecond, " a second"), func(t *testing.T) {
			t.Parallel()
			s := newStage(t, func(o *relay.Options) { o.PerGate = 1 })
			s.addGateWithRate(1, perSecond, 1)
			for id := store.GateID(100); id < 150; id++ {
				s.addLaneBehind(1, lane{id: id, priority: store.PriorityRoot, deliveries: 2})
			}
			s.addLaneBehind(1, lane{id: 1, priority: store.PrioritySay, deliveries: 1})
			processes := []*stage{s}
			if perSecond > 0 {
				processes = append(processes, stageOn(t, s.pool), stageOn(t, s.pool))
			}
			for _, p := range processes {
				p.start()
			}
			s.waitState(1001, "accepted")
			s.wantText("true", `SELECT count(*) <= 3 FROM deliveries WHERE sent_at < (SELECT sent_at FROM deliveries WHERE id = 1001)`)
		})
	}
}

// A conversation that floods has eight posts in a row, and then whoever waits behind the same gate has his turn: so many posts
// of the flood stand between two of a quiet conversation at most.
func TestQuietConversationBesideOneThatFloods(t *testing.T) {
	t.Parallel()
	const quiet, inRow = 20, 8
	s := newStage(t, func(o *relay.Options) { o.PerGate = 1 })
	s.addGate(1)
	s.addLaneBehind(1, lane{id: 100, priority: store.PrioritySay, deliveries: 400})
	s.addLaneBehind(1, lane{id: 1, priority: store.PrioritySay, deliveries: quiet})
	s.start()
	s.waitText(fmt.Sprint(quiet), `SELECT count(*) FROM deliveries WHERE lane_id = 1 AND state = 'accepted'`)
	between, seen := 0, 0
	for _, attempt := range strings.Fields(s.attemptsMade()) {
		if isOfFlood := len(attempt) > len("1001:1"); isOfFlood { // 100001:1
			between++
			continue
		}
		if between > inRow {
			t.Errorf("%d posts of the flood stand before post %d of the quiet conversation, want at most %d", between, seen+1, inRow)
		}
		between, seen = 0, seen+1
	}
	if seen != quiet {
		t.Errorf("%d posts of the quiet conversation were seen, want %d", seen, quiet)
	}
}

// indexReads returns how often the index of due lanes was read, and how many entries of it, as far as processes that ended have told.
func (s *stage) indexReads() (scans, entries int) {
	s.t.Helper()
	row := s.pool.QueryRow(s.t.Context(), `SELECT idx_scan, idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'lanes_due'`)
	if err := row.Scan(&scans, &entries); err != nil {
		s.t.Fatal(err)
	}
	return scans, entries
}

// waitIndexReads returns indexReads once they are more than before and stay the same for long: sessions end one by one, and each tells
// then what it has read.
func (s *stage) waitIndexReads(before int) (scans, entries int) {
	s.t.Helper()
	same := 0
	readAgain := func() {
		n, m := s.indexReads()
		if same++; n != scans {
			same = 0
		}
		scans, entries = n, m
	}
	s.repeatUntil("the statistics arrive", readAgain, func() bool { return scans > before && same > 100 })
	return scans, entries
}

// What wakes one of thousands of gates has only that one asked, and what has nothing to hand out costs
// nothing in the sweep of each second.
func TestIdleGatesCostNothing(t *testing.T) {
	t.Parallel()
	const gates, wakes = 5_000, 25
	s := newStage(t)
	s.exec(`INSERT INTO gates (id, account_id, key, per_second, burst) OVERRIDING SYSTEM VALUE
		SELECT n, 1, 'idle' || n, 1, 1 FROM generate_series(2, $1::int) AS n`, gates)
	s.addGateWithRate(1, 1000, 1000)
	s.addLaneBehind(1, lane{id: 1, priority: store.PrioritySay, deliveries: 1})
	s.exec(`ANALYZE`)
	before, _ := s.indexReads()
	s.start()
	s.waitState(1001, "accepted")
	for n := int64(1); n <= wakes; n++ {
		s.exec(`INSERT INTO deliveries (id, lane_id, seq, kind, created_at) VALUES ($1 + 1001, 1, $1 + 1, 'reply', parley_now())`, n)
		s.exec(`UPDATE lanes SET tail = tail + 1, due_at = CASE WHEN leased_until IS NULL THEN parley_now() ELSE due_at END WHERE id = 1`)
		s.WakeFor(dispatch.GateDue{GateID: 1, AccountID: 1, Waiting: 1 << store.PrioritySay, Oldest: time.Now()})
		s.waitState(1001+n, "accepted")
	}
	s.stop()
	after, _ := s.waitIndexReads(before)
	if scans := after - before; scans > gates { // one look at all gates alone takes more
		t.Errorf("%d scans for %d wake-ups beside %d idle gates, want fewer than gates", scans, wakes, gates)
	}
}

// While somebody holds a snapshot, what was handed out leaves entries in front of what is due:
// they are passed over once, not by each claim.
func TestHeldSnapshotCostsOnce(t *testing.T) {
	t.Parallel()
	const passed, lanes, each = 5_000, 20, 5
	s := newStage(t)
	s.addGate(1)
	snapshot, err := s.pool.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	check(t, err)
	defer func() { _ = snapshot.Rollback(t.Context()) }()
	_, err = snapshot.Exec(t.Context(), `SELECT count(*) FROM settings`)
	check(t, err)
	s.exec(`INSERT INTO lanes (id, account_id, key, conversation_id, gate_id, due_at, tail)
		SELECT n, 1, 'p' || n, n, 1, parley_now() - interval '1 hour', 1 FROM generate_series(1000, 999 + $1::int) AS n`, passed)
	s.exec(`UPDATE lanes SET due_at = NULL, head = tail`)
	s.exec(`VACUUM (ANALYZE) lanes`)
	for id := store.GateID(1); id <= lanes; id++ {
		s.addLaneBehind(1, lane{id: id, priority: store.PrioritySay, deliveries: each})
	}
	before, entries := s.indexReads()
	s.start()
	s.waitText(fmt.Sprint(lanes*each), `SELECT count(*) FROM deliveries WHERE state = 'accepted'`)
	s.stop()
	_, after := s.waitIndexReads(before)
	if read := after - entries; read < passed || read > 10*passed {
		t.Errorf("%d entries of the index were read for %d deliveries behind %d that are dead, want some times as many as are dead", read, lanes*each, passed)
	}
}

// A lane that becomes due earlier than the oldest known one is handed out all the same: at once
// where this process is told, else when everything is looked for.
func TestLaneDueEarlierThanKnown(t *testing.T) {
	t.Parallel()
	const early = `INSERT INTO lanes (id, account_id, key, conversation_id, gate_id, tail, due_at)
		VALUES ($1::bigint, 1, 'c' || $1::bigint, $1::bigint, 1, 1, parley_now() - interval '10 min')`
	tests := map[string]struct {
		lookBack time.Duration
		tell     func(s *stage)
	}{
		"its gate is woken": {lookBack: time.Hour, tell: func(s *stage) {
			s.WakeFor(dispatch.GateDue{GateID: 1, AccountID: 1, Waiting: 1 << store.PrioritySay, Oldest: time.Now().Add(-10 * time.Minute)})
		}},
		"anything may be due":   {lookBack: time.Hour, tell: func(s *stage) { s.Wake() }},
		"nobody tells this one": {lookBack: 10 * time.Millisecond, tell: func(*stage) {}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, func(o *relay.Options) { o.LookBackEvery = tt.lookBack })
			s.addGate(1)
			s.addLaneBehind(1, lane{id: 1, priority: store.PrioritySay, deliveries: 1})
			s.start()
			s.waitState(1001, "accepted")
			s.exec(`INSERT INTO deliveries (id, lane_id, seq, kind, created_at) VALUES (2001, 2, 1, 'reply', parley_now())`)
			s.exec(early, 2)
			tt.tell(s)
			s.waitState(2001, "accepted")
		})
	}
}
