package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

// The agents who act in the log of newLog.
const (
	ann = store.AgentID(1)
	ben = store.AgentID(2)
)

// newLog makes a log of 40,000 entries about 1000 conversations in two accounts, three a second from 2026 on. Entry 5
// is Ben's, and all others are Ann's. Ann changed the set-up in the first seconds, and a command did a month later.
func newLog(t *testing.T) *pgxpool.Pool {
	t.Helper()
	pool := storetest.DB(t)
	storetest.Exec(t, pool, `
		INSERT INTO agents (id, email, name) OVERRIDING SYSTEM VALUE
		VALUES ($1, 'ann@acme.test', 'Ann'), ($2, 'ben@acme.test', 'Ben')`, ann, ben)

	storetest.Exec(t, pool, `
		INSERT INTO accounts (id, name, kind, side)
		VALUES (10, 'help', 'email', 'channel'), (11, 'sales', 'email', 'channel')`)
	storetest.Exec(t, pool, `
		INSERT INTO conversations (id, account_id, status, last_at, created_at)
		SELECT n, 10 + n % 2, 'open', now(), now()
		FROM generate_series(1, 1000) AS n`)

	storetest.Exec(t, pool, `
		INSERT INTO log_entries (id, conversation_id, at, agent_id, actor, what)
		SELECT n, 1 + n % 1000, '2026-01-01'::timestamptz + n / 3 * interval '1 second',
			CASE WHEN n = 5 THEN $2::bigint ELSE $1::bigint END, 'agent', 'tagged'
		FROM generate_series(1, 40000) AS n`, ann, ben)
	storetest.Exec(t, pool, `
		INSERT INTO setup_changes (at, agent_id, author, lines)
		VALUES
			('2026-01-01 00:00:03', $1, 'ann@acme.test', '{"+ team A","+ team B"}'),
			('2026-02-01', NULL, 'parley apply', '{"+ team C"}')`, ann)

	storetest.Exec(t, pool, `ANALYZE`)
	return pool
}

// readPages reads page by page everything that a filter lets pass.
func readPages(t *testing.T, pool *pgxpool.Pool, f store.LogFilter, pageSize int) (rows []store.LogRow, pages int) {
	t.Helper()
	var place store.LogPlace
	for {
		page := storetest.Must(store.ReadLog(t.Context(), pool, f, place, pageSize))(t)
		rows = append(rows, page.Rows...)
		pages++
		if !page.More {
			return rows, pages
		}
		place = page.Next
	}
}

// Pages follow each other without a gap and without an entry that comes twice, even if many entries are of the same
// moment. Changes of the set-up and of conversations are in one log.
// Requirement R-220: A log that nobody changes.
func TestLogPagesJoin(t *testing.T) {
	t.Parallel()
	const pageSize = 7
	firstMinute := store.LogFilter{Until: time.Date(2026, 1, 1, 0, 1, 0, 0, time.UTC)}
	rows, _ := readPages(t, newLog(t), firstMinute, pageSize)
	const entries, setupChanges = 179, 1
	if len(rows) != entries+setupChanges {
		t.Errorf("the pages have %d rows, want %d", len(rows), entries+setupChanges)
	}

	newestFirst := func(a, b store.LogRow) int { return b.At.Compare(a.At) }
	if !slices.IsSortedFunc(rows, newestFirst) {
		t.Error("the rows are not in order, the newest first")
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

// A filter finds what is rare. If it takes long to find, that is spread over several pages, so that each page looks
// at a limited part of the log.
func TestLogFilters(t *testing.T) {
	t.Parallel()
	const pageSize = 500
	pool := newLog(t)
	tests := []struct {
		name      string
		filter    store.LogFilter
		wantRows  int
		wantPages int
	}{
		{name: "who", filter: store.LogFilter{Agent: ben}, wantRows: 1, wantPages: 14},
		{name: "what", filter: store.LogFilter{What: store.LogSetUp}, wantRows: 2, wantPages: 1},
		{
			name:      "account",
			filter:    store.LogFilter{Account: "sales", From: time.Date(2026, 1, 1, 3, 0, 0, 0, time.UTC)},
			wantRows:  3801,
			wantPages: 8,
		},
		{name: "conversation", filter: store.LogFilter{Conversation: 6}, wantRows: 40, wantPages: 1},
		{name: "nothing", filter: store.LogFilter{What: "resolved"}, wantRows: 0, wantPages: 14},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			rows, pages := readPages(t, pool, tt.filter, pageSize)
			if len(rows) != tt.wantRows {
				t.Errorf("%d rows were found, want %d", len(rows), tt.wantRows)
			}
			if pages != tt.wantPages {
				t.Errorf("they are on %d pages, want %d", pages, tt.wantPages)
			}
		})
	}
}

// A change of the set-up names the colleague or the command, and has all its lines.
func TestSetupChanges(t *testing.T) {
	t.Parallel()
	rows, _ := readPages(t, newLog(t), store.LogFilter{What: store.LogSetUp}, 10)
	if len(rows) != 2 {
		t.Fatalf("%d changes were found, want 2: %+v", len(rows), rows)
	}
	if got, want := rows[0].By, "parley apply"; got != want {
		t.Errorf("the newest change is by %q, want %q", got, want)
	}
	if got, want := rows[1].By, "Ann"; got != want {
		t.Errorf("the change before is by %q, want %q", got, want)
	}
	if got, want := rows[1].Text, "+ team A\n+ team B"; got != want {
		t.Errorf("the change before says %q, want %q", got, want)
	}
}

// A page never reads the whole log. It uses an index, whatever is asked for.
func TestLogPlans(t *testing.T) {
	t.Parallel()
	pool := newLog(t)
	tests := []struct {
		name      string
		sql       string
		wantIndex string
	}{
		{name: "of all conversations", sql: store.LogPageSQL, wantIndex: "log_entries_time"},
		{name: "of one conversation", sql: store.LogOfOneSQL, wantIndex: "log_entries_conversation"},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := store.LogFilter{Agent: ben, Account: "sales", Conversation: 6}
			lines := storetest.Rows(t, pool, pgx.RowTo[string], "EXPLAIN "+tt.sql, store.LogArguments(f))
			plan := strings.Join(lines, "\n")
			if !strings.Contains(plan, tt.wantIndex) {
				t.Errorf("the log is read without %s:\n%s", tt.wantIndex, plan)
			}
			if strings.Contains(plan, "Seq Scan on log_entries") {
				t.Errorf("the whole log is read:\n%s", plan)
			}
		})
	}
}
