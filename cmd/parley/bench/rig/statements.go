package rig

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

// This file tells what each SQL statement of Parley costs per message, for whoever wants to make it faster.
// PostgreSQL counts that by its extension pg_stat_statements. If Options.Statements names a file, a group calls
// CountStatements before it measures and WriteStatements afterwards. If it is "", both do nothing.

// statementSettings let the server count what its statements cost.
func statementSettings() map[string]string {
	return map[string]string{
		"shared_preload_libraries":          "pg_stat_statements",
		"pg_stat_statements.track":          "all",
		"pg_stat_statements.track_planning": "on",
		"pg_stat_statements.max":            "10000",
		"track_functions":                   "all",
	}
}

// CountStatements sets the counters of statements and of tables to zero.
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

// statementCost is what all calls of a statement cost together.
type statementCost struct {
	Toplevel   bool    `db:"toplevel"` // false: a function or trigger called it, and its caller's cost includes its own
	Calls      int64   `db:"calls"`
	Plans      int64   `db:"plans"` // times that it was planned
	Rows       int64   `db:"rows"`
	ExecMS     float64 `db:"exec_ms"`
	PlanMS     float64 `db:"plan_ms"`
	Blocks     int64   `db:"blocks"` // read, from PostgreSQL's own memory
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

// tableChange is how many rows of a table were written, and how often it was searched.
type tableChange struct {
	Table    string `db:"relname"`
	Inserted int64  `db:"n_tup_ins"`
	Updated  int64  `db:"n_tup_upd"`
	HOT      int64  `db:"n_tup_hot_upd"` // of Updated: heap-only, without a change of an index
	Deleted  int64  `db:"n_tup_del"`
	ByIndex  int64  `db:"idx_scan"`
	Whole    int64  `db:"seq_scan"` // searches that read the whole table
	Indexes  int64  `db:"indexes"`  // that the table has
}

// WriteStatements appends to the file what each statement cost since CountStatements, divided by the number of
// messages.
func (w *World) WriteStatements(ctx context.Context, messages int64) (err error) {
	if w.Rig.Opt.Statements == "" || messages == 0 {
		return nil
	}

	conn, err := pgx.Connect(ctx, w.Rig.server.URL("postgres")) // the extension is in this database
	if err != nil {
		return fmt.Errorf("bench: connect to read statements: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // it only read

	rows, _ := conn.Query(ctx, statementCosts, w.name) // CollectRows returns its error
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

// writeCosts writes what each statement cost a message, and the sums of those that were called from outside.
func writeCosts(out io.Writer, costs []statementCost, messages int64) error {
	t := tabwriter.NewWriter(out, 0, 0, 1, ' ', tabwriter.AlignRight)
	writeRow(t, "calls", "plans", "rows", "exec µs", "plan µs", "µs a call", "blocks", "records", "WAL bytes", "")
	var sum statementCost
	for _, c := range costs {
		marker := "· " // another statement called it
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

// writeChanges writes how many rows of each table a message wrote, and how often it searched the table.
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

// writeRow adds a line to a table, which keeps it until Flush: that returns the errors of writing.
func writeRow(t *tabwriter.Writer, cells ...string) {
	_, _ = fmt.Fprintln(t, strings.Join(cells, "\t"))
}

// divide writes v divided by n, with so many decimals.
func divide[T int64 | float64](v T, n int64, decimals int) string {
	return strconv.FormatFloat(float64(v)/float64(n), 'f', decimals, 64)
}
