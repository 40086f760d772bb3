// Package retention removes what is no longer needed: what arrived once it is applied, deliveries that
// ended, files that nothing refers to. Each function runs one batch of bounded size in a transaction of its
// own, so that it keeps nobody waiting. All processes that share a database run one batch at a time. A caller
// calls most functions alike, so that those for which age doesn't matter also take how long to keep something.
//
// What does not belong here: how long something is kept; the caller says that.
package retention

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/internal/query"
)

// Limits of one batch of retention.
const (
	batchRows        = 1000
	statementTimeout = "30s"    // in PostgreSQL's notation
	batchBytes       = 16 << 20 // of payloads and files; a single larger file may exceed it
)

// Emptied is what one batch of retention did.
type Emptied struct {
	Looked     int  // events, deliveries, lanes or blobs that were looked at
	Events     int  // events that lost their payload
	Moved      int  // how many of Events had a message's original as payload: it became a blob
	Removed    int  // how many of Events were removed as a whole
	Deliveries int  // deliveries that were removed
	Lanes      int  // lanes that were removed
	Blobs      int  // blobs that were removed, because nothing referred to them
	Reactions  int  // reactions that were removed
	Posts      int  // posts that were removed, or lost their text
	Contacts   int  // contacts that were removed, because they had no identity
	More       bool // another batch can follow at once
}

// progress is how far each kind of retention has come: the last id that it looked at. It is the only row of the table
// retention. Events are what arrived, deliveries what left or is to leave, lanes their queues, and blobs files.
type progress struct {
	Seen       store.EventID    `db:"seen_upto"`
	Events     store.EventID    `db:"events_upto"`
	Dropped    int64            `db:"dropped_upto"`
	Deliveries store.DeliveryID `db:"deliveries_upto"`
	Lanes      int64            `db:"lanes_upto"`
	Blobs      string           `db:"blobs_upto"`
	MayDrop    bool             `db:"may_drop"` // AllowDropping was called, and its time has passed
}

// lockRetention makes all processes run one batch at a time: the second waits, and then goes on where the first stopped.
const lockRetention = `
	SELECT seen_upto, events_upto, dropped_upto, deliveries_upto, lanes_upto, blobs_upto,
		coalesce(drop_from <= clock_timestamp(), false) AS may_drop
	FROM retention WHERE id = 1
	FOR UPDATE`

// runBatch runs f in one transaction, after all batches that began earlier have ended.
func runBatch(
	ctx context.Context, pool *pgxpool.Pool, what string, f func(tx pgx.Tx, p progress) (Emptied, error),
) (done Emptied, err error) {
	err = store.InTx(ctx, pool, func(tx pgx.Tx) error {
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

// isDailyWorkDue returns whether nobody has noted within a day (database's clock) that a daily work was done.
func isDailyWorkDue(ctx context.Context, tx pgx.Tx, daily string) (bool, error) {
	const due = `SELECT NOT EXISTS (SELECT FROM leases WHERE name = $1 AND until > (SELECT clock_timestamp()))`
	return query.Value[bool](ctx, tx, "daily work", due, daily)
}

// doneUpTo returns the last id at which a daily work that is under way has looked; 0 means that none is under way.
func doneUpTo(ctx context.Context, tx pgx.Tx, daily string) (int64, error) {
	const upTo = `SELECT coalesce((SELECT holder::bigint FROM leases WHERE name = $1 AND holder ~ '^[0-9]+$'), 0)`
	return query.Value[int64](ctx, tx, "daily work", upTo, daily)
}

const noteDaily = `
	INSERT INTO leases (name, holder, until) VALUES ($1, $2, clock_timestamp() + $3::interval)
	ON CONFLICT (name) DO UPDATE SET holder = EXCLUDED.holder, until = EXCLUDED.until`

// noteUpTo notes the last id at which a daily work has looked. The work goes on behind that id at once, or in the next run.
func noteUpTo(ctx context.Context, tx pgx.Tx, daily string, last int64) error {
	return query.Exec(ctx, tx, "daily work", noteDaily, daily, strconv.FormatInt(last, 10), time.Duration(0))
}

// noteDone notes that a daily work is done until tomorrow.
func noteDone(ctx context.Context, tx pgx.Tx, daily string) error {
	return query.Exec(ctx, tx, "daily work", noteDaily, daily, "retention", 24*time.Hour)
}
