package store

import (
	"context"
	"time"

	"parley/store/internal/query"
)

// Several processes may run parley serve on one database. Each keeps a row "process:…" of the table leases and
// renews it: its presence. By these rows the others know which processes live, which have crashed, and which
// features all of them know. Here are also the times until which events of a surface may have been missed (gaps).

// Vanished is a process that crashed: it neither renews its presence nor has dropped it.
type Vanished struct {
	Name  string    `db:"name"`
	Until time.Time `db:"until"` // when its presence ran out
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

// ProcessName is the beginning of the name of a process's row. Its number stands for the features that this version
// of Parley knows. It rises with each feature that may be used only once all processes know it.
const ProcessName = "process:5:"

// Features that all processes must know before one uses them. Each value is the first number of ProcessName that
// knows it.
const (
	KnowsRuns = 2 // deliveries leave together (Claim.Join); earlier processes would send them again
	KnowsSeen = 3 // old events are removed; earlier processes would take a repeated fact for a new one

	KnowsErasing = 4 // posts of erased contacts are deleted in chats; earlier processes would report that as failed
	KnowsLeft    = 5 // conversations are freed of former agents by a timer; earlier processes would hold up what comes behind it
)

const allKnow = `
	SELECT NOT EXISTS (
		SELECT 1 FROM leases
		WHERE name LIKE 'process:%' AND coalesce(substring(name FROM '^process:([0-9]+):')::int, 1) < $1
			AND until > (SELECT clock_timestamp()) - interval '1 minute')`

// AllKnow returns whether every process that lives, or lived within the last minute, knows a feature.
func AllKnow(ctx context.Context, q Querier, feature int) (bool, error) {
	return query.Value[bool](ctx, q, "processes", allKnow, feature)
}

// KeepPresence renews the presence of a process for a number of seconds, and returns the processes whose
// presence ran out within the last minute. name begins with ProcessName.
func KeepPresence(ctx context.Context, q Querier, name string, seconds float64) ([]Vanished, error) {
	return query.Collect[Vanished](ctx, q, "presence", keepPresence, name, seconds)
}

// The gap of a surface is a row of leases that nobody holds. Before its time, any process may have missed events of
// the surface, for example while its connection was broken.
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

// NoteGaps notes, for all processes, that events of some surfaces may have been missed until now.
func NoteGaps(ctx context.Context, q Querier, surfaces []AccountID) error {
	return query.Exec(ctx, q, "gaps", noteGaps, surfaces)
}

// ConnectionsOfProcess is how many connections one parley serve has at most: 16 for everything, 9 whose sessions apply and claim, and
// one that shows that it lives.
const ConnectionsOfProcess = 26

// Connections says whether the processes that live have room in the database.
type Connections struct {
	Allowed   int // how many connections Parley's role may have at a time
	Processes int // how many processes live
}

const countConnections = `
	SELECT
		least( -- which leaves out NULL: no limit
			current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
				- coalesce(current_setting('reserved_connections', true)::int, 0), -- since PostgreSQL 16
			(SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user),
			(SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database())
		),
		(SELECT count(*)::int FROM leases WHERE name LIKE 'process:%' AND until > (SELECT clock_timestamp()))`

// CountConnections returns how many connections the database allows, and how many processes live.
func CountConnections(ctx context.Context, q Querier) (Connections, error) {
	var c Connections
	err := q.QueryRow(ctx, countConnections).Scan(&c.Allowed, &c.Processes)
	return c, err
}
