package stats_test

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/plantest"
	"parley/store/stats"
	"parley/store/storetest"
)

// fillStats makes a few rows of each thing that Read counts.
func fillStats(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	for _, sql := range []string{
		`INSERT INTO accounts (id, name, kind, side) VALUES (100, 'mail', 'email', 'channel'), (101, 'chat', 'chat', 'surface')`,
		`UPDATE accounts SET status = 'error' WHERE id = 101`,
		`INSERT INTO bursts (conversation_id, first_event, last_event, began_at, due_at)
			SELECT n, 1, 1, now(), now() + make_interval(mins => n) FROM unnest('{-10,-1,1}'::int[]) AS n`,
		`INSERT INTO measure_due (conversations, since) VALUES ('{1}', clock_timestamp() - interval '3 min'), ('{1,2}', clock_timestamp())`,
		`INSERT INTO gates (id, account_id, key, next_at) OVERRIDING SYSTEM VALUE
			VALUES (1, 100, 'box', 'epoch'), (2, 101, 'C1', clock_timestamp() + interval '90 s'), (3, 101, 'C2', clock_timestamp() + interval '30 s')`,
		`INSERT INTO lanes (id, account_id, key, gate_id, head, tail, due_at) VALUES
			(1, 100, 'a', 1, 0, 3, now()),                      -- a day old, with two more behind it
			(2, 100, 'b', 1, 5, 6, now() + interval '1 h'),     -- its attempt is unclear, and looked for in an hour
			(3, 101, 'c', 2, 0, 1, now()),                      -- 5 minutes old
			(4, 101, 'd', 2, 0, 1, now() + interval '20 s'),    -- held for 20 s
			(5, 101, 'e', 2, 1, 1, NULL)                        -- empty`,
		`INSERT INTO deliveries (id, lane_id, seq, kind, state, created_at, not_before) VALUES
			(11, 1, 1, 'reply', 'queued', now() - interval '1 day', NULL), (12, 1, 2, 'reply', 'queued', now(), NULL),
			(13, 1, 3, 'reply', 'queued', now(), NULL), (21, 2, 6, 'reply', 'unknown', now() - interval '30 min', NULL),
			(31, 3, 1, 'said', 'queued', now() - interval '5 min', NULL),
			(41, 4, 1, 'said', 'queued', now() - interval '5 min', now() + interval '20 s'), (51, 5, 1, 'said', 'accepted', now(), NULL)`,
		`INSERT INTO events (account_id, external_id, order_key, payload, size_bytes, received_at) VALUES
			(100, 'x1', 'k', '', 0, clock_timestamp() - interval '1 h'), (100, 'x2', 'k', '', 0, clock_timestamp()), (101, 'x3', 'k', '', 0, clock_timestamp())`,
		`INSERT INTO queues (key, account_id, version, first_event, place, last_place, due_at) SELECT external_id, 1, 0, id, id, id, now() FROM events WHERE external_id IN ('x1', 'x2')`,
		`INSERT INTO quarantine (event_id, reason) SELECT id, 'odd' FROM events WHERE external_id = 'x3'`,
		`INSERT INTO contacts (id, name) VALUES (1, 'x')`,
		`INSERT INTO identities (id, account_id, key, contact_id) VALUES (1, 100, 'k', 1)`,
		`INSERT INTO conversations (id, account_id, identity_id, status, last_at, created_at) VALUES (1, 100, 1, 'open', now(), now())`,
		`INSERT INTO messages (id, conversation_id, direction, fate, said_at, created_at)
			VALUES (1, 1, 'out', 'unclear', now(), now() - interval '2 h'), (2, 1, 'out', 'out', now(), now())`,
		`INSERT INTO suggestions (conversation_id, kind, value, shown_at, fate) VALUES (1, 'tag', 'A', now(), 'used'), (1, 'tag', 'B', now(), 'ignored'),
			(1, 'tag', 'C', now(), ''), (2, 'reply', 'A', now(), 'edited'), (3, 'tag', 'A', now() - interval '8 days', 'used')`,
	} {
		exec(t, pool, sql)
	}
}

