package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/jackc/pgx/v5"
)

// This file reports what each SQL statement of Parley costs per message, to find the ones worth optimizing. The
// statistics come from PostgreSQL's extension pg_stat_statements. A benchmark calls CountStatements before it
// measures and WriteStatements afterwards, which appends two tables to the file Options.Statements, such as:
//
//	calls plans  rows exec µs plan µs µs a call …
//	0.031 0.000 1.000    41.2     0.0      1329 … INSERT INTO events …
//
// If Options.Statements is "", both do nothing.

// statementSettings are the settings of the server that turn the statistics on.
func statementSettings() map[string]string {
	return map[string]string{
		"shared_preload_libraries":          "pg_stat_statements",
		"pg_stat_statements.track":          "all",
		"pg_stat_statements.track_planning": "on",
		"pg_stat_statements.max":            "10000",
		"track_functions":                   "all",
	}
}

// CountStatements resets the statistics of statements and tables.
func (w *World) CountStatements(ctx context.Context) error {
	if w.Rig.Opt.Statements == "" {
		return nil
	}
	if err := w.Admin(ctx, `CREATE EXTENSION IF NOT EXISTS pg_stat_statements`); err != nil {
		return err
	}
	if _, err := w.Pool.Exec(ctx, `SELECT pg_stat_reset()`); err != nil {
		return fmt.Errorf("bench: reset the counters of tables: %w", err)
	}
	return w.Admin(ctx, `SELECT pg_stat_statements_reset()`)
}

const statementCosts = `
	SELECT toplevel, calls, plans, rows, total_exec_time AS exec_ms, total_plan_time AS plan_ms,
		shared_blks_hit AS blocks, wal_records, wal_bytes::bigint, query
	FROM pg_stat_statements
	WHERE dbid = (SELECT oid FROM pg_database WHERE datname = $1)
	ORDER BY total_exec_time + total_plan_time DESC`

// statementCost is the total cost of all calls of a statement.
type statementCost struct {
	Toplevel   bool    `db:"toplevel"` // false: called by a function or trigger, whose cost includes it
	Calls      int64   `db:"calls"`
	Plans      int64   `db:"plans"` // number of times that it was planned
	Rows       int64   `db:"rows"`
	ExecMS     float64 `db:"exec_ms"`
	PlanMS     float64 `db:"plan_ms"`
	Blocks     int64   `db:"blocks"` // blocks found in PostgreSQL's buffer cache
	WALRecords int64   `db:"wal_records"`
	WALBytes   int64   `db:"wal_bytes"`
	Query      string  `db:"query"`
}

const tableChanges = `
	SELECT relname, n_tup_ins, n_tup_upd, n_tup_hot_upd, n_tup_del, coalesce(idx_scan, 0) AS idx_scan, seq_scan,
		(SELECT count(*) FROM pg_index WHERE indrelid = relid) AS indexes
	FROM pg_stat_user_tables
	WHERE n_tup_ins + n_tup_upd + n_tup_del > 0
	ORDER BY n_tup_ins + n_tup_upd + n_tup_del DESC`

// tableChange says how many rows of a table were written and how often the table was searched.
type tableChange struct {
	Table    string `db:"relname"`
	Inserted int64  `db:"n_tup_ins"`
	Updated  int64  `db:"n_tup_upd"`
	HOT      int64  `db:"n_tup_hot_upd"` // part of Updated: heap-only updates, which write no index
	Deleted  int64  `db:"n_tup_del"`
	ByIndex  int64  `db:"idx_scan"` // index scans
	Whole    int64  `db:"seq_scan"` // sequential scans
	Indexes  int64  `db:"indexes"`  // number of indexes of the table
}

