package store

import (
	"context"

	"parley/store/internal/query"
)

// Lease is a named right that one process, the holder, has for a time, by the database's clock: to fetch a mailbox, for
// example. The holder renews it while it works.
type Lease struct {
	Name   string `db:"name"`
	Holder string `db:"holder"`
	Live   bool   `db:"live"`   // false once it ran out, so that anybody may take it
	Silent bool   `db:"silent"` // the holder calls ShowLife, but its lock is gone: it has ended, or lost its session
}

// ShowingPrefix begins the names of holders that call ShowLife. Processes of earlier versions don't, and have other names.
const ShowingPrefix = "shows:"

// showingLocks is the class (first key) of the advisory locks of ShowLife.
const showingLocks = 0x50A71E8

const showLife = `SELECT pg_advisory_lock_shared($1, hashtext($2))`

// ShowLife shows that a holder of leases lives, by an advisory lock that a session holds until it ends. When the process
// ends, so does its session, and PostgreSQL frees the lock at once.
func ShowLife(ctx context.Context, session Querier, holder string) error {
	return query.Exec(ctx, session, "show life", showLife, showingLocks, holder)
}

const findLeases = `
	WITH showing AS MATERIALIZED (
		SELECT held.objid
		FROM pg_locks AS held
		WHERE held.locktype = 'advisory' AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
			AND held.classid = $3 AND held.objsubid = 2 AND held.granted
	)
	SELECT name, holder, until > (SELECT clock_timestamp()) AS live,
		starts_with(holder, $4) AND (hashtext(holder)::oid IN (SELECT objid FROM showing)) IS FALSE AS silent
	FROM leases
	WHERE name = ANY($1) OR starts_with(name, $2)`

// FindLeases reads the leases with these names, and all leases whose names begin with prefix. It writes
// nothing, so it is the cheap way to see whether a lease is free.
func FindLeases(ctx context.Context, q Querier, names []string, prefix string) ([]Lease, error) {
	return query.Collect[Lease](ctx, q, "leases", findLeases, names, prefix, showingLocks, ShowingPrefix)
}

// takeLeases takes rows in the order of their names, so that two processes which want the same leases can't deadlock. It
// locks a row even if the lease is refused, so ask only for leases that FindLeases shows as free.
const takeLeases = `
	INSERT INTO leases (name, holder, until)
	SELECT wanted.name, $2, clock.now + make_interval(secs => $3)
	FROM unnest($1::text[]) AS wanted (name), (SELECT clock_timestamp() AS now) AS clock
	ORDER BY wanted.name
	ON CONFLICT (name) DO UPDATE
	SET holder = EXCLUDED.holder, until = EXCLUDED.until
	WHERE leases.holder = EXCLUDED.holder OR leases.until < (SELECT clock_timestamp())
	RETURNING name`

// TakeLeases takes or renews leases and returns the names of those that the holder has now.
func TakeLeases(ctx context.Context, q Querier, names []string, holder string, seconds float64) ([]string, error) {
	return query.Column[string](ctx, q, "leases", takeLeases, names, holder, seconds)
}

// TakeLease takes or renews a lease and returns whether the holder has it.
func TakeLease(ctx context.Context, q Querier, name, holder string, seconds float64) (bool, error) {
	taken, err := TakeLeases(ctx, q, []string{name}, holder, seconds)
	return len(taken) > 0, err
}

const dropLeases = `
	DELETE FROM leases
	WHERE name = ANY($1) AND (holder = $2 OR until < (SELECT clock_timestamp()))`

// DropLeases gives leases back. It also removes leases with these names that ran out, whoever had them.
func DropLeases(ctx context.Context, q Querier, names []string, holder string) error {
	return query.Exec(ctx, q, "leases", dropLeases, names, holder)
}

// DropLease gives a lease back.
func DropLease(ctx context.Context, q Querier, name, holder string) error {
	return DropLeases(ctx, q, []string{name}, holder)
}
