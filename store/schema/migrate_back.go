package schema

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
)

// ErrNoWayBack means that the database can't be prepared for the previous version of Parley.
var ErrNoWayBack = errors.New("store: the version before can't take over")

// reasonAgainstGoingBack returns why the previous version can't take over, as a text for the admin; empty if it can.
const reasonAgainstGoingBack = `
	SELECT CASE
		WHEN (SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied) <> $1
			THEN 'the schema is not the one that this binary made'
		WHEN EXISTS (SELECT FROM leases WHERE name LIKE 'process:%' AND until > (SELECT clock_timestamp()))
			THEN 'a process of Parley still runs on this database: stop all of them, and try again after a minute'
		WHEN EXISTS (SELECT FROM channel_moves WHERE done_at IS NULL)
			THEN 'the records of a channel with a new id are being moved: start this version until that has ended'
		WHEN (SELECT drop_from <= (SELECT clock_timestamp()) FROM retention WHERE id = 1)
			THEN 'events that it would have to know have been removed since the upgrade: restore the backup that was made before it'
		ELSE ''
	END`

// backSteps returns the statements that move all waiting events (mails and other input not processed yet) from queues
// into pending, the table from which the previous version reads, and that mark the newer migrations as not applied.
func backSteps() []string {
	return []string{
		`LOCK TABLE pending, queues, queue_events IN EXCLUSIVE MODE`,
		`DROP TRIGGER IF EXISTS pending_queued ON pending`,
		`INSERT INTO pending (event_id, shard, order_key, tries)
		SELECT queued.event_id, (hashtext(queue.key) & 2147483647) % 4, queue.key,
			CASE WHEN queued.event_id = queue.first_event THEN queue.tries ELSE 0 END
		FROM queues AS queue
		JOIN queued ON queued.queue_id = queue.id
		ON CONFLICT DO NOTHING`,
		`DELETE FROM queue_events`,
		`DELETE FROM queues`,
		`UPDATE retention SET drop_from = NULL WHERE id = 1`,
		`DELETE FROM goose_db_version WHERE version_id > 10`, // 10 is the previous version's newest migration
	}
}

// MigrateBack prepares a database that this version has migrated for a downgrade to the previous version. No waiting event
// is lost. Tables and columns that this version added stay unused until the database is migrated again. No process of
// Parley may run on the database during the call.
// Errors: ErrNoWayBack, with the reason.
func MigrateBack(ctx context.Context, pool *pgxpool.Pool) error {
	return store.InTx(ctx, pool, func(tx pgx.Tx) error {
		var reason string
		if err := tx.QueryRow(ctx, reasonAgainstGoingBack, Version()).Scan(&reason); err != nil {
			return err
		}
		if reason != "" {
			return fmt.Errorf("%w: %s", ErrNoWayBack, reason)
		}

		for _, sql := range backSteps() {
			if _, err := tx.Exec(ctx, sql); err != nil {
				return fmt.Errorf("store: migrate back: %w", err)
			}
		}

		return nil
	})
}
