package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store/internal/query"
)

// Some providers send a message without its files, only with references by which the files can be downloaded. Each
// such file is a row of the table fetches, made when the message is stored. A process claims rows that are due,
// downloads the files, and writes the result: FinishFetch, or RetryFetch to try again later. If the process dies,
// another one claims the file once the lease has ended.

// Fetch is a file that Parley has to download from a provider. Its row is kept as long as its message, even when
// the file is there, because blobs (stored files) that no row names are dropped.
type Fetch struct {
	ID             int64          `db:"id" json:"id"`
	AccountID      AccountID      `db:"account_id" json:"account_id"`
	ConversationID ConversationID `db:"conversation_id" json:"conversation_id"`
	MessageID      MessageID      `db:"message_id" json:"message_id"`
	N              int            `db:"n" json:"n"`                   // index in Message.Files
	Ref            string         `db:"ref" json:"ref"`               // what the channel fetches it by
	SizeBytes      int64          `db:"size_bytes" json:"size_bytes"` // as the provider says; 0 if unknown
	State          FetchState     `db:"state" json:"state"`
	Attempt        int            `db:"attempt" json:"attempt"`
	Epoch          int64          `db:"epoch" json:"epoch"`   // rises with each claim: results of earlier claims don't count
	DueAt          *time.Time     `db:"due_at" json:"due_at"` // Parley's clock; nil once it is done
	CreatedAt      time.Time      `db:"created_at" json:"created_at"`
}

// FetchState is how far a Fetch has come.
type FetchState string

// States of a Fetch.
const (
	FetchWaiting FetchState = "waiting"
	FetchDone    FetchState = "fetched"
	FetchFailed  FetchState = "failed"
)

const insertFetches = `
	INSERT INTO fetches (id, account_id, conversation_id, message_id, n, ref, size_bytes, state, due_at, created_at)
	SELECT id, account_id, conversation_id, message_id, n, ref, size_bytes, state, due_at, created_at
	FROM json_populate_recordset(NULL::fetches, $1)`

// InsertFetches adds files that are to be fetched.
func InsertFetches(ctx context.Context, q Execer, rows []Fetch) error {
	return execRows(ctx, q, "insert fetches", insertFetches, rows)
}

// ClaimedFetch is a Fetch that belongs to this process until its lease ends.
type ClaimedFetch struct {
	Fetch
	LeaseSeconds float64 `db:"lease_seconds"`
	FirstAgo     float64 `db:"first_ago"` // seconds since the first attempt began
}

// Each account has its own number of slots: a provider that answers slowly delays nobody else's files. A
// lease is longer for larger files: one second more for each 128 KiB, but at most ten minutes more. The ids
// go into an array, because a join would be planned for the largest number of slots that there could be.
const claimFetches = `
	WITH due AS MATERIALIZED (
		SELECT due_of_account.id
		FROM unnest($1::bigint[], $2::int[]) AS claim(account, slots)
		CROSS JOIN LATERAL (
			SELECT id
			FROM fetches
			WHERE account_id = claim.account AND due_at <= (SELECT parley_now())
				AND (leased_until IS NULL OR leased_until <= (SELECT clock_timestamp()))
			ORDER BY due_at
			LIMIT claim.slots
			FOR UPDATE SKIP LOCKED) AS due_of_account
	)
	UPDATE fetches
	SET epoch = epoch + 1, attempt = attempt + 1, first_at = coalesce(first_at, clock_timestamp()),
		leased_until = clock_timestamp() + make_interval(secs => $3 + least(size_bytes / 131072, 600))
	WHERE id = ANY(ARRAY(SELECT id FROM due))
	RETURNING id, account_id, conversation_id, message_id, n, ref, size_bytes, state, attempt, epoch, due_at, created_at,
		extract(epoch FROM leased_until - clock_timestamp())::double precision AS lease_seconds,
		extract(epoch FROM clock_timestamp() - first_at)::double precision AS first_ago`

// ClaimFetches takes files that are due, of accounts[i] at most slots[i]. lease is the shortest time
// for which a file is leased to this process.
func ClaimFetches(ctx context.Context, q Querier, accounts []AccountID, slots []int32, lease time.Duration) ([]ClaimedFetch, error) {
	if len(accounts) == 0 {
		return nil, nil
	}
	return query.Collect[ClaimedFetch](ctx, q, "claim fetches", claimFetches, accounts, slots, lease.Seconds())
}

const finishFetch = `
	UPDATE fetches
	SET state = $3, blob = nullif($4, ''), reason = $5, due_at = NULL, leased_until = NULL
	WHERE id = $1 AND epoch = $2 AND state = 'waiting'`

// FinishFetch writes the result of a claimed file and journals the fact about it, in one transaction. It does
// nothing if the lease ended and another process has claimed the file.
func FinishFetch(ctx context.Context, pool *pgxpool.Pool, c ClaimedFetch, state FetchState, blob, reason string, fact NewEvent) error {
	return InTxWith(ctx, pool, func(tx pgx.Tx) (*Pipeline, error) {
		tag, err := tx.Exec(ctx, finishFetch, c.ID, c.Epoch, state, blob, Clean(reason))
		if err != nil || tag.RowsAffected() == 0 {
			return nil, err
		}
		var p Pipeline
		p.InsertEvents([]NewEvent{fact})
		return &p, nil
	})
}

const retryFetch = `
	UPDATE fetches
	SET due_at = parley_now() + make_interval(secs => $3), leased_until = NULL, reason = $4
	WHERE id = $1 AND epoch = $2 AND state = 'waiting'`

// RetryFetch ends a claim without a result. The file is due again after wait; reason says why, for people.
func RetryFetch(ctx context.Context, q Execer, c ClaimedFetch, wait time.Duration, reason string) error {
	return query.Exec(ctx, q, "retry fetch", retryFetch, c.ID, c.Epoch, wait.Seconds(), Clean(reason))
}

const filesOf = `
	SELECT ` + deliveryColumns + `
	FROM deliveries
	WHERE message_id = ANY($1) AND message_id <> 0 AND kind = 'files'
	ORDER BY id`

// FilesOf reads the deliveries that post the files of messages.
func (p *Pipeline) FilesOf(list *[]Delivery, messages []MessageID) {
	if len(messages) > 0 {
		read(p, list, filesOf, messages)
	}
}
