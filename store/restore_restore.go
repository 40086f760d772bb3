package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// BeginRestore marks a database as being restored, so that no process serves it until Finish. backup identifies the backup;
// the same one must be restored to completion. It fails if the database is marked already.
func BeginRestore(ctx context.Context, pool *pgxpool.Pool, backup string) error {
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error { // a mark without the backup's name could never be removed
		if _, err := tx.Exec(ctx, `CREATE TABLE parley_restoring (backup text NOT NULL)`); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO parley_restoring (backup) VALUES ($1)`, backup)
		return err
	})
	if err != nil {
		return fmt.Errorf("store: begin restore: %w", err)
	}
	return nil
}

// Restored is what Finish found and changed.
type Restored struct {
	Replies int64 // deliveries to customers that were queued when the backup was made
	Posts   int64 // posts to agents' chats that were queued then
	Next    int64 // the number of the next conversation
}

// forgetDeliveries sets all unsent deliveries to the state "unknown", since they may have been sent after the backup was
// made. In that state, Parley searches for a delivery at its destination, from first_at on, before it sends anything.
// One to a customer is sent only after a person has confirmed it (payload.restored; see relay.Policy.Restored). The age
// of a post is counted from payload.restored_at.
const forgetDeliveries = `
	WITH d AS (
		UPDATE deliveries
		SET state = 'unknown', payload = payload || jsonb_build_object('restored', true, 'restored_at', clock_timestamp()),
			not_before = NULL, sent_at = NULL, absent_at = NULL, first_at = least(first_at, $1), warned_at = NULL,
			error_text = 'It waited when the backup was made that I was restored from, and may have left since.'
		WHERE state IN ('queued', 'sending', 'unknown')
		RETURNING kind
	)
	SELECT count(*) FILTER (WHERE kind = 'reply') AS replies, count(*) FILTER (WHERE kind <> 'reply') AS posts FROM d`

// freeLanes makes lanes with unsent deliveries due now, and invalidates the leases of processes from before the backup.
const freeLanes = `
	UPDATE lanes
	SET due_at = CASE WHEN tail > head THEN parley_now() END, leased_until = NULL, epoch = epoch + 1
	WHERE tail > head OR leased_until IS NOT NULL`

// skipIDs moves the sequences past every id and conversation number that may have been issued since the backup. Those
// are still in use outside: in Message-IDs of mails, in tokens of posts, in links and buttons. If one was issued again,
// the answer to a lost conversation would reach another customer's conversation.
//
// It isn't known how many were issued, by the lost database or after earlier restores of the same backup. So the
// statement skips more than is possible: 2^40 ids and 10,000 numbers, plus 2^20 ids and 10 numbers for each second since
// the backup. A second restore of the same backup happens later, so it starts past the ids of the first. 2^63 leaves
// room for millions of restores in a row.
const skipIDs = `
	WITH since AS (
		SELECT greatest(0, ceil(extract(epoch FROM parley_now() - $1)))::bigint AS seconds
	)
	SELECT setval('ids', (SELECT last_value FROM ids) + 1099511627776 + 1048576 * seconds),
		setval('conversation_number', ((SELECT last_value FROM conversation_number) + 10009 + 10 * seconds) / 10 * 10) + 1
	FROM since`

// knownUntil is the time up to which the restored content is complete: the backup's time ($1) or that of its newest
// event, whichever is earlier. They differ if the database that was backed up was itself an older snapshot.
const knownUntil = `SELECT least($1, (SELECT received_at FROM events ORDER BY id DESC LIMIT 1))`

// These statements revoke all sessions, sign-in links and API tokens. Some may have been revoked after the backup was
// made and must not become valid again. People have to sign in again, and programs need new tokens.
const (
	endSessions = `DELETE FROM site_sessions`
	endLinks    = `UPDATE site_links SET used_at = clock_timestamp() WHERE used_at IS NULL`
	endTokens   = `UPDATE api_tokens SET revoked_at = clock_timestamp() WHERE revoked_at IS NULL`
)

// These statements release what processes held when the backup was made, note the restore and remove the mark of Begin.
const (
	freeLeases   = `DELETE FROM leases`
	freeQueues   = `WITH gone AS (DELETE FROM holders) UPDATE queues SET holder = NULL, epoch = epoch + 1 WHERE holder IS NOT NULL`
	insertServed = `INSERT INTO restores (backup_at) VALUES ($1)`
	endRestore   = `DROP TABLE parley_restoring`
)

// FinishRestore makes a restored and migrated database ready to be served. In one transaction, it ensures that no queued reply
// is sent without confirmation and no id is issued twice, signs everybody out, and removes the mark of Begin. backupAt
// is the time of the backup's snapshot.
func FinishRestore(ctx context.Context, pool *pgxpool.Pool, backupAt time.Time) (Restored, error) {
	var r Restored
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		var known time.Time
		if err := tx.QueryRow(ctx, knownUntil, backupAt).Scan(&known); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, forgetDeliveries, known).Scan(&r.Replies, &r.Posts); err != nil {
			return err
		}

		var ids int64
		if err := tx.QueryRow(ctx, skipIDs, known).Scan(&ids, &r.Next); err != nil {
			return err
		}

		for _, sql := range []string{freeLanes, freeLeases, freeQueues, endSessions, endLinks, endTokens, endRestore} {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return err
			}
		}

		_, err := tx.Exec(ctx, insertServed, backupAt)
		return err
	})
	if err != nil {
		return Restored{}, fmt.Errorf("store: finish restore: %w", err)
	}

	return r, nil
}

const (
	beginServing = `UPDATE restores SET served_at = clock_timestamp() WHERE served_at IS NULL`
	servedSince  = `SELECT coalesce(max(served_at), '0001-01-01') FROM restores`
)

// ServedSince returns when a process first served this database after its last restore, by the database's clock. It
// returns the zero time if the database was never restored. The first call after a restore sets the time to now. So
// only a process that serves, or is about to, may call it.
func ServedSince(ctx context.Context, q Querier) (time.Time, error) {
	if _, err := q.Exec(ctx, beginServing); err != nil {
		return time.Time{}, fmt.Errorf("store: served since: %w", err)
	}
	var since time.Time
	if err := q.QueryRow(ctx, servedSince).Scan(&since); err != nil {
		return time.Time{}, fmt.Errorf("store: served since: %w", err)
	}
	if since.Year() == 1 {
		return time.Time{}, nil
	}
	return since, nil
}
