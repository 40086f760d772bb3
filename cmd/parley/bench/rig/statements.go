package rig

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5"
)

// StatsWait is what an idle connection of PostgreSQL may take to report its commits.
const StatsWait = 11 * time.Second

const commitCount = `SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()`

// Commits returns the database's own count of committed transactions.
func (w *World) Commits(ctx context.Context) (n int64, err error) {
	if err := w.Pool.QueryRow(ctx, commitCount).Scan(&n); err != nil {
		return 0, fmt.Errorf("bench: commits: %w", err)
	}
	return n, nil
}

// statementSettings let the server count what its statements cost.
func statementSettings() map[string]string {
	return map[string]string{"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.track": "all",
		"pg_stat_statements.track_planning": "on", "pg_stat_statements.max": "10000", "track_functions": "all"}
}

// CountStatements begins to count the statements of the world's database; see Options.Statements.
func (w *World) CountStatements(ctx context.Context) error {
	if w.Rig.Opt.Statements == "" {
		return nil
	}
	if err := w.Admin(ctx, `CREATE EXTENSION IF NOT EXISTS pg_stat_statements`); err != nil {
		return err
	}
	if _, err := w.Pool.Exec(ctx, `SELECT pg_stat_reset()`); err != nil {
		return fmt.Errorf("bench: statements: %w", err)
	}
	return w.Admin(ctx, `SELECT pg_stat_statements_reset()`)
}

const statementCosts = `
	SELECT toplevel, calls, plans, rows, total_exec_time AS exec_ms, total_plan_time AS plan_ms, shared_blks_hit AS blocks, wal_records, wal_bytes::bigint,
		query
	FROM pg_stat_statements
	WHERE dbid = (SELECT oid FROM pg_database WHERE datname = $1)
	ORDER BY total_exec_time + total_plan_time DESC`

type statementCost struct {
	Toplevel   bool    `db:"toplevel"`
	Calls      int64   `db:"calls"`
	Plans      int64   `db:"plans"`
	Rows       int64   `db:"rows"`
	ExecMS     float64 `db:"exec_ms"`
	PlanMS     float64 `db:"plan_ms"`
	Blocks     int64   `db:"blocks"`
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

type tableChange struct {
	Table    string `db:"relname"`
	Inserted int64  `db:"n_tup_ins"`
	Updated  int64  `db:"n_tup_upd"`
	HOT      int64  `db:"n_tup_hot_upd"`
	Deleted  int64  `db:"n_tup_del"`
	ByIndex  int64  `db:"idx_scan"`
	Whole    int64  `db:"seq_scan"`
	Indexes  int64  `db:"indexes"`
}

// WriteStatements appends to the file what each statement cost since CountStatements, divided by the number of messages.
func (w *World) WriteStatements(ctx context.Context, messages int64) (err error) {
	if w.Rig.Opt.Statements == "" || messages == 0 {
		return nil
	}

	conn, err := pgx.Connect(ctx, w.Rig.server.URL("postgres"))
	if err != nil {
		return fmt.Errorf("bench: statements: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	found, err := conn.Query(ctx, statementCosts, w.name)
	if err != nil {
		return fmt.Errorf("bench: statements: %w", err)
	}

	costs, err := pgx.CollectRows(found, pgx.RowToStructByName[statementCost])
	if err != nil {
		return fmt.Errorf("bench: statements: %w", err)
	}

	found, err = w.Pool.Query(ctx, tableChanges)
	if err != nil {
		return fmt.Errorf("bench: statements: %w", err)
	}

	changes, err := pgx.CollectRows(found, pgx.RowToStructByName[tableChange])
	if err != nil {
		return fmt.Errorf("bench: statements: %w", err)
	}

	file, err := os.OpenFile(filepath.Clean(w.Rig.Opt.Statements), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("bench: statements: %w", err)
	}

	writeTables(file, float64(messages), costs, changes)
	return file.Close()
}

// writeTables writes both lists, each value for one of n messages.
func writeTables(out io.Writer, n float64, costs []statementCost, changes []tableChange) {
	t := tabwriter.NewWriter(out, 0, 0, 1, ' ', tabwriter.AlignRight)
	var calls, exec, plan, records, bytes float64
	_, _ = fmt.Fprintln(t, "calls\tplans\trows\texec µs\tplan µs\tµs a call\tblocks\trecords\tWAL bytes\t")

	for _, c := range costs {
		inner := "· "
		if c.Toplevel {
			inner = ""
			calls += float64(c.Calls)
			exec, plan = exec+c.ExecMS, plan+c.PlanMS
			records, bytes = records+float64(c.WALRecords), bytes+float64(c.WALBytes)
		}

		_, _ = fmt.Fprintf(t, "%.3f\t%.3f\t%.3f\t%.1f\t%.1f\t%.0f\t%.1f\t%.2f\t%.0f\t %s%.110s\n", float64(c.Calls)/n, float64(c.Plans)/n, float64(c.Rows)/n,
			c.ExecMS*microsInMS/n, c.PlanMS*microsInMS/n, c.ExecMS*microsInMS/float64(max(1, c.Calls)), float64(c.Blocks)/n, float64(c.WALRecords)/n, float64(c.WALBytes)/n,
			inner, strings.Join(strings.Fields(c.Query), " "))
	}

	_, _ = fmt.Fprintf(t, "%.3f\t\t\t%.1f\t%.1f\t\t\t%.2f\t%.0f\t all of %.0f messages\n", calls/n, exec*microsInMS/n, plan*microsInMS/n, records/n, bytes/n, n)
	_, _ = fmt.Fprintln(t, "inserted\tupdated\tof these HOT\tdeleted\tby index\twhole\tindexes\t")

	for _, c := range changes {
		_, _ = fmt.Fprintf(t, "%.3f\t%.3f\t%.3f\t%.3f\t%.2f\t%.3f\t%d\t %s\n", float64(c.Inserted)/n, float64(c.Updated)/n, float64(c.HOT)/n,
			float64(c.Deleted)/n, float64(c.ByIndex)/n, float64(c.Whole)/n, c.Indexes, c.Table)
	}

	_ = t.Flush()
}