// checkAge compares a number of seconds with what is wanted. The test itself takes some.
func checkAge(t *testing.T, what string, got, want float64) {
	t.Helper()
	const tolerance = 30 // seconds
	if math.Abs(got-want) > tolerance {
		t.Errorf("%s: %.0f s, want about %.0f s", what, got, want)
	}
}

// checkCount compares counts with those of one account.
func checkCount(t *testing.T, what string, got []stats.AccountCount, account store.AccountID, n int) {
	t.Helper()
	if len(got) != 1 || got[0].AccountID != account || got[0].N != n {
		t.Fatalf("%s: %+v, want %d of account %d", what, got, n, account)
	}
}

// checkLanes compares what waits in the lanes to an account.
func checkLanes(t *testing.T, what string, got, want stats.LaneStats) {
	t.Helper()
	if got.Deliveries != want.Deliveries || got.Unknown != want.Unknown || !slices.Equal(got.Ages, want.Ages) {
		t.Errorf("%s: %d deliveries, %d unknown, ages %v; want %d, %d, %v",
			what, got.Deliveries, got.Unknown, got.Ages, want.Deliveries, want.Unknown, want.Ages)
	}
	checkAge(t, "the oldest head of "+what, got.Oldest, want.Oldest)
}

// TestStats fills a database with a few rows of each thing that Read counts, and compares every count with them.
func TestStats(t *testing.T) {
	t.Parallel()
	const mail, chat = 100, 101 // accounts
	pool := storetest.DB(t)
	fillStats(t, pool)
	s, err := stats.Read(t.Context(), pool)
	if err != nil {
		t.Fatal(err)
	}
	if off := time.Since(s.Clock).Abs(); off > time.Minute {
		t.Errorf("the database's clock is %s off, want at most %s", off, time.Minute)
	}

	t.Run("events", func(t *testing.T) {
		if s.Pending != 2 || s.Capped {
			t.Errorf("%d events are pending (capped: %v), want 2, all of them counted", s.Pending, s.Capped)
		}
		checkAge(t, "the oldest event", s.PendingOldest, 3600)
	})
	t.Run("quarantine", func(t *testing.T) { checkCount(t, "quarantined events", s.Quarantined, chat, 1) })
	t.Run("undecided messages", func(t *testing.T) {
		checkCount(t, "undecided messages", s.Undecided, mail, 1)
		checkAge(t, "the oldest decision", s.Undecided[0].Oldest, 7200)
	})
	t.Run("lanes", func(t *testing.T) {
		lanes := slices.SortedFunc(slices.Values(s.Lanes), func(a, b stats.LaneStats) int { return cmp.Compare(a.AccountID, b.AccountID) })
		if len(lanes) != 2 {
			t.Fatalf("lanes of %d accounts, want 2: %+v", len(lanes), lanes)
		}
		// The ages: not due, < 1 min, < 10 min, < 1 h, older.
		checkLanes(t, "mail", lanes[0], stats.LaneStats{Deliveries: 4, Unknown: 1, Ages: []int32{0, 0, 0, 1, 1}, Oldest: 86400})
		checkLanes(t, "chat", lanes[1], stats.LaneStats{Deliveries: 2, Unknown: 0, Ages: []int32{1, 0, 1, 0, 0}, Oldest: 300})
	})
	t.Run("gates", func(t *testing.T) {
		if len(s.Gates) != 1 || s.Gates[0].AccountID != chat || s.Gates[0].Blocked != 2 {
			t.Fatalf("gates: %+v, want two of account %d", s.Gates, chat)
		}
		checkAge(t, "the wait for the last gate", s.Gates[0].Wait, 90)
	})
	t.Run("bursts", func(t *testing.T) {
		if s.Bursts != 2 {
			t.Errorf("%d bursts are due, want 2", s.Bursts)
		}
		checkAge(t, "the oldest burst", s.BurstsOldest, 600)
	})
	t.Run("figures", func(t *testing.T) { checkAge(t, "the oldest change that isn't counted", s.FiguresOldest, 180) })
	t.Run("suggestions", func(t *testing.T) {
		want := []stats.SuggestionCount{{Kind: "reply", Shown: 1, Edited: 1}, {Kind: "tag", Shown: 3, Used: 1, Ignored: 1}}
		if !slices.Equal(s.Suggestions, want) {
			t.Errorf("suggestions: %+v, want %+v", s.Suggestions, want)
		}
	})
	t.Run("broken accounts", func(t *testing.T) {
		if want := []store.AccountID{chat}; !slices.Equal(s.Broken, want) {
			t.Errorf("broken accounts: %v, want %v", s.Broken, want)
		}
	})
}

