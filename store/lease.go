package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"parley/store/internal/query"
)

// Lease is a named right that one process, the holder, has for a time, by the database's clock.
type Lease struct {
	Name   string `db:"name"`
	Holder string `db:"holder"`
	Live   bool   `db:"live"`   // false = it ran out, and anybody may take it
	Silent bool   `db:"silent"` // its holder is one that shows its life, and doesn't: it has ended, or its session has
}

// ShowingPrefix begins the names of holders that show their life. Those of earlier versions have other names.
const ShowingPrefix = "shows:"

// showingLocks is the class (first key) of the advisory locks by which holders show their life.
const showingLocks = 0x50A71E8

const showLife = `SELECT pg_advisory_lock_shared($1, hashtext($2))`

// ShowLife shows by a session that a holder of leases lives. It ends with its process, and PostgreSQL knows that at once.
func ShowLife(ctx context.Context, session Querier, holder string) error {
	if _, err := session.Exec(ctx, showLife, showingLocks, holder); err != nil {
		return fmt.Errorf("store: show life: %w", err)
	}
	return nil
}

const findLeases = `
	WITH showing AS MATERIALIZED (
		SELECT k.objid
		FROM pg_locks AS k
		WHERE k.locktype = 'advisory' AND k.database = (SELECT oid FROM pg_database WHERE datname = current_database())
			AND k.classid = $3 AND k.objsubid = 2 AND k.granted
	)
	SELECT name, holder, until > (SELECT clock_timestamp()) AS live,
		starts_with(holder, $4) AND (hashtext(holder)::oid IN (SELECT objid FROM showing)) IS FALSE AS silent
	FROM leases
	WHERE name = ANY($1) OR starts_with(name, $2)`

// FindLeases reads the leases with these names, and all whose names begin with prefix. It writes
// nothing, so it is the cheap way to see whether a lease is free.
func FindLeases(ctx context.Context, q Querier, names []string, prefix string) ([]Lease, error) {
	return query.Collect[Lease](ctx, q, "leases", findLeases, names, prefix, showingLocks, ShowingPrefix)
}

// The order keeps two processes that want the same leases from a deadlock. A row is locked even when
// the lease is refused, so ask only for leases that FindLeases shows as free.
const takeLeases = `
	INSERT INTO leases (name, holder, until)
	SELECT n.name, $2, t.now + make_interval(secs => $3)
	FROM unnest($1::text[]) AS n (name), (SELECT clock_timestamp() AS now) AS t
	ORDER BY n.name
	ON CONFLICT (name) DO UPDATE
	SET holder = EXCLUDED.holder, until = EXCLUDED.until
	WHERE leases.holder = EXCLUDED.holder OR leases.until < (SELECT clock_timestamp())
	RETURNING name`

// TakeLeases takes or renews leases and returns the names of those that the holder has now.
func TakeLeases(ctx context.Context, q Querier, names []string, holder string, seconds float64) ([]string, error) {
	rows, err := q.Query(ctx, takeLeases, names, holder, seconds)
	if err != nil {
		return nil, fmt.Errorf("store: leases: %w", err)
	}
	taken, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("store: leases: %w", err)
	}
	return taken, nil
}

// TakeLease takes or renews a lease and returns whether the holder has it.
func TakeLease(ctx context.Context, q Querier, name, holder string, seconds float64) (bool, error) {
	taken, err := TakeLeases(ctx, q, []string{name}, holder, seconds)
	return len(taken) > 0, err
}

const dropLeases = `
	DELETE FROM leases
	WHERE name = ANY($1) AND (holder = $2 OR until < (SELECT clock_timestamp()))`

// DropLeases gives leases back. It also removes those of the names that ran out, whoever had them.
func DropLeases(ctx context.Context, q Querier, names []string, holder string) error {
	if _, err := q.Exec(ctx, dropLeases, names, holder); err != nil {
		return fmt.Errorf("store: leases: %w", err)
	}
	return nil
}

// DropLease gives a lease back.
func DropLease(ctx context.Context, q Querier, name, holder string) error {
	return DropLeases(ctx, q, []string{name}, holder)
}
