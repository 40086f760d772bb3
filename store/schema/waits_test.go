package schema_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// blockedByMigration are the statements of the traffic that wait for the migration, each with what the migration is at.
const blockedByMigration = `
	SELECT a.pid::text || ' ' || a.query_start, a.query, coalesce(b.xact_start::text, ''), b.query, coalesce(b.wait_event_type, '') = 'Lock'
	FROM pg_stat_activity AS a
	CROSS JOIN LATERAL unnest(pg_blocking_pids(a.pid)) AS by (pid)
	JOIN pg_stat_activity AS b ON b.pid = by.pid
	WHERE a.datname = current_database() AND a.wait_event_type = 'Lock'
		AND b.application_name = 'parley migrate' AND a.application_name <> 'parley migrate'`

// waits are the statements of the traffic that were seen waiting for the migration.
type waits struct {
	// By statement, the transactions of the migration that it waited for: when they began, and what they are.
	attempts map[string]map[string]string
	queries  map[string]string // the statements' SQL
	working  map[string]bool   // statements of the migration that worked while somebody waited
}

// watch looks who waits for the migration, until ctx ends.
func watch(ctx context.Context, t *testing.T, pool *pgxpool.Pool) *waits {
	w := &waits{attempts: map[string]map[string]string{}, queries: map[string]string{}, working: map[string]bool{}}
	for ; ctx.Err() == nil; rest(ctx) {
		rows, err := pool.Query(context.WithoutCancel(ctx), blockedByMigration)
		if err != nil {
			t.Error(err)
			return w
		}
		var statement, query, began, migration string
		var waiting bool
		if _, err := pgx.ForEachRow(rows, []any{&statement, &query, &began, &migration, &waiting}, func() error {
			if w.attempts[statement] == nil {
				w.attempts[statement] = map[string]string{}
			}
			w.attempts[statement][began] = migration
			w.queries[statement] = query
			if !waiting {
				w.working[migration] = true
			}
			return nil
		}); err != nil || rows.Err() != nil {
			t.Error(err, rows.Err())
			return w
		}
	}
	return w
}

// mostAttempts is for how many transactions of the migration a statement may wait. The row of a new conversation
// needs five tables, each of which the migration may be about to change. A transaction that gets no lock gives up
// after lockTimeout, and lets those who waited behind it go first. One that has its lock reads little
// (TestMigrationsReadLittleUnderLocks).
const mostAttempts = 5

// judge finds statements that waited for more of the migration than they may.
func (w *waits) judge(t *testing.T) {
	t.Helper()
	t.Logf("%d statements waited for the migration", len(w.attempts))
	for statement, attempts := range w.attempts {
		if len(attempts) > mostAttempts {
			t.Errorf("%s waited for %d attempts: %s, want at most %d",
				w.queries[statement], len(attempts), slices.Collect(maps.Values(attempts)), mostAttempts)
		}
	}
	for _, statement := range slices.Sorted(maps.Keys(w.working)) {
		first, _, _ := strings.Cut(statement, "\n")
		t.Logf("somebody waited while this worked: %s", first)
	}
}
