package logbook_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store/logbook"
	"parley/store/storetest"
)

// many is a log of two accounts, in which one colleague did something long ago.
const many = `
	INSERT INTO agents (id, email, name) OVERRIDING SYSTEM VALUE VALUES (1, 'ann@acme.test', 'Ann'), (2, 'ben@acme.test', 'Ben');
	INSERT INTO accounts (id, name, kind, side) VALUES (10, 'help', 'email', 'channel'), (11, 'sales', 'email', 'channel');
	INSERT INTO conversations (id, account_id, status, last_at, created_at) SELECT n, 10 + n % 2, 'open', now(), now() FROM generate_series(1, 1000) AS n;
	INSERT INTO log_entries (id, conversation_id, at, agent_id, actor, what)
		SELECT n, 1 + n % 1000, '2026-01-01'::timestamptz + n / 3 * interval '1 second', CASE WHEN n = 5 THEN 2 ELSE 1 END, 'agent', 'tagged' FROM generate_series(1, 40000) AS n;
	INSERT INTO setup_changes (at, agent_id, author, lines) VALUES ('2026-01-01 00:00:03', 1, 'ann@acme.test', '{"+ team A","+ team B"}'), ('2026-02-01', NULL, 'parley apply', '{"+ team C"}');
	ANALYZE`

func start(t *testing.T) *pgxpool.Pool {
	t.Helper()
	pool := storetest.DB(t)
	if _, err := pool.Exec(t.Context(), many); err != nil {
		t.Fatal(err)
	}
	return pool
}

// all reads the whole log that a filter wants, page by page.
func all(t *testing.T, pool *pgxpool.Pool, f logbook.Filter, size int) (rows []logbook.Row, pages int) {
	t.Helper()
	for at := (logbook.Place{}); ; {
		page, err := logbook.Read(t.Context(), pool, f, at, size)
		if err != nil {
			t.Fatal(err)
		}
		rows, pages = append(rows, page.Rows...), pages+1
		if !page.More {
			return rows, pages
		}
		at = page.Next
	}
}

// Pages join without a gap and without a double, also within one moment, and set-up and conversations are one log.
//
func TestPages(t *testing.T) {
	t.Parallel()
	pool := start(t)
	rows, _ := all(t, pool, logbook.Filter{Until: time.Date(2026, 1, 1, 0, 1, 0, 0, time.UTC)}, 7)
	if len(rows) != 179+1 {
		t.Errorf("%d rows, want %d", len(rows), 179+1)
	}
	if !slices.IsSortedFunc(rows, func(a, b logbook.Row) int { return b.At.Compare(a.At) }) {
		t.Error("they are not in order")
	}
	seen := map[[2]int64]bool{}
	for _, r := range rows {
		key := [2]int64{int64(r.Source), r.ID}
		if seen[key] {
			t.Errorf("%+v comes twice", r)
		}
		seen[key] = true
	}
}

// What is rare is found, over pages none of which looks at more than its share.
func TestFilters(t *testing.T) {
	t.Parallel()
	pool := start(t)
	for name, tt := range map[string]struct {
		filter      logbook.Filter
		rows, pages int
	}{
		"who":          {logbook.Filter{Agent: 2}, 1, 14},
		"what":         {logbook.Filter{What: logbook.SetUp}, 2, 1},
		"account":      {logbook.Filter{Account: "sales", From: time.Date(2026, 1, 1, 3, 0, 0, 0, time.UTC)}, 3801, 8},
		"conversation": {logbook.Filter{Conversation: 6}, 40, 1},
		"nothing":      {logbook.Filter{What: "resolved"}, 0, 14},
	} {
		rows, pages := all(t, pool, tt.filter, 500)
		if len(rows) != tt.rows || pages != tt.pages {
			t.Errorf("%s: %d rows on %d pages, want %d on %d", name, len(rows), pages, tt.rows, tt.pages)
		}
	}
	first, err := logbook.Read(t.Context(), pool, logbook.Filter{What: logbook.SetUp}, logbook.Place{}, 10)
	if err != nil || len(first.Rows) != 2 || first.Rows[0].By != "parley apply" || first.Rows[1].By != "Ann" || first.Rows[1].Text != "+ team A\n+ team B" {
		t.Errorf("%+v %v", first.Rows, err)
	}
}

// No page reads the whole log, whatever is asked for: each walks along an index.
func TestLogPlans(t *testing.T) {
	t.Parallel()
	pool := start(t)
	for name, sql := range map[string]string{"log_entries_time": logbook.ReadPageSQL, "log_entries_conversation": logbook.ReadOfOneSQL} {
		f := logbook.Filter{Agent: 2, Account: "sales", Conversation: 6}
		rows, err := pool.Query(t.Context(), "EXPLAIN "+sql, logbook.Arguments(f))
		if err != nil {
			t.Fatal(err)
		}
		var plan []string
		for rows.Next() {
			var line string
			if err := rows.Scan(&line); err != nil {
				t.Fatal(err)
			}
			plan = append(plan, line)
		}
		if text := strings.Join(plan, "\n"); rows.Err() != nil || !strings.Contains(text, name) || strings.Contains(text, "Seq Scan on log_entries") {
			t.Errorf("%v: it is read without %s:\n%s", rows.Err(), name, text)
		}
	}
}
