package stats_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/store/plantest"
	"parley/store/stats"
	"parley/store/storetest"
)

// Each thing that waits is seen, under its account, with its age.
func TestStats(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	for _, sql := range []string{
		`INSERT INTO accounts (id, name, kind, side) VALUES (100, 'mail', 'email', 'channel'), (101, 'chat', 'chat', 'surface')`,
		`UPDATE accounts SET status = 'error' WHERE id = 101`,
		`INSERT INTO bursts (conversation_id, first_event, last_event, began_at, due_at)
			SELECT n, 1, 1, now(), now() + make_interval(mins => n) FROM unnest('{-10,-1,1}'::int[]) AS n`,
		`INSERT INTO measure_due (conversations, since) VALUES ('{1}', clock_timestamp() - interval '3 min'), ('{1,2}', clock_timestamp())`,
		`INSERT INTO gates (id, account_id, key, next_at) OVERRIDING SYSTEM VALUE
			VALUES (1, 100, 'box', 'epoch'), (2, 101, 'C1', clock_timestamp() + interval '90 s'), (3, 101, 'C2', clock_timestamp() + interval '30 s')`,
		`INSERT INTO lanes (id, account_id, key, gate_id, head, tail, due_at) VALUES
			(1, 100, 'a', 1, 0, 3, now()),                      -- a day old, two more behind it
			(2, 100, 'b', 1, 5, 6, now() + interval '1 h'),     -- unknown, looked for later
			(3, 101, 'c', 2, 0, 1, now()),                      -- 5 minutes
			(4, 101, 'd', 2, 0, 1, now() + interval '20 s'),    -- held
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
	s := must(stats.Read(t.Context(), pool))(t)
	about := func(what string, got, want float64) {
		if math.Abs(got-want) > 30 {
			t.Errorf("%s is %.0f s, not about %.0f", what, got, want)
		}
	}
	if fmt.Sprint(s.Broken) != "[101]" {
		t.Errorf("broken: %v", s.Broken)
	}
	if s.Pending != 2 || s.Capped || time.Since(s.Clock).Abs() > time.Minute {
		t.Errorf("%+v", s)
	}
	if want := "[{reply 1 0 1 0} {tag 3 1 0 1}]"; fmt.Sprint(s.Suggestions) != want {
		t.Errorf("suggestions: %v, want %s", s.Suggestions, want)
	}
	about("the oldest event", s.PendingOldest, 3600)
	if len(s.Quarantined) != 1 || s.Quarantined[0].AccountID != 101 || s.Quarantined[0].N != 1 {
		t.Errorf("quarantine: %+v", s.Quarantined)
	}
	if len(s.Undecided) != 1 || s.Undecided[0].AccountID != 100 || s.Undecided[0].N != 1 {
		t.Fatalf("undecided: %+v", s.Undecided)
	}
	about("the oldest decision", s.Undecided[0].Oldest, 7200)
	slices.SortFunc(s.Lanes, func(a, b stats.LaneStats) int { return int(a.AccountID - b.AccountID) })
	if len(s.Lanes) != 2 {
		t.Fatalf("lanes: %+v", s.Lanes)
	}
	mail, chat := s.Lanes[0], s.Lanes[1]
	if mail.Deliveries != 4 || mail.Unknown != 1 || fmt.Sprint(mail.Ages) != "[0 0 0 1 1]" {
		t.Errorf("mail: %+v", mail)
	}
	about("the oldest mail", mail.Oldest, 86400)
	if chat.Deliveries != 2 || chat.Unknown != 0 || fmt.Sprint(chat.Ages) != "[1 0 1 0 0]" {
		t.Errorf("chat: %+v", chat)
	}
	about("the oldest post", chat.Oldest, 300)
	if len(s.Gates) != 1 || s.Gates[0].AccountID != 101 || s.Gates[0].Blocked != 2 {
		t.Fatalf("gates: %+v", s.Gates)
	}
	if s.Bursts != 2 {
		t.Errorf("bursts: %d", s.Bursts)
	}
	about("the oldest burst", s.BurstsOldest, 600)
	about("the oldest change that isn't counted", s.FiguresOldest, 180)
	about("the last gate", s.Gates[0].Wait, 90)
}

// However much waits, a look reads little, and says that it did not see all.
func TestStatsOfACrowd(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	plantest.Run(t, pool, slices.Concat(plantest.Lanes(), plantest.Queues(), []string{
		`INSERT INTO suggestions (conversation_id, kind, value, shown_at) SELECT n, 'tag', 'Billing', now() - n * interval '1 minute' FROM generate_series(1, 100000) AS n`,
	}), nil)
	s := must(stats.Read(t.Context(), pool))(t)
	if !s.Capped || s.Pending != 10_000 {
		t.Errorf("100,000 events and lanes wait: %+v", s)
	}
	for _, tt := range []struct {
		name   string
		sql    string
		args   []any
		limits map[string]float64
		index  string
	}{
		{"pending", stats.StatsPendingSQL, []any{10_000}, map[string]float64{"queues": 20_001, "queue_events": 10_001, "events": 1}, ""},
		{"quarantined", stats.StatsQuarantinedSQL, []any{10_000}, map[string]float64{"quarantine": 10_000, "events": 10_000}, "quarantine_pkey"},
		{"undecided", stats.StatsUndecidedSQL, []any{10_000}, map[string]float64{"messages": 0}, "messages_unclear"},
		{"lanes", stats.StatsLanesSQL, []any{100, 2000}, map[string]float64{"lanes": 2200, "deliveries": 2000}, "lanes_due"},
		{"suggestions", stats.StatsSuggestionsSQL, []any{100}, map[string]float64{"suggestions": 110}, "suggestions_shown"},
		{"bursts", stats.StatsBurstsSQL, []any{10_000}, map[string]float64{"bursts": 10_000}, "bursts_due"},
		{"gates", stats.StatsGatesSQL, nil, map[string]float64{"gates": 50}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := plantest.Explain(t, pool, true, tt.sql, tt.args...)
			for table, limit := range tt.limits {
				rows, indexes := p.Touched(table)
				if rows > limit {
					t.Errorf("%.0f rows of %s were read, at most %.0f are needed; indexes %s", rows, table, limit, indexes)
				}
			}
			if _, indexes := p.Touched(""); tt.index != "" && !strings.Contains(indexes, tt.index) {
				t.Errorf("index %s is not used, but %s", tt.index, indexes)
			}
		})
	}
}
