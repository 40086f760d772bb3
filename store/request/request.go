// Package request keeps the texts that colleagues ask for, such as a summary of a conversation, until somebody has
// written them. It is a queue in the table text_requests:
//
//	Add → Claim → Finish     the answer is in the journal
//	            → Retry      writing failed: due again after a while
//	            → Postpone   nobody began to write: due again, and the claim counts as no attempt
//	            → Drop       nobody will write it: the same may be asked again at once
//
// Claim leases a request to this process. If the process dies, another one may claim the request when the lease has
// ended. Each claim raises the request's epoch, and what ends a claim counts only with the latest epoch: a process that
// was too slow changes nothing any more.
//
// What does not belong here: what a request says (package own of the engine), and who answers it (chores).
package request

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/internal/query"
)

// Request is a text that is asked for in a conversation.
type Request struct {
	ConversationID store.ConversationID `db:"conversation_id" json:"conversation_id"`
	Name           string               `db:"name" json:"name"` // the same for the same request
	Ask            json.RawMessage      `db:"ask" json:"ask"`   // what is asked for, and by whom
	AskedAt        time.Time            `db:"asked_at" json:"asked_at"`
	Attempt        int                  `db:"attempt" json:"attempt"` // how often it was claimed, but for postponed claims
	Epoch          int64                `db:"epoch" json:"epoch"`     // of this claim
}

const addRequests = `
	INSERT INTO text_requests (conversation_id, name, ask, asked_at, due_at)
	SELECT conversation_id, name, ask, asked_at, asked_at
	FROM json_populate_recordset(NULL::text_requests, $1)
	ORDER BY conversation_id, name
	ON CONFLICT (conversation_id, name) DO UPDATE
	SET ask = EXCLUDED.ask, asked_at = EXCLUDED.asked_at, due_at = EXCLUDED.due_at, done_at = NULL, attempt = 0, leased_until = NULL
	WHERE text_requests.done_at < EXCLUDED.asked_at - interval '10 seconds'`

// Add adds requests. The same request counts once until it is answered, and for ten seconds afterwards: who clicks twice
// means it once.
func Add(ctx context.Context, q store.Execer, rows []Request) error {
	if len(rows) == 0 {
		return nil
	}
	body, err := query.JSON(rows)
	if err != nil {
		return err
	}
	return query.Exec(ctx, q, "add text requests", addRequests, body)
}

const claimRequests = `
	WITH due AS MATERIALIZED (
		SELECT conversation_id, name
		FROM text_requests
		WHERE done_at IS NULL AND due_at <= (SELECT parley_now()) AND (leased_until IS NULL OR leased_until <= (SELECT clock_timestamp()))
		ORDER BY due_at
		LIMIT $1
		FOR UPDATE SKIP LOCKED
	)
	UPDATE text_requests
	SET epoch = text_requests.epoch + 1, attempt = text_requests.attempt + 1,
		leased_until = (SELECT clock_timestamp()) + make_interval(secs => $2)
	FROM due
	WHERE text_requests.conversation_id = due.conversation_id AND text_requests.name = due.name
	RETURNING text_requests.conversation_id, text_requests.name, text_requests.ask, text_requests.asked_at,
		text_requests.attempt, text_requests.epoch`

// Claim takes at most limit requests that are due. Each is leased to this process for the time of lease.
func Claim(ctx context.Context, q store.Querier, limit int, lease time.Duration) ([]Request, error) {
	return query.Collect[Request](ctx, q, "claim text requests", claimRequests, limit, lease.Seconds())
}

// isClaimed is true for the row of a claim that still counts.
const isClaimed = `conversation_id = $1 AND name = $2 AND epoch = $3 AND done_at IS NULL`

const finishRequest = `
	UPDATE text_requests
	SET done_at = parley_now(), leased_until = NULL, ask = '{}'
	WHERE ` + isClaimed

// Finish ends a claimed request and journals fact, which tells its answer, in one transaction.
func Finish(ctx context.Context, pool *pgxpool.Pool, r Request, fact store.NewEvent) error {
	return store.InTxWith(ctx, pool, func(tx pgx.Tx) (*store.Pipeline, error) {
		tag, err := tx.Exec(ctx, finishRequest, r.ConversationID, r.Name, r.Epoch)
		if err != nil {
			return nil, fmt.Errorf("store: finish text request: %w", err)
		}
		if tag.RowsAffected() == 0 { // another process has claimed it since
			return nil, nil
		}

		var p store.Pipeline
		p.InsertEvents([]store.NewEvent{fact})
		return &p, nil
	})
}

const dropRequest = `DELETE FROM text_requests WHERE ` + isClaimed

// Drop removes a claimed request to which there is no answer: the same may be asked again at once.
func Drop(ctx context.Context, q store.Execer, r Request) error {
	return query.Exec(ctx, q, "drop text request", dropRequest, r.ConversationID, r.Name, r.Epoch)
}

const retryRequest = `
	UPDATE text_requests
	SET due_at = parley_now() + make_interval(secs => $4), leased_until = NULL
	WHERE ` + isClaimed

// Retry gives a claimed request back. It is due again after wait.
func Retry(ctx context.Context, q store.Execer, r Request, wait time.Duration) error {
	return query.Exec(ctx, q, "retry text request", retryRequest, r.ConversationID, r.Name, r.Epoch, wait.Seconds())
}

const postponeRequest = `
	UPDATE text_requests
	SET due_at = parley_now() + make_interval(secs => $4), leased_until = NULL, attempt = attempt - 1
	WHERE ` + isClaimed

// Postpone gives a claimed request back that was not tried yet: its claim counts as no attempt. It is due again after wait.
func Postpone(ctx context.Context, q store.Execer, r Request, wait time.Duration) error {
	return query.Exec(ctx, q, "postpone text request", postponeRequest, r.ConversationID, r.Name, r.Epoch, wait.Seconds())
}

const dropOld = `
	WITH old AS MATERIALIZED (
		SELECT conversation_id, name
		FROM text_requests
		WHERE done_at < (SELECT parley_now()) - interval '1 day'
		ORDER BY done_at
		LIMIT 1000
		FOR UPDATE SKIP LOCKED
	)
	DELETE FROM text_requests
	USING old
	WHERE text_requests.conversation_id = old.conversation_id AND text_requests.name = old.name`

// DropOld removes requests that were answered more than a day ago, at most a thousand.
func DropOld(ctx context.Context, q store.Execer) error {
	return query.Exec(ctx, q, "drop text requests", dropOld)
}
