package storetest

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Fresh brings a database back to what it held when Remember was called, so that another test can use
// it. The sessions of its pool stay, with what they know of tables and statements: to learn that is most
// of what a test of a whole Parley costs PostgreSQL.
type Fresh struct {
	pool   *pgxpool.Pool
	script string // the statements that do it
}

const (
	listTables    = `SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1`
	listSequences = `
		SELECT format('SELECT setval(%L, %s, %L)', format('%I.%I', schemaname, sequencename), coalesce(last_value, start_value), last_value IS NOT NULL)
		FROM pg_sequences
		WHERE schemaname = 'public'
		ORDER BY 1`
	rowsAsJSON = `SELECT coalesce(json_agg(to_json(t)), '[]')::text FROM %s AS t`
	insertJSON = `INSERT INTO %s OVERRIDING SYSTEM VALUE SELECT * FROM json_populate_recordset(NULL::%[1]s, $rows$%s$rows$);`

	// Neither triggers nor foreign keys are asked.
	beginRestoring = `BEGIN; SET LOCAL session_replication_role = replica;`

	endOtherSessions = `
		SELECT pg_terminate_backend(pid, 10000)
		FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> ALL($1)`
)

// Remember notes what a database holds: best the few rows that migrations leave.
func Remember(ctx context.Context, pool *pgxpool.Pool) (*Fresh, error) {
	tables, err := readTexts(ctx, pool, listTables)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	b.WriteString(beginRestoring)
	for _, table := range tables {
		rows, err := readTexts(ctx, pool, fmt.Sprintf(rowsAsJSON, table))
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "DELETE FROM %s;", table)
		if rows[0] != "[]" {
			fmt.Fprintf(&b, insertJSON, table, rows[0])
		}
	}
	sequences, err := readTexts(ctx, pool, listSequences)
	if err != nil {
		return nil, err
	}
	b.WriteString(strings.Join(append(sequences, "COMMIT"), ";"))
	return &Fresh{pool: pool, script: b.String()}, nil
}

// Restore ends what other pools still do in the database, and makes it what it was. Nobody may use the
// pool meanwhile, nor the further pools whose sessions stay, too.
func (f *Fresh) Restore(ctx context.Context, further ...*pgxpool.Pool) error {
	isGivenBack(f.pool, leakTimeout) // the pool would lend what is opened now and ended below
	mine := f.pool.AcquireAllIdle(ctx)
	var pids []uint32
	for _, conn := range mine {
		defer conn.Release()
		pids = append(pids, conn.Conn().PgConn().PID())
	}
	for _, pool := range further {
		for _, conn := range pool.AcquireAllIdle(ctx) {
			defer conn.Release()
			pids = append(pids, conn.Conn().PgConn().PID())
		}
	}
	if len(mine) == 0 {
		return fmt.Errorf("storetest: restore: the pool has no session left")
	}
	if _, err := mine[0].Exec(ctx, endOtherSessions, pids); err != nil {
		return fmt.Errorf("storetest: restore: %w", err)
	}
	if _, err := mine[0].Conn().PgConn().Exec(ctx, f.script).ReadAll(); err != nil {
		return fmt.Errorf("storetest: restore: %w", err)
	}
	return nil
}

// readTexts gives the only column of a query.
func readTexts(ctx context.Context, pool *pgxpool.Pool, query string) ([]string, error) {
	rows, err := pool.Query(ctx, query)
	if err == nil {
		var list []string
		if list, err = pgx.CollectRows(rows, pgx.RowTo[string]); err == nil {
			return list, nil
		}
	}
	return nil, fmt.Errorf("storetest: remember: %w", err)
}