// WriteStatements appends the statistics since CountStatements to the file, divided by the number of messages.
func (w *World) WriteStatements(ctx context.Context, messages int64) (err error) {
	if w.Rig.Opt.Statements == "" || messages == 0 {
		return nil
	}

	conn, err := pgx.Connect(ctx, w.Rig.server.URL("postgres")) // the extension was created in this database
	if err != nil {
		return fmt.Errorf("bench: connect to read statements: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // an error does not matter: nothing was written

	rows, _ := conn.Query(ctx, statementCosts, w.name) // CollectRows reports the error
	costs, err := pgx.CollectRows(rows, pgx.RowToStructByName[statementCost])
	if err != nil {
		return fmt.Errorf("bench: read the costs of statements: %w", err)
	}

	rows, _ = w.Pool.Query(ctx, tableChanges)
	changes, err := pgx.CollectRows(rows, pgx.RowToStructByName[tableChange])
	if err != nil {
		return fmt.Errorf("bench: read the changes of tables: %w", err)
	}

	file, err := os.OpenFile(filepath.Clean(w.Rig.Opt.Statements), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		err = errors.Join(writeCosts(file, costs, messages), writeChanges(file, changes, messages), file.Close())
	}
	if err != nil {
		return fmt.Errorf("bench: write statements: %w", err)
	}

	return nil
}

// writeCosts writes the cost of each statement per message, and the sum of the top-level statements.
func writeCosts(out io.Writer, costs []statementCost, messages int64) error {
	t := tabwriter.NewWriter(out, 0, 0, 1, ' ', tabwriter.AlignRight)
	writeRow(t, "calls", "plans", "rows", "exec µs", "plan µs", "µs a call", "blocks", "records", "WAL bytes", "")
	var sum statementCost
	for _, c := range costs {
		marker := "· " // called by another statement
		if c.Toplevel {
			marker = ""
			sum.Calls += c.Calls
			sum.ExecMS += c.ExecMS
			sum.PlanMS += c.PlanMS
			sum.WALRecords += c.WALRecords
			sum.WALBytes += c.WALBytes
		}

		writeRow(t,
			divide(c.Calls, messages, 3),
			divide(c.Plans, messages, 3),
			divide(c.Rows, messages, 3),
			divide(c.ExecMS*microsInMS, messages, 1),
			divide(c.PlanMS*microsInMS, messages, 1),
			divide(c.ExecMS*microsInMS, max(1, c.Calls), 0),
			divide(c.Blocks, messages, 1),
			divide(c.WALRecords, messages, 2),
			divide(c.WALBytes, messages, 0),
			fmt.Sprintf(" %s%.110s", marker, strings.Join(strings.Fields(c.Query), " ")))
	}

	writeRow(t,
		divide(sum.Calls, messages, 3), "", "",
		divide(sum.ExecMS*microsInMS, messages, 1),
		divide(sum.PlanMS*microsInMS, messages, 1), "", "",
		divide(sum.WALRecords, messages, 2),
		divide(sum.WALBytes, messages, 0),
		fmt.Sprintf(" all of %d messages", messages))
	return t.Flush()
}

// writeChanges writes how many rows of each table were written per message, and how often the table was
// searched.
func writeChanges(out io.Writer, changes []tableChange, messages int64) error {
	t := tabwriter.NewWriter(out, 0, 0, 1, ' ', tabwriter.AlignRight)
	writeRow(t, "inserted", "updated", "of these HOT", "deleted", "by index", "whole", "indexes", "")
	for _, c := range changes {
		writeRow(t,
			divide(c.Inserted, messages, 3),
			divide(c.Updated, messages, 3),
			divide(c.HOT, messages, 3),
			divide(c.Deleted, messages, 3),
			divide(c.ByIndex, messages, 2),
			divide(c.Whole, messages, 3),
			strconv.FormatInt(c.Indexes, 10),
			" "+c.Table)
	}
	return t.Flush()
}

// writeRow adds a row to a table. Errors are reported by Flush.
func writeRow(t *tabwriter.Writer, cells ...string) {
	_, _ = fmt.Fprintln(t, strings.Join(cells, "\t"))
}

// divide formats v divided by n with a fixed number of decimals.
func divide[T int64 | float64](v T, n int64, decimals int) string {
	return strconv.FormatFloat(float64(v)/float64(n), 'f', decimals, 64)
}