// TestStatsOfACrowd: with 100,000 rows of everything, Read stays within its limits and says so (Capped). Each of its
// statements reads no more rows than its limit, by its index.
func TestStatsOfACrowd(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	crowd := slices.Concat(plantest.Lanes(), plantest.Queues(), []string{
		`INSERT INTO suggestions (conversation_id, kind, value, shown_at) SELECT n, 'tag', 'Billing', now() - n * interval '1 minute' FROM generate_series(1, 100000) AS n`,
		`INSERT INTO measure_due (conversations, since) SELECT ARRAY[n], now() FROM generate_series(1, 100000) AS n`,
	})
	plantest.Run(t, pool, crowd, nil) // it only fills the database
	s, err := stats.Read(t.Context(), pool)
	if err != nil {
		t.Fatal(err)
	}
	if !s.Capped || s.Pending != stats.MaxRows {
		t.Errorf("%d events are pending (capped: %v), want %d and true", s.Pending, s.Capped, stats.MaxRows)
	}

	// limits: how many rows of a table the statement may read. They are Read's own, plus what it takes to see that there is more.
	for _, tt := range []struct {
		name   string
		sql    string
		args   []any
		limits map[string]float64
		index  string
	}{
		{
			name: "pending", sql: stats.PendingSQL, args: []any{stats.MaxRows},
			limits: map[string]float64{"queues": 2*stats.MaxRows + 1, "queue_events": stats.MaxRows + 1, "events": 1},
		},
		{
			name: "quarantined", sql: stats.QuarantinedSQL, args: []any{stats.MaxRows},
			limits: map[string]float64{"quarantine": stats.MaxRows, "events": stats.MaxRows}, index: "quarantine_pkey",
		},
		{
			name: "undecided", sql: stats.UndecidedSQL, args: []any{stats.MaxRows},
			limits: map[string]float64{"messages": 0}, index: "messages_unclear",
		},
		{
			name: "lanes", sql: stats.LanesSQL, args: []any{stats.MaxLanesPerGate, stats.MaxLanes},
			limits: map[string]float64{"lanes": 1.1 * stats.MaxLanes, "deliveries": stats.MaxLanes}, index: "lanes_due",
		},
		{
			name: "suggestions", sql: stats.SuggestionsSQL, args: []any{100},
			limits: map[string]float64{"suggestions": 110}, index: "suggestions_shown",
		},
		{name: "bursts", sql: stats.BurstsSQL, args: []any{stats.MaxRows}, limits: map[string]float64{"bursts": stats.MaxRows}, index: "bursts_due"},
		{name: "figures", sql: stats.FiguresSQL, args: []any{stats.MaxRows}, limits: map[string]float64{"measure_due": stats.MaxRows}},
		{name: "gates", sql: stats.GatesSQL, limits: map[string]float64{"gates": 50}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := plantest.ExplainHot(t, pool, tt.sql, tt.args...)
			for table, limit := range tt.limits {
				rows, indexes := p.Touched(table)
				if rows > limit {
					t.Errorf("%.0f rows of %s were read, want at most %.0f; indexes %s", rows, table, limit, indexes)
				}
			}
			if _, indexes := p.Touched(""); tt.index != "" && !strings.Contains(indexes, tt.index) {
				t.Errorf("index %s is not used, but %s", tt.index, indexes)
			}
		})
	}
}
