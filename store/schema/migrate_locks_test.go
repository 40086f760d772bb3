package schema_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/store/schema"
	"parley/store/storetest"
)

// countWork counts in the session that migrates how many rows a transaction has read of the filled tables and their indexes,
// and which of these tables it keeps from being written meanwhile. PostgreSQL calls it after each statement that changes
// the schema, and when a migration is noted as applied, which is the last thing in its transaction.
const countWork = `
	CREATE SCHEMA observed;
	CREATE TABLE observed.tables AS SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND reltuples >= ROWS;
	CREATE TABLE observed.work (version bigint, statement text NOT NULL, kept text[] NOT NULL, rows_read bigint NOT NULL);

	CREATE FUNCTION observed.count_work(statement text) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO observed.work (statement, kept, rows_read)
		SELECT statement,
			ARRAY(SELECT DISTINCT l.relation::regclass::text
				FROM pg_locks AS l
				JOIN observed.tables AS t ON t.oid = l.relation
				WHERE l.pid = pg_backend_pid() AND l.granted
					AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
				ORDER BY 1),
			(SELECT sum(pg_stat_get_xact_tuples_returned(r.oid) + pg_stat_get_xact_tuples_fetched(r.oid))
				FROM (SELECT oid FROM observed.tables UNION ALL SELECT indexrelid FROM pg_index JOIN observed.tables AS t ON t.oid = indrelid) AS r);
		PERFORM pg_stat_force_next_flush(); -- the next transaction counts from 0
	END $$;

	CREATE FUNCTION observed.statement_ended() RETURNS event_trigger LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM observed.count_work(current_query());
	END $$;

	CREATE FUNCTION observed.migration_ended() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM observed.count_work('the end of its transaction');
		UPDATE observed.work SET version = NEW.version_id WHERE version IS NULL;
		RETURN NULL;
	END $$;
	CREATE TRIGGER migration_ended AFTER INSERT ON goose_db_version FOR EACH ROW EXECUTE FUNCTION observed.migration_ended();
	CREATE EVENT TRIGGER statement_ended ON ddl_command_end EXECUTE FUNCTION observed.statement_ended()`

// mostWork finds the most that each migration read while it kept tables from being written.
const mostWork = `
	SELECT DISTINCT ON (version) version, array_to_string(kept, ', '), rows_read, statement
	FROM observed.work
	WHERE kept <> '{}'
	ORDER BY version, rows_read DESC`

// workUnderLocks are the migrations that read a table while they keep it, or another one, from being written, and why
// that does no harm.
var workUnderLocks = map[int64]string{
	24: "it reads the newest conversations until it has found 2,000 that are resolved; only where hardly any is, it reads them all: " +
		"a million took two seconds, on a busy machine",
}

// While a migration keeps others from writing to a table, it reads few rows, however many any table has. So nobody
// waits for longer in a large database. The test counts rows, since times say more of the machine.
func TestMigrationsReadLittleUnderLocks(t *testing.T) {
	t.Parallel()
	const rows, most = 5_000, 500
	pool := filledAtTen(t, rows)
	exec(t, pool, strings.ReplaceAll(countWork, "ROWS", strconv.Itoa(rows)))
	check(t, schema.Migrate(t.Context(), pool))

	type work struct {
		Version   int64
		Kept      string
		RowsRead  int64
		Statement string
	}
	all := storetest.Rows(t, pool, pgx.RowToStructByPos[work], mostWork)
	if len(all) == 0 {
		t.Error("no migration was seen to keep a table from being written")
	}
	harms := map[int64]bool{}
	for _, w := range all {
		harms[w.Version] = w.RowsRead > most
		if harms[w.Version] && workUnderLocks[w.Version] == "" {
			t.Errorf("%04d reads %d rows while nobody else may write to %s, until: %s", w.Version, w.RowsRead, w.Kept, w.Statement)
		}
	}
	for version := range workUnderLocks {
		if !harms[version] {
			t.Errorf("%04d is excused for what it doesn't do", version)
		}
	}
}
