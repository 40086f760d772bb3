package store

import (
	"context"
	"time"

	"parley/store/internal/query"
)

// Several processes may run parley serve on one database. Each of them keeps a row named "process:…" in the table leases and
// renews it as a heartbeat. The rows show which processes are alive and which have crashed. The table also has a row for each
// surface (an agents' chat) that says until when its events may have been missed.

// Vanished is a process that crashed: its heartbeat has stopped, and it has not removed its row.
type Vanished struct {
	Name  string    `db:"name"`
	Until time.Time `db:"until"` // when its row expired
}

const keepPresence = `
	WITH mine AS (
		INSERT INTO leases (name, holder, until)
		VALUES ($1, $1, clock_timestamp() + make_interval(secs => $2))
		ON CONFLICT (name) DO UPDATE
		SET until = EXCLUDED.until
	), forgotten AS (
		DELETE FROM leases
		WHERE name LIKE 'process:%' AND name <> $1 AND until < (SELECT clock_timestamp()) - interval '1 minute'
	)
	SELECT name, until
	FROM leases
	WHERE name LIKE 'process:%' AND name <> $1
		AND until BETWEEN (SELECT clock_timestamp()) - interval '1 minute' AND (SELECT clock_timestamp())`

// ProcessName is the prefix of the name of a process's row.
const ProcessName = "process:"

// KeepPresence renews the row of a process for a number of seconds, and returns the processes whose rows expired within the
// last minute. name begins with ProcessName.
func KeepPresence(ctx context.Context, q Querier, name string, seconds float64) ([]Vanished, error) {
	return query.Collect[Vanished](ctx, q, "presence", keepPresence, name, seconds)
}

// The gap of a surface is a row of leases without a holder. Before its time, Parley may have missed events of the surface,
// because a connection was broken, for example.
const (
	gapName  = `'gap:' || `
	noteGaps = `
	INSERT INTO leases (name, holder, until)
	SELECT ` + gapName + `surface.id, '', clock_timestamp()
	FROM unnest($1::bigint[]) AS surface (id)
	ORDER BY surface.id
	ON CONFLICT (name) DO UPDATE
	SET until = EXCLUDED.until`
	gapsOfMessages = `
	SELECT message.id, extract(epoch FROM (SELECT clock_timestamp()) - gap.until)::float8
	FROM messages AS message
	JOIN leases AS gap ON gap.name = ` + gapName + `message.account_id
	WHERE message.id = ANY($1)`
)

// NoteGaps records, for all processes, that events of some surfaces may have been missed until now.
func NoteGaps(ctx context.Context, q Querier, surfaces []AccountID) error {
	return query.Exec(ctx, q, "gaps", noteGaps, surfaces)
}

// ConnectionsOfProcess is the maximum number of database connections of one process: 16 in the pool, 9 for sessions that
// apply events and claim deliveries, and one that shows that the process is alive (ShowLife).
const ConnectionsOfProcess = 26

// Connections shows whether the database allows enough connections for all processes.
type Connections struct {
	Allowed   int // connections that Parley's role may have at a time
	Processes int // processes that are alive
}

const countConnections = `
	SELECT
		least( -- ignores NULL, which means no limit
			current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
				- coalesce(current_setting('reserved_connections', true)::int, 0), -- since PostgreSQL 16
			(SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user),
			(SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database())
		),
		(SELECT count(*)::int FROM leases WHERE name LIKE 'process:%' AND until > (SELECT clock_timestamp()))`

// CountConnections returns the number of allowed connections and of processes.
func CountConnections(ctx context.Context, q Querier) (Connections, error) {
	var c Connections
	err := q.QueryRow(ctx, countConnections).Scan(&c.Allowed, &c.Processes)
	return c, err
}
