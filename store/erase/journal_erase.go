package erase

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// The contact's events, which journal.go finds, are removed in two steps. First the fact of each is noted, as a keyed hash:
// a source that tells it again is not believed any more. Then the event goes.

// takeEvents locks events, except those that are still to be applied. Once applied, an event is found again by what it made.
const takeEvents = `
	SELECT e.id, e.account_id, e.external_id
	FROM events AS e
	WHERE e.id = ANY($1) AND NOT ` + query.InQueue + `
	ORDER BY e.id
	FOR UPDATE OF e`

const keepFacts = `
	INSERT INTO erased_facts (account_id, fact, erasure_id)
	SELECT DISTINCT account_id, fact, $3::uuid FROM unnest($1::bigint[], $2::uuid[]) AS given(account_id, fact)
	WHERE account_id <> $4
	ON CONFLICT DO NOTHING`

// dropEvents removes events that takeEvents has locked. While that waited for its locks, store.Replay may have queued some
// of them again: these stay.
const dropEvents = `
	WITH idle AS MATERIALIZED (
		SELECT e.id, e.blob FROM events AS e WHERE e.id = ANY($1) AND NOT ` + query.InQueue + `
	), files AS (
		INSERT INTO erased_blobs (erasure_id, hash)
		SELECT DISTINCT $2::uuid, blob FROM idle WHERE blob IS NOT NULL
		ON CONFLICT DO NOTHING
	), quarantined AS (DELETE FROM quarantine WHERE event_id = ANY(ARRAY(SELECT id FROM idle))
	), kept AS (DELETE FROM retained WHERE event_id = ANY(ARRAY(SELECT id FROM idle))
	), waiting AS (DELETE FROM pending WHERE event_id = ANY(ARRAY(SELECT id FROM idle))
	), gone AS (DELETE FROM events WHERE id = ANY(ARRAY(SELECT id FROM idle)) RETURNING 1)
	SELECT count(*) FROM gone`

// foundEvent is an event of the contact that has been applied.
type foundEvent struct {
	ID         int64           `db:"id"`
	AccountID  store.AccountID `db:"account_id"`
	ExternalID string          `db:"external_id"`
}

// keepFound notes the facts of those of the events that have been applied, and returns these events, which may be
// removed. The others wait to be applied.
func keepFound(ctx context.Context, tx pgx.Tx, key Key, erasure string, found []int64) ([]int64, error) {
	rows, err := query.Collect[foundEvent](ctx, tx, "events to erase", takeEvents, found)
	if err != nil {
		return nil, err
	}
	ids := query.Field(rows, func(e *foundEvent) int64 { return e.ID })
	accounts := query.Field(rows, func(e *foundEvent) store.AccountID { return e.AccountID })
	facts := query.Field(rows, func(e *foundEvent) [16]byte { return key.Fact(e.AccountID, e.ExternalID) })
	if _, err := tx.Exec(ctx, keepFacts, accounts, facts, erasure, store.SystemAccount); err != nil {
		return nil, fmt.Errorf("store: erase events: %w", err)
	}
	return ids, nil
}

// dropFound removes events whose facts were noted, except those that were queued again since, and returns how many it
// removed.
func dropFound(ctx context.Context, tx pgx.Tx, erasure string, noted []int64) (gone int64, err error) {
	rows, err := query.Collect[foundEvent](ctx, tx, "events to erase", takeEvents, noted)
	if err != nil {
		return 0, err
	}
	ids := query.Field(rows, func(e *foundEvent) int64 { return e.ID })
	if err := tx.QueryRow(ctx, dropEvents, ids, erasure).Scan(&gone); err != nil {
		return 0, fmt.Errorf("store: erase events: %w", err)
	}
	return gone, nil
}

// A transaction that writes into the journal has locked the table in this mode before its statement saw any row.
const (
	journalWriters = `
	SELECT coalesce(array_agg(DISTINCT virtualtransaction), '{}')
	FROM pg_locks
	WHERE relation = 'events'::regclass AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
		AND mode = 'RowExclusiveLock' AND granted`
	writersLeft = `
	SELECT EXISTS (SELECT FROM (` + journalWriters + `) AS now(writers) WHERE writers && $1::text[])`
)

