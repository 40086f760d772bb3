package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store/internal/query"
)

// Some providers, such as WhatsApp, send a message with references to its files, which Parley has to download. The table
// fetches is the queue of these downloads. A process claims rows that are due, downloads the files, and calls FinishFetch,
// or RetryFetch to try again later. If the process dies, another one claims the row once the lease has expired.

// Fetch is a file to download from a provider. Its row is kept as long as its message, even after the download, because a
// blob (a stored file) is deleted when no row refers to it. parley_now() is the database's clock, which tests can move.
type Fetch struct {
	ID             int64          `db:"id" json:"id"`
	AccountID      AccountID      `db:"account_id" json:"account_id"`
	ConversationID ConversationID `db:"conversation_id" json:"conversation_id"`
	MessageID      MessageID      `db:"message_id" json:"message_id"`
	N              int            `db:"n" json:"n"`                   // index in Message.Files
	Ref            string         `db:"ref" json:"ref"`               // the channel's reference to the file
	SizeBytes      int64          `db:"size_bytes" json:"size_bytes"` // according to the provider; 0 if unknown
	State          FetchState     `db:"state" json:"state"`
	Attempt        int            `db:"attempt" json:"attempt"`
	Epoch          int64          `db:"epoch" json:"epoch"`   // rises with each claim; results of earlier claims are discarded
	DueAt          *time.Time     `db:"due_at" json:"due_at"` // by parley_now(); nil once it is done
	CreatedAt      time.Time      `db:"created_at" json:"created_at"`
}

// FetchState is the state of a Fetch.
type FetchState string

// The states of a fetch.
const (
	FetchWaiting FetchState = "waiting"
	FetchDone    FetchState = "fetched"
	FetchFailed  FetchState = "failed"
)

const insertFetches = `
	INSERT INTO fetches (id, account_id, conversation_id, message_id, n, ref, size_bytes, state, due_at, created_at)
	SELECT id, account_id, conversation_id, message_id, n, ref, size_bytes, state, due_at, created_at
	FROM json_populate_recordset(NULL::fetches, $1)`

// InsertFetches inserts fetches.
func InsertFetches(ctx context.Context, q Execer, rows []Fetch) error {
	return execRows(ctx, q, "insert fetches", insertFetches, rows)
}

// ClaimedFetch is a Fetch that no other process can claim until the lease expires.
type ClaimedFetch struct {
	Fetch
	LeaseSeconds float64 `db:"lease_seconds"`
	FirstAgo     float64 `db:"first_ago"` // seconds since the first attempt began
}

// claimFetches claims rows per account, so that a slow provider doesn't delay the files of others. The lease is extended by a
// second per 128 KiB of the file, at most by ten minutes. The ids are passed as an array, because the planner would plan a
// join for the largest possible number of slots.
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

// ClaimFetches claims files that are due, at most slots[i] of accounts[i]. lease is the minimum duration of the claims.
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

// FinishFetch stores the result of a claimed file and writes fact, an event that reports it, to the journal, in one
// transaction. It does nothing if the lease expired and another process has claimed the file.
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

// RetryFetch releases a claim after a failure. The file is due again after wait. reason explains the failure to people.
func RetryFetch(ctx context.Context, q Execer, c ClaimedFetch, wait time.Duration, reason string) error {
	return query.Exec(ctx, q, "retry fetch", retryFetch, c.ID, c.Epoch, wait.Seconds(), Clean(reason))
}

const filesOf = `
	SELECT ` + deliveryColumns + `
	FROM deliveries
	WHERE message_id = ANY($1) AND message_id <> 0 AND kind = 'files'
	ORDER BY id`

// FilesOf reads into list the deliveries (posts in agents' chats) that contain the files of messages.
func (p *Pipeline) FilesOf(list *[]Delivery, messages []MessageID) {
	if len(messages) > 0 {
		read(p, list, filesOf, messages)
	}
}
