package store

import (
	"context"
	"time"

	"parley/store/internal/query"
)

// Events wait in queues, and appliers take and process them. While an applier works on a queue, the queue's row has the number
// of its holder: the applier's database session. If a process dies, its queues must become free at once. So each holder has
// an advisory lock with its number, which PostgreSQL releases when the session ends for any reason. FreeDeadHolders finds
// holders without that lock.

// holderLocks is the first key of the holders' advisory locks; the second one is the holder's number.
const holderLocks = 0x50A71E7

const (
	nextHolder = `SELECT nextval('holder_ids')`
	lockHolder = `SELECT pg_advisory_lock($1, $2)`
	addHolder  = `INSERT INTO holders (id, until) VALUES ($1, clock_timestamp() + make_interval(secs => $2))`
)

// AddHolder registers a session as a holder and returns its number. The holder's queues become free when the session ends, or
// when KeepHolders was not called for the duration ttl.
func AddHolder(ctx context.Context, session Querier, ttl time.Duration) (int, error) {
	id, err := query.Value[int](ctx, session, "add holder", nextHolder)
	if err != nil {
		return 0, err
	}
	// Lock first, because a holder in the table without its lock counts as dead.
	if err := query.Exec(ctx, session, "add holder", lockHolder, holderLocks, id); err != nil {
		return 0, err
	}
	if err := query.Exec(ctx, session, "add holder", addHolder, id, ttl.Seconds()); err != nil {
		return 0, err
	}
	return id, nil
}

const keepHolders = `
	UPDATE holders SET until = clock_timestamp() + make_interval(secs => $2) WHERE id = ANY($1) RETURNING id`

// KeepHolders extends the registration of holders by ttl, and returns those that still exist. FreeDeadHolders has removed
// the others.
func KeepHolders(ctx context.Context, q Querier, holders []int, ttl time.Duration) ([]int64, error) {
	return query.Column[int64](ctx, q, "keep holders", keepHolders, holders, ttl.Seconds())
}

const (
	dropHolder   = `DELETE FROM holders WHERE id = $1`
	unlockHolder = `SELECT pg_advisory_unlock($1, $2)`
)

// DropHolder removes a holder that holds no queues. After that, its session may be used for something else.
func DropHolder(ctx context.Context, session Querier, holder int) error {
	// Unlock last, because a holder in the table without its lock counts as dead.
	if err := query.Exec(ctx, session, "drop holder", dropHolder, holder); err != nil {
		return err
	}
	return query.Exec(ctx, session, "drop holder", unlockHolder, holderLocks, holder)
}

const deadHolders = `
	SELECT holder.id
	FROM holders AS holder
	WHERE holder.until < (SELECT clock_timestamp()) OR NOT EXISTS (
		SELECT FROM pg_locks AS held
		WHERE held.locktype = 'advisory' AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
			AND held.classid = $1 AND held.objid = holder.id AND held.objsubid = 2)`

// freeHeld also marks the next events of the freed queues as suspects (tries > 0, suspect_upto), which are applied one by
// one, because one of them may have crashed the holder.
const freeHeld = `
	WITH dead AS (
		DELETE FROM holders WHERE id = ANY($1)
	), held AS MATERIALIZED (
		SELECT id
		FROM queues
		WHERE holder IS NOT NULL AND (holder = ANY($1) OR NOT EXISTS (SELECT FROM holders WHERE holders.id = queues.holder))
		ORDER BY key
		FOR NO KEY UPDATE
	)
	UPDATE queues
	SET holder = NULL, epoch = epoch + 1, tries = greatest(tries, 1), suspect_upto = least(last_place, place + $2)
	WHERE id = ANY(ARRAY(SELECT id FROM held))
	RETURNING account_id AS id`

// FreeDeadHolders removes holders that ended without DropHolder, frees their queues, and returns the number of freed queues.
// The next perKey events of each are then applied one by one. If thorough is true, it also searches all queues for holders
// that are not registered.
func FreeDeadHolders(ctx context.Context, q Querier, perKey int, thorough bool) (int, error) {
	dead, err := query.Column[int64](ctx, q, "dead holders", deadHolders, holderLocks)
	if err != nil {
		return 0, err
	}
	if len(dead) == 0 && !thorough {
		return 0, nil
	}
	freed, err := query.Column[int64](ctx, q, "free held queues", freeHeld, dead, perKey)
	return len(freed), err
}
