package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Fresh restores the content that a database had when Remember was called, so that another test can use the database. For
// example, a test has added three conversations; Restore deletes them. The sessions of the pool stay open. Their
// caches of tables and prepared statements are worth keeping: to fill them is most of PostgreSQL's work in a test of
// a whole Parley.
type Fresh struct {
	pool   *pgxpool.Pool
	script string // the statements that restore the rows
	// session runs the script. It doesn't belong to the pool, and caches the plans of the script. It is nil until the
	// first Restore.
	session *pgx.Conn
}

// The script consists of DELETE and INSERT statements for all tables, and calls of setval for all sequences.
const (
	listTables    = `SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1`
	listSequences = `
		SELECT format('PERFORM setval(%L, %s, %L)', format('%I.%I', schemaname, sequencename),
			coalesce(last_value, start_value), last_value IS NOT NULL)
		FROM pg_sequences
		WHERE schemaname = 'public'
		ORDER BY 1`
	rowsAsJSON = `SELECT coalesce(json_agg(to_json(t)), '[]')::text FROM %s AS t`
	insertJSON = `INSERT INTO %s OVERRIDING SYSTEM VALUE SELECT * FROM json_populate_recordset(NULL::%[1]s, $rows$%s$rows$);`

	// A function caches the plans of its statements. A temporary one is visible only to its session.
	makeRestoring = `CREATE FUNCTION pg_temp.restore_rows() RETURNS void LANGUAGE plpgsql AS $restore$ BEGIN %s END $restore$`
	callRestoring = `SELECT pg_temp.restore_rows()`

	endOtherSessions = `
		SELECT pg_terminate_backend(pid, 10000)
		FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> ALL($1) AND pid <> pg_backend_pid()`
)

// Remember reads all rows of a database and keeps them in memory, as statements that insert them again. The database should
// have few rows, such as those that the migrations insert.
func Remember(ctx context.Context, pool *pgxpool.Pool) (*Fresh, error) {
	tables, err := readTexts(ctx, pool, listTables)
	if err != nil {
		return nil, err
	}

	var b strings.Builder
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

	for _, sequence := range sequences {
		b.WriteString(sequence + ";")
	}

	return &Fresh{pool: pool, script: b.String()}, nil
}

// Restore restores the remembered content. It ends all sessions except those of the pool and of the further pools. No
// connection of these pools may be in use during the call.
func (f *Fresh) Restore(ctx context.Context, further ...*pgxpool.Pool) error {
	isGivenBack(f.pool, leakTimeout) // waits for connections that the pool is opening; their sessions would be ended below
	pids := []uint32{}               // not nil: that is NULL, and pid <> ALL(NULL) matches no session
	for _, pool := range slices.Concat(further, []*pgxpool.Pool{f.pool}) {
		for _, conn := range pool.AcquireAllIdle(ctx) {
			defer conn.Release()
			pids = append(pids, conn.Conn().PgConn().PID())
		}
	}

	err := f.ensureSession(ctx)
	if err == nil {
		_, err = f.session.Exec(ctx, endOtherSessions, pids)
	}
	if err == nil {
		_, err = f.session.Exec(ctx, callRestoring)
	}
	if err != nil {
		return fmt.Errorf("storetest: restore: %w", err)
	}

	return nil
}

// ensureSession opens the session and creates the restoring function in it, unless there is one. A test may have ended
// the previous one.
func (f *Fresh) ensureSession(ctx context.Context) error {
	if f.session != nil && f.session.Ping(ctx) == nil {
		return nil
	}

	f.Close()
	config := f.pool.Config().ConnConfig
	config.RuntimeParams["session_replication_role"] = "replica" // disables triggers and foreign keys
	session, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	if _, err := session.Exec(ctx, fmt.Sprintf(makeRestoring, f.script)); err != nil {
		return errors.Join(err, session.Close(ctx))
	}

	f.session = session
	return nil
}

// Close ends the session that restores.
func (f *Fresh) Close() {
	if f.session != nil {
		_ = f.session.PgConn().Conn().Close() // no statement is running in it
		f.session = nil
	}
}

// readTexts returns the rows of a query with one column.
func readTexts(ctx context.Context, pool *pgxpool.Pool, query string) ([]string, error) {
	rows, err := pool.Query(ctx, query)
	if err == nil {
		var list []string
		if list, err = pgx.CollectRows(rows, pgx.RowTo[string]); err == nil {
			return list, nil
		}
	}
	return nil, fmt.Errorf("storetest: read: %w", err)
}