const (
	writersTimeout  = time.Minute
	writersInterval = 10 * time.Millisecond
)

// awaitWriters waits until the transactions that write into the journal now have ended. One of them may have looked for
// an erased fact before the fact was noted: it would store the fact again once the fact's event is gone.
// Errors: ErrWaiting if a transaction takes too long.
func awaitWriters(ctx context.Context, q store.Querier) error {
	ctx, cancel := context.WithTimeoutCause(ctx, writersTimeout, ErrWaiting)
	defer cancel()
	var writers []string
	err := q.QueryRow(ctx, journalWriters).Scan(&writers)
	for left := len(writers) > 0; left && err == nil; {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(writersInterval):
		}

		err = q.QueryRow(ctx, writersLeft, writers).Scan(&left)
	}

	if err != nil {
		return fmt.Errorf("store: erase events: %w", err)
	}

	return nil
}

// scanJournal prepares a look through the journal as it is now.
func (r *runner) scanJournal(ctx context.Context) (*journalScan, error) {
	asked, err := query.Value[int64](ctx, r.o.Pool, "erase", lastEvent, r.row.AskedAt)
	if err != nil {
		return nil, err
	}
	newest, err := store.NewestEvent(ctx, r.o.Pool)
	if err != nil {
		return nil, err
	}
	return newJournalScan(ctx, r.o.Pool, r.scope, asked, newest)
}

// eraseJournal removes what arrived about the contact before the erasure was asked for, and what was told about the
// contact's conversations since. It fails with ErrWaiting if some of these events are still to be applied.
func (r *runner) eraseJournal(ctx context.Context) error {
	scan, err := r.scanJournal(ctx)
	if err != nil {
		return err
	}

	var waiting int64
	for r.scanned = 0; r.scanned < scan.upto; {
		events, end, err := scan.next(ctx, r.scanned)
		if err != nil {
			return err
		}

		left, err := r.eraseEvents(ctx, events)
		if err != nil {
			return err
		}

		waiting += left
		r.scanned = end
	}

	if waiting > 0 {
		return ErrWaiting
	}

	return nil
}

// eraseEvents notes the facts of events and then removes the events. It returns how many are left because they wait to
// be applied.
func (r *runner) eraseEvents(ctx context.Context, list []int64) (waiting int64, err error) {
	if len(list) == 0 {
		return 0, nil
	}

	var noted []int64
	for some := range slices.Chunk(list, batchRows) {
		var ids []int64
		_, err := r.runBatch(ctx, "events", func(tx pgx.Tx) (removed int64, err error) {
			ids, err = keepFound(ctx, tx, r.key, r.row.ID, some)
			return 0, err
		})
		if err != nil {
			return 0, err
		}

		noted = append(noted, ids...)
	}

	if err := awaitWriters(ctx, r.o.Pool); err != nil {
		return 0, err
	}

	waiting = int64(len(list))
	for some := range slices.Chunk(noted, batchRows) {
		removed, err := r.runBatch(ctx, "events", func(tx pgx.Tx) (int64, error) { return dropFound(ctx, tx, r.row.ID, some) })
		if err != nil {
			return 0, err
		}
		waiting -= removed
	}

	return waiting, nil
}

// checkNothingTold fails with ErrWaiting if events about the contact's conversations have come since the journal was
// looked through: once applied, they may have filled again what had been erased before.
func (r *runner) checkNothingTold(ctx context.Context) error {
	scan, err := r.scanJournal(ctx)
	if err != nil {
		return err
	}

	for after := r.scanned; after < scan.upto; {
		list, end, err := scan.next(ctx, after)
		if err != nil {
			return err
		}
		if len(list) > 0 {
			return ErrWaiting
		}

		after = end
	}

	return nil
}
