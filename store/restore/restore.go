// Package restore makes a database into which a backup was restored ready to be served, so that nothing is sent
// twice and no id is given twice.
//
// What does not belong here: reading and writing backups (cmd/parley/backup), and whether a restore is under way
// (store.Restoring), which every process asks before it serves.
package restore

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
)

// Begin marks a database as one into which a backup is being restored. backup identifies the
// backup.
func Begin(ctx context.Context, pool *pgxpool.Pool, backup string) error {
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error { // a mark that names no backup could never be removed
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
	Replies int64 // deliveries to customers that waited when the backup was made
	Posts   int64 // posts to agents' chats that waited then
	Next    int64 // the number that the next conversation gets
}

// Deliveries that waited when the backup was made may have left since. In the state "unknown", Parley looks for
// them at their destination before it sends anything. Those to customers are sent only when a person clicks
// (payload.restored; relay.Policy.Restored). Parley looks from first_at on, and counts the time of a post from
// payload.restored_at on.
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

const freeLanes = `
	UPDATE lanes
	SET due_at = CASE WHEN tail > head THEN parley_now() END, leased_until = NULL, epoch = epoch + 1
	WHERE tail > head OR leased_until IS NOT NULL`

// Ids and conversation numbers that were given after the backup are still in use outside: in
// Message-IDs of mails, in tokens of posts, in links and buttons. None may be given again, or an
// answer to a lost conversation would reach another customer's. Nobody knows how many were given, neither
// between the backup and its loss, nor by a database into which the same backup was restored before. So more
// are skipped than could have been: 2^40 ids and 10,000 numbers, and for each second since the backup 2^20
// ids and 10 numbers. The second restore of a backup therefore begins beyond what came of the first. 2^63
// leaves room for millions of restores one after the other.
const skipIDs = `
	WITH since AS (
		SELECT greatest(0, ceil(extract(epoch FROM parley_now() - $1)))::bigint AS seconds
	)
	SELECT setval('ids', (SELECT last_value FROM ids) + 1099511627776 + 1048576 * seconds),
		setval('conversation_number', ((SELECT last_value FROM conversation_number) + 10009 + 10 * seconds) / 10 * 10) + 1
	FROM since`

// The database that was backed up may itself have been an older snapshot. So its content ends at the
// backup's time or at its newest event, whichever is earlier.
const knownUntil = `SELECT least($1, (SELECT received_at FROM events ORDER BY id DESC LIMIT 1))`

// What signs people and programs in may have been ended since the backup, and must not come back to life: all of them sign
// in again, and programs get new tokens.
const (
	endSessions = `DELETE FROM site_sessions`
	endLinks    = `UPDATE site_links SET used_at = clock_timestamp() WHERE used_at IS NULL`
	endTokens   = `UPDATE api_tokens SET revoked_at = clock_timestamp() WHERE revoked_at IS NULL`
)

const (
	freeLeases   = `DELETE FROM leases`
	freeQueues   = `WITH gone AS (DELETE FROM holders) UPDATE queues SET holder = NULL, epoch = epoch + 1 WHERE holder IS NOT NULL`
	insertServed = `INSERT INTO restores (backup_at) VALUES ($1)`
	endRestore   = `DROP TABLE parley_restoring`
)

// Finish makes a restored and migrated database ready to be served, in one transaction: no
// reply that waited is sent by itself, no id is given twice, nobody is signed in, and the mark of Begin is removed.
// backupAt is the time of the backup's snapshot.
func Finish(ctx context.Context, pool *pgxpool.Pool, backupAt time.Time) (Restored, error) {
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

// A time in the future was written while the database's clock was ahead. It is set anew: until then everything that is
// typed would count as older than the restore.
const (
	beginServing = `
		WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS now)
		UPDATE restores
		SET served_at = clock.now
		FROM clock
		WHERE served_at IS NULL OR served_at > clock.now`
	servedSince = `SELECT coalesce(max(served_at), '0001-01-01') FROM restores`
)

// ServedSince returns when a process first served this database after its last restore, by the
// database's clock; the zero time when it was never restored. The first call after a restore sets that
// time to now, as does one that finds it in the future: so only a process that is about to serve, or serves, may call it.
func ServedSince(ctx context.Context, q store.Querier) (time.Time, error) {
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
