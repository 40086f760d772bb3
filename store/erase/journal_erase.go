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

// The journal (table events) keeps incoming messages and events in their original form. journal.go finds those about the
// contact, the customer who is erased. They are removed in two steps, so that a message can't come back. First a keyed hash
// of each event's external id is stored: if its source delivers it again, such as a mail that is still in the mailbox,
// Parley ignores it. Then the event is removed.

// takeEvents locks events that have been applied, that is, processed. Others are left until they have been: then they are
// found by the messages that they created.
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

// dropEvents removes events that takeEvents has locked, except those that store.Replay has queued again while takeEvents
// waited for its locks.
const dropEvents = `
	WITH idle AS MATERIALIZED (
		SELECT e.id, e.blob FROM events AS e WHERE e.id = ANY($1) AND NOT ` + query.InQueue + `
	), files AS (
		INSERT INTO erased_blobs (erasure_id, hash)
		SELECT DISTINCT $2::uuid, blob FROM idle WHERE blob IS NOT NULL
		ON CONFLICT DO NOTHING
	), quarantined AS (DELETE FROM quarantine WHERE event_id = ANY(ARRAY(SELECT id FROM idle))
	), kept AS (DELETE FROM retained WHERE event_id = ANY(ARRAY(SELECT id FROM idle))
	), gone AS (DELETE FROM events WHERE id = ANY(ARRAY(SELECT id FROM idle)) RETURNING 1)
	SELECT count(*) FROM gone`

// foundEvent is an event of the contact that has been applied.
type foundEvent struct {
	ID         int64           `db:"id"`
	AccountID  store.AccountID `db:"account_id"`
	ExternalID string          `db:"external_id"`
}

// keepFound stores the keyed hashes of those events that have been applied, and returns these events.
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

// dropFound removes events whose hashes are stored, except those that were queued again since, and returns how many it
// removed.
func dropFound(ctx context.Context, tx pgx.Tx, erasure string, hashed []int64) (removed int64, err error) {
	rows, err := query.Collect[foundEvent](ctx, tx, "events to erase", takeEvents, hashed)
	if err != nil {
		return 0, err
	}
	ids := query.Field(rows, func(e *foundEvent) int64 { return e.ID })
	if err := tx.QueryRow(ctx, dropEvents, ids, erasure).Scan(&removed); err != nil {
		return 0, fmt.Errorf("store: erase events: %w", err)
	}
	return removed, nil
}

// A transaction that writes to the journal holds a RowExclusiveLock on the table from before its statement sees any row.
const (
	journalWriters = `
	SELECT coalesce(array_agg(DISTINCT virtualtransaction), '{}')
	FROM pg_locks
	WHERE relation = 'events'::regclass AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
		AND mode = 'RowExclusiveLock' AND granted`
	areWriting = `
	SELECT EXISTS (SELECT FROM (` + journalWriters + `) AS now(writers) WHERE writers && $1::text[])`
)

const (
	writersTimeout  = time.Minute
	writersInterval = 10 * time.Millisecond
)

// awaitWriters waits until the transactions that are writing to the journal now have ended. One of them may have checked the
// stored hashes before ours were committed. It must see that the event exists, or it would insert the event again.
// Errors: ErrWaiting if a transaction takes longer than writersTimeout.
func awaitWriters(ctx context.Context, q store.Querier) error {
	ctx, cancel := context.WithTimeoutCause(ctx, writersTimeout, ErrWaiting)
	defer cancel()
	var writers []string
	if err := q.QueryRow(ctx, journalWriters).Scan(&writers); err != nil {
		return fmt.Errorf("store: erase events: %w", err)
	}

	for isWriting := len(writers) > 0; isWriting; {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(writersInterval):
		}

		if err := q.QueryRow(ctx, areWriting, writers).Scan(&isWriting); err != nil {
			return fmt.Errorf("store: erase events: %w", err)
		}
	}

	return nil
}

// scanJournal prepares a search through the journal as it is now.
func (r *runner) scanJournal(ctx context.Context) (*journalScan, error) {
	asked, err := query.Value[int64](ctx, r.options.Pool, "erase", lastEvent, r.row.AskedAt)
	if err != nil {
		return nil, err
	}
	newest, err := store.NewestEvent(ctx, r.options.Pool)
	if err != nil {
		return nil, err
	}
	return newJournalScan(ctx, r.options.Pool, r.scope, asked, newest)
}

// eraseJournal removes the contact's events. It fails with ErrWaiting if some of them have not been applied yet.
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

		remaining, err := r.eraseEvents(ctx, events)
		if err != nil {
			return err
		}

		waiting += remaining
		r.scanned = end
	}

	if waiting > 0 {
		return ErrWaiting
	}

	return nil
}

// eraseEvents stores the keyed hashes of events and then removes the events. It returns how many it left because they have
// not been applied yet.
func (r *runner) eraseEvents(ctx context.Context, events []int64) (waiting int64, err error) {
	if len(events) == 0 {
		return 0, nil
	}

	var hashed []int64
	for chunk := range slices.Chunk(events, batchRows) {
		var ids []int64
		_, err := r.runBatch(ctx, "events", func(tx pgx.Tx) (removed int64, err error) {
			ids, err = keepFound(ctx, tx, r.key, r.row.ID, chunk)
			return 0, err
		})
		if err != nil {
			return 0, err
		}

		hashed = append(hashed, ids...)
	}

	if err := awaitWriters(ctx, r.options.Pool); err != nil {
		return 0, err
	}

	waiting = int64(len(events))
	for chunk := range slices.Chunk(hashed, batchRows) {
		removed, err := r.runBatch(ctx, "events", func(tx pgx.Tx) (int64, error) { return dropFound(ctx, tx, r.row.ID, chunk) })
		if err != nil {
			return 0, err
		}
		waiting -= removed
	}

	return waiting, nil
}

// checkNoNewEvents fails with ErrWaiting if events about the contact have arrived since eraseJournal: once applied, they may
// have restored what had been erased.
func (r *runner) checkNoNewEvents(ctx context.Context) error {
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
