package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store/internal/query"
)

// Limits of one batch of retention.
const (
	batchRows        = 1000
	statementTimeout = "30s"    // in PostgreSQL's notation
	batchBytes       = 16 << 20 // of payloads and files; a single larger file may exceed it
)

// Emptied is the result of one batch. Fields that don't concern the function that was called are zero.
type Emptied struct {
	Looked     int  // events, deliveries, lanes, blobs or contacts that were examined
	Events     int  // events that lost their payload
	Moved      int  // how many of Events are originals of messages, whose payload became a blob
	Removed    int  // how many of Events were removed as a whole
	Deliveries int  // deliveries that were removed
	Lanes      int  // lanes that were removed
	Blobs      int  // blobs that were removed, because nothing referred to them
	Reactions  int  // reactions that were removed
	Posts      int  // posts that were removed, or lost their text
	Contacts   int  // contacts that were removed, because they had no identity
	More       bool // another batch can follow at once
}

// progress is the only row of the table retention: the last id that each function examined. An event is something that
// arrived, such as a mail; a delivery is a message that was or will be sent; a lane is a queue of deliveries; a blob is a
// stored file.
type progress struct {
	Seen       EventID    `db:"seen_upto"`
	Events     EventID    `db:"events_upto"`
	Dropped    int64      `db:"dropped_upto"`
	Deliveries DeliveryID `db:"deliveries_upto"`
	Lanes      int64      `db:"lanes_upto"`
	Blobs      string     `db:"blobs_upto"`
}

// lockRetention locks the row, so that all processes run one batch at a time. A second process waits for the first, then
// continues where it stopped.
const lockRetention = `
	SELECT seen_upto, events_upto, dropped_upto, deliveries_upto, lanes_upto, blobs_upto
	FROM retention WHERE id = 1
	FOR UPDATE`

// runBatch runs f in one transaction, with the current progress. It first waits for batches of other processes. what names
// the work in errors.
func runBatch(
	ctx context.Context, pool *pgxpool.Pool, what string, f func(tx pgx.Tx, p progress) (Emptied, error),
) (done Emptied, err error) {
	err = InTx(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, query.ByIndex, statementTimeout); err != nil {
			return err
		}

		state, err := query.Collect[progress](ctx, tx, "retention", lockRetention)
		if err != nil {
			return err
		}
		if len(state) != 1 {
			return fmt.Errorf("the table retention has %d rows instead of one", len(state))
		}

		done, err = f(tx, state[0])
		return err
	})
	if err != nil {
		return Emptied{}, fmt.Errorf("store: %s: %w", what, err)
	}

	return done, nil
}

// isDailyWorkDue reports whether the task daily was not completed in the last 24 hours (by the database's clock).
func isDailyWorkDue(ctx context.Context, tx pgx.Tx, daily string) (bool, error) {
	const due = `SELECT NOT EXISTS (SELECT FROM leases WHERE name = $1 AND until > (SELECT clock_timestamp()))`
	return query.Value[bool](ctx, tx, "daily work", due, daily)
}

// doneUpTo returns the last id that the task daily has examined; 0 if the task is not in progress.
func doneUpTo(ctx context.Context, tx pgx.Tx, daily string) (int64, error) {
	const upTo = `SELECT coalesce((SELECT holder::bigint FROM leases WHERE name = $1 AND holder ~ '^[0-9]+$'), 0)`
	return query.Value[int64](ctx, tx, "daily work", upTo, daily)
}

// noteDaily stores the state of a daily task in the table leases. until is when the task is due again.
const noteDaily = `
	INSERT INTO leases (name, holder, until) VALUES ($1, $2, clock_timestamp() + $3::interval)
	ON CONFLICT (name) DO UPDATE SET holder = EXCLUDED.holder, until = EXCLUDED.until`

// noteUpTo records the last id that the task daily has examined. The next batch continues after that id.
func noteUpTo(ctx context.Context, tx pgx.Tx, daily string, last int64) error {
	return query.Exec(ctx, tx, "daily work", noteDaily, daily, strconv.FormatInt(last, 10), time.Duration(0))
}

// noteDone records that the task daily is complete for the next 24 hours.
func noteDone(ctx context.Context, tx pgx.Tx, daily string) error {
	return query.Exec(ctx, tx, "daily work", noteDaily, daily, "retention", 24*time.Hour)
}
