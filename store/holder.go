package store

import (
	"context"
	"fmt"
	"time"

	"parley/store/internal/query"
)

// A holder is the database session of an applier: of somebody who takes events from queues and
// applies them. Each holds an advisory lock by its number, so that PostgreSQL frees the number when
// session, process or machine ends.

// holderLocks is the class (first key) of the advisory locks of holders.
const holderLocks = 0x50A71E7

const (
	nextHolder = `SELECT nextval('holder_ids')`
	lockHolder = `SELECT pg_advisory_lock($1, $2)`
	addHolder  = `INSERT INTO holders (id, until) VALUES ($1, clock_timestamp() + make_interval(secs => $2))`
)

// AddHolder registers a session as a holder and returns its number. What it takes becomes free for
// others when the session ends, or when KeepHolders was not called for as long as lasts.
func AddHolder(ctx context.Context, session Querier, lasts time.Duration) (int, error) {
	var id int
	if err := session.QueryRow(ctx, nextHolder).Scan(&id); err != nil {
		return 0, fmt.Errorf("store: add holder: %w", err)
	}
	// The lock comes first: a holder in the table without its lock counts as dead.
	for _, step := range []struct {
		sql  string
		args []any
	}{{lockHolder, []any{holderLocks, id}}, {addHolder, []any{id, lasts.Seconds()}}} {
		if _, err := session.Exec(ctx, step.sql, step.args...); err != nil {
			return 0, fmt.Errorf("store: add holder: %w", err)
		}
	}
	return id, nil
}

const keepHolders = `
	UPDATE holders SET until = clock_timestamp() + make_interval(secs => $2) WHERE id = ANY($1) RETURNING id`

// KeepHolders extends the time of holders and returns those that still exist: others were given up
// by FreeHeld meanwhile.
func KeepHolders(ctx context.Context, q Querier, holders []int, lasts time.Duration) ([]int64, error) {
	return query.IDs[int64](ctx, q, "keep holders", keepHolders, holders, lasts.Seconds())
}

const (
	dropHolder   = `DELETE FROM holders WHERE id = $1`
	unlockHolder = `SELECT pg_advisory_unlock($1, $2)`
)

// DropHolder removes a holder that holds no queue any more. After that its session may serve others.
func DropHolder(ctx context.Context, session Querier, holder int) error {
	// The lock goes last: a holder in the table without its lock counts as dead.
	_, err := session.Exec(ctx, dropHolder, holder)
	if err == nil {
		_, err = session.Exec(ctx, unlockHolder, holderLocks, holder)
	}
	if err != nil {
		return fmt.Errorf("store: drop holder: %w", err)
	}
	return nil
}

const deadHolders = `
	SELECT h.id
	FROM holders AS h
	WHERE h.until < (SELECT clock_timestamp()) OR NOT EXISTS (
		SELECT FROM pg_locks AS l
		WHERE l.locktype = 'advisory' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
			AND l.classid = $1 AND l.objid = h.id AND l.objsubid = 2)`

// A dead holder may have died of one of its events. Therefore the next events of its queues are
// applied one by one (tries > 0, suspect_upto).
const freeHeld = `
	WITH dead AS (
		DELETE FROM holders WHERE id = ANY($1)
	), held AS MATERIALIZED (
		SELECT q.id
		FROM queues AS q
		WHERE q.holder IS NOT NULL AND (q.holder = ANY($1) OR NOT EXISTS (SELECT FROM holders AS h WHERE h.id = q.holder))
		ORDER BY q.key
		FOR NO KEY UPDATE
	)
	UPDATE queues AS q
	SET holder = NULL, epoch = q.epoch + 1, tries = greatest(q.tries, 1), suspect_upto = least(q.last_place, q.place + $2)
	WHERE q.id = ANY(ARRAY(SELECT id FROM held))
	RETURNING q.account_id AS id`

// FreeHeld removes holders that ended without DropHolder, frees their queues, and returns how many
// queues that were. The next perKey events of each are applied one by one. thorough also frees queues
// whose holder is not registered.
func FreeHeld(ctx context.Context, q Querier, perKey int, thorough bool) (int, error) {
	dead, err := query.IDs[int64](ctx, q, "dead holders", deadHolders, holderLocks)
	if err != nil || len(dead) == 0 && !thorough {
		return 0, err
	}
	freed, err := query.IDs[int64](ctx, q, "free held queues", freeHeld, dead, perKey)
	return len(freed), err
}
