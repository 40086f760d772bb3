package store

import (
	"context"

	"parley/store/internal/query"
)

// Lease gives one process, the holder, the exclusive right to do something for some seconds, such as to fetch a mailbox. The
// holder renews it while it works. If the holder dies, the lease expires, and another process may take it.
type Lease struct {
	Name   string `db:"name"`
	Holder string `db:"holder"`
	Live   bool   `db:"live"`   // false once it has expired, so that anybody may take it
	Silent bool   `db:"silent"` // the holder has called ShowLife, but has lost its lock: its process or its session has ended
}

// ShowingPrefix is the prefix of the names of holders that call ShowLife. Processes of earlier versions don't call it.
const ShowingPrefix = "shows:"

// showingLocks is the first key of ShowLife's advisory locks; the second one is a hash of the holder.
const showingLocks = 0x50A71E8

const showLife = `SELECT pg_advisory_lock_shared($1, hashtext($2))`

// ShowLife takes an advisory lock that shows that a holder is alive. PostgreSQL releases it when the session ends, so others
// notice at once that the holder's process has died, and needn't wait until its leases expire.
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

// FindLeases returns the leases with the given names, and all leases whose names begin with prefix. Unlike TakeLeases it
// writes and locks nothing, so it is the cheap way to see whether a lease is free.
func FindLeases(ctx context.Context, q Querier, names []string, prefix string) ([]Lease, error) {
	return query.Collect[Lease](ctx, q, "leases", findLeases, names, prefix, showingLocks, ShowingPrefix)
}

// takeLeases inserts rows in the order of their names, so that two processes that want the same leases can't deadlock. It
// locks a row even if the lease isn't free. FindLeases doesn't.
const takeLeases = `
	INSERT INTO leases (name, holder, until)
	SELECT wanted.name, $2, clock.now + make_interval(secs => $3)
	FROM unnest($1::text[]) AS wanted (name), (SELECT clock_timestamp() AS now) AS clock
	ORDER BY wanted.name
	ON CONFLICT (name) DO UPDATE
	SET holder = EXCLUDED.holder, until = EXCLUDED.until
	WHERE leases.holder = EXCLUDED.holder OR leases.until < (SELECT clock_timestamp())
	RETURNING name`

// TakeLeases takes or renews leases for a number of seconds, and returns the names of those that the holder has now.
func TakeLeases(ctx context.Context, q Querier, names []string, holder string, seconds float64) ([]string, error) {
	return query.Column[string](ctx, q, "leases", takeLeases, names, holder, seconds)
}

// TakeLease takes or renews a lease, and reports whether the holder has it now.
func TakeLease(ctx context.Context, q Querier, name, holder string, seconds float64) (bool, error) {
	taken, err := TakeLeases(ctx, q, []string{name}, holder, seconds)
	return len(taken) > 0, err
}

const dropLeases = `
	DELETE FROM leases
	WHERE name = ANY($1) AND (holder = $2 OR until < (SELECT clock_timestamp()))`

// DropLeases releases leases. It also removes leases with these names that have expired, whoever held them.
func DropLeases(ctx context.Context, q Querier, names []string, holder string) error {
	return query.Exec(ctx, q, "leases", dropLeases, names, holder)
}

// DropLease releases a lease.
func DropLease(ctx context.Context, q Querier, name, holder string) error {
	return DropLeases(ctx, q, []string{name}, holder)
}
