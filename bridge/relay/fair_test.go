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
			s := newStage(t, func(o *relay.Options) { o.PerGate = 1 }).effects()
			s.gate(1, perSecond, 1)
			for lane := store.GateID(100); lane < 150; lane++ {
				s.laneOn(1, lane, store.PriorityRoot, 2)
			}
			s.laneOn(1, 1, store.PrioritySay, 1)
			processes := []*stage{s}
			if perSecond > 0 {
				processes = append(processes, stageOn(t, s.pool), stageOn(t, s.pool))
			}
			for _, p := range processes {
				p.start()
			}
			s.state(1001, "accepted")
			before := `SELECT count(*) FROM deliveries WHERE sent_at < (SELECT sent_at FROM deliveries WHERE id = 1001)`
			if got := s.text(before); got > "3" || len(got) > 1 {
				t.Errorf("%s deliveries were sent before the words of an old conversation, want three at most", got)
			}
		})
	}
}

// A conversation that floods has eight posts in a row, and then whoever waits behind the same gate has his turn: so many posts
// of the flood stand between two of a quiet conversation at most.
func TestQuietConversationBesideOneThatFloods(t *testing.T) {
	t.Parallel()
	const quiet, inRow = 20, 8
	s := newStage(t, func(o *relay.Options) { o.PerGate = 1 }).effects()
	s.gate(1, 0, 1)
	s.laneOn(1, 100, store.PrioritySay, 400)
	s.laneOn(1, 1, store.PrioritySay, quiet)
	s.start()
	s.eventually(fmt.Sprint(quiet), `SELECT count(*) FROM deliveries WHERE lane_id = 1 AND state = 'accepted'`)
	between, seen := 0, 0
	for _, id := range strings.Fields(s.sent()) {
		if strings.HasPrefix(id, "100") && len(id) > len("1001:1") {
			between++
			continue
		}
		if between > inRow {
			t.Errorf("%d posts of the flood stand before post %d of the quiet conversation", between, seen+1)
		}
		between, seen = 0, seen+1
	}
	if seen != quiet {
		t.Errorf("%d posts of the quiet conversation were seen", seen)
	}
}

// indexReads says how often, and how many entries of the index of due lanes were read, as far as
// processes that ended have told.
func (s *stage) indexReads() (scans, entries int) {
	s.t.Helper()
	row := s.pool.QueryRow(s.t.Context(), `SELECT idx_scan, idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'lanes_due'`)
	if err := row.Scan(&scans, &entries); err != nil {
		s.t.Fatal(err)
	}
	return scans, entries
}

// indexReadsAfter is indexReads once processes that ended have told all: sessions end one by one.
func (s *stage) indexReadsAfter(before int) (scans, entries int) {
	s.t.Helper()
	same := 0
	s.until("the statistics arrive", func() bool {
		n, m := s.indexReads()
		if same++; n != scans {
			same = 0
		}
		scans, entries = n, m
		return scans > before && same > 100
	})
	return scans, entries
}

// What wakes one of thousands of gates has only that one asked, and what has nothing to hand out costs
// nothing in the sweep of each second.
func TestIdleGatesCostNothing(t *testing.T) {
	t.Parallel()
	const gates, wakes = 5_000, 25
	s := newStage(t).effects()
	s.exec(`INSERT INTO gates (id, account_id, key, per_second, burst) OVERRIDING SYSTEM VALUE
		SELECT n, 1, 'idle' || n, 1, 1 FROM generate_series(2, $1::int) AS n`, gates)
	s.gate(1, 1000, 1000)
	s.laneOn(1, 1, store.PrioritySay, 1)
	s.exec(`ANALYZE`)
	before, _ := s.indexReads()
	s.start()
	s.state(1001, "accepted")
	for n := int64(1); n <= wakes; n++ {
		s.exec(`INSERT INTO deliveries (id, lane_id, seq, kind, created_at) VALUES ($1 + 1001, 1, $1 + 1, 'reply', parley_now())`, n)
		s.exec(`UPDATE lanes SET tail = tail + 1, due_at = CASE WHEN leased_until IS NULL THEN parley_now() ELSE due_at END WHERE id = 1`)
		s.WakeFor(dispatch.GateDue{GateID: 1, AccountID: 1, Waiting: 1 << store.PrioritySay, Oldest: time.Now()})
		s.state(1001+n, "accepted")
	}
	s.stop()
	scans, _ := s.indexReadsAfter(before)
	if scans -= before; scans > gates { // one look at all gates alone takes more
		t.Errorf("%d scans for %d wake-ups beside %d idle gates", scans, wakes, gates)
	}
}

// While somebody holds a snapshot, what was handed out leaves entries in front of what is due:
// they are passed over once, not by each claim.
func TestHeldSnapshotCostsOnce(t *testing.T) {
	t.Parallel()
	const passed, lanes, each = 5_000, 20, 5
	s := newStage(t).effects()
	s.gate(1, 0, 1)
	snapshot, err := s.pool.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	check(t, err)
	defer func() { _ = snapshot.Rollback(t.Context()) }()
	_, err = snapshot.Exec(t.Context(), `SELECT count(*) FROM settings`)
	check(t, err)
	s.exec(`INSERT INTO lanes (id, account_id, key, conversation_id, gate_id, due_at, tail)
		SELECT n, 1, 'p' || n, n, 1, parley_now() - interval '1 hour', 1 FROM generate_series(1000, 999 + $1::int) AS n`, passed)
	s.exec(`UPDATE lanes SET due_at = NULL, head = tail`)
	s.exec(`VACUUM (ANALYZE) lanes`)
	for lane := store.GateID(1); lane <= lanes; lane++ {
		s.laneOn(1, lane, store.PrioritySay, each)
	}
	before, entries := s.indexReads()
	s.start()
	s.eventually(fmt.Sprint(lanes*each), `SELECT count(*) FROM deliveries WHERE state = 'accepted'`)
	s.stop()
	_, after := s.indexReadsAfter(before)
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
		"its gate is woken": {time.Hour, func(s *stage) {
			s.WakeFor(dispatch.GateDue{GateID: 1, AccountID: 1, Waiting: 1 << store.PrioritySay, Oldest: time.Now().Add(-10 * time.Minute)})
		}},
		"anything may be due":   {time.Hour, func(s *stage) { s.Wake() }},
		"nobody tells this one": {10 * time.Millisecond, func(*stage) {}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, func(o *relay.Options) { o.LookBackEvery = tt.lookBack }).effects()
			s.gate(1, 0, 1)
			s.laneOn(1, 1, store.PrioritySay, 1)
			s.start()
			s.state(1001, "accepted")
			s.exec(`INSERT INTO deliveries (id, lane_id, seq, kind, created_at) VALUES (2001, 2, 1, 'reply', parley_now())`)
			s.exec(early, 2)
			tt.tell(s)
			s.state(2001, "accepted")
		})
	}
}
