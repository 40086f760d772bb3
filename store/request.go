package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store/internal/query"
)

// AIRequest asks for one text in a conversation. Requests with the same conversation and Name are the same request.
type AIRequest struct {
	ConversationID ConversationID  `db:"conversation_id" json:"conversation_id"`
	Name           string          `db:"name" json:"name"` // identifies the request in its conversation
	Ask            json.RawMessage `db:"ask" json:"ask"`   // what is asked for, and by whom
	AskedAt        time.Time       `db:"asked_at" json:"asked_at"`
	Attempt        int             `db:"attempt" json:"attempt"` // number of claims, without postponed ones
	Epoch          int64           `db:"epoch" json:"epoch"`     // number of this claim; see the package comment
}

// doubleClick is the time after an answer in which the same request is taken for a double click.
const doubleClick = 10 * time.Second

const addRequests = `
	INSERT INTO text_requests (conversation_id, name, ask, asked_at, due_at)
	SELECT conversation_id, name, ask, asked_at, asked_at
	FROM json_populate_recordset(NULL::text_requests, $1)
	ORDER BY conversation_id, name
	ON CONFLICT (conversation_id, name) DO UPDATE
	SET ask = EXCLUDED.ask, asked_at = EXCLUDED.asked_at, due_at = EXCLUDED.due_at, done_at = NULL, attempt = 0, leased_until = NULL
	WHERE text_requests.done_at < EXCLUDED.asked_at - make_interval(secs => $2)
		OR text_requests.done_at > EXCLUDED.asked_at + make_interval(secs => $2)`

// joinRequests adds who asks to requests that are queued already. It has to precede addRequests.
const joinRequests = `
	UPDATE text_requests AS queued
	SET ask = jsonb_set(queued.ask, '{others}', coalesce(queued.ask->'others', '[]') || jsonb_build_array(again.ask->'asker')
		|| coalesce(again.ask->'others', '[]'))
	FROM json_populate_recordset(NULL::text_requests, $1) AS again
	WHERE queued.conversation_id = again.conversation_id AND queued.name = again.name AND queued.done_at IS NULL
		AND again.ask ? 'asker' AND jsonb_array_length(coalesce(queued.ask->'others', '[]')) < 20`

// AddRequests adds requests. Of a request that is already queued it only keeps who asks: its field "asker" and those in "others" join
// the "others" of the queued one. It ignores a request that was answered less than ten seconds before: that one is taken for a
// double click. One that seems to be answered later was answered while the clock was ahead.
func AddRequests(ctx context.Context, q Execer, rows []AIRequest) error {
	if len(rows) == 0 {
		return nil
	}
	body, err := query.JSON(rows)
	if err != nil {
		return err
	}
	return errors.Join(
		query.Exec(ctx, q, "join text requests", joinRequests, body),
		query.Exec(ctx, q, "add text requests", addRequests, body, doubleClick.Seconds()))
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

// ClaimRequests takes at most limit requests that are due and leases each to this process for the duration lease.
func ClaimRequests(ctx context.Context, q Querier, limit int, lease time.Duration) ([]AIRequest, error) {
	return query.Collect[AIRequest](ctx, q, "claim text requests", claimRequests, limit, lease.Seconds())
}

// isClaimed selects the row of a request ($1, $2) that was asked at $4, if the claim with epoch $3 is still its latest and it is
// not done. If a row was removed, as an erasure does, and the same is asked again, epochs begin anew.
const isClaimedRequest = `conversation_id = $1 AND name = $2 AND epoch = $3 AND asked_at = $4 AND done_at IS NULL`

const finishRequest = `
	WITH claimed AS MATERIALIZED (SELECT ask FROM text_requests WHERE ` + isClaimedRequest + ` FOR UPDATE)
	UPDATE text_requests
	SET done_at = parley_now() - make_interval(secs => $5), leased_until = NULL, ask = '{}'
	FROM claimed
	WHERE conversation_id = $1 AND name = $2
	RETURNING claimed.ask`

// FinishRequest marks a claimed request as done and inserts fact, which holds the answer, into the journal. Both happen in one
// transaction. It does nothing if another process has claimed the request since, or if the request was removed.
func FinishRequest(ctx context.Context, pool *pgxpool.Pool, r AIRequest, fact NewEvent) error {
	return finishClaimed(ctx, pool, r, 0, func(json.RawMessage) (NewEvent, error) { return fact, nil })
}

// FailRequest is Finish for a request that could not be answered. fact makes a fact that says why of the request's Ask, which has all
// who asked by now. The same request may be added again at once, as if it had been done doubleClick earlier.
func FailRequest(ctx context.Context, pool *pgxpool.Pool, r AIRequest, fact func(ask json.RawMessage) (NewEvent, error)) error {
	return finishClaimed(ctx, pool, r, doubleClick, fact)
}

// finish marks a claimed request as done the duration ago before now.
func finishClaimed(
	ctx context.Context, pool *pgxpool.Pool, r AIRequest, ago time.Duration, fact func(ask json.RawMessage) (NewEvent, error),
) error {
	return InTxWith(ctx, pool, func(tx pgx.Tx) (*Pipeline, error) {
		asks, err := query.Column[json.RawMessage](ctx, tx, "finish text request", finishRequest,
			r.ConversationID, r.Name, r.Epoch, r.AskedAt, ago.Seconds())
		if err != nil || len(asks) == 0 { // another process has claimed it since, or it was removed
			return nil, err
		}

		event, err := fact(asks[0])
		if err != nil {
			return nil, err
		}

		var p Pipeline
		p.InsertEvents([]NewEvent{event})
		return &p, nil
	})
}

const dropRequest = `DELETE FROM text_requests WHERE ` + isClaimedRequest

// DropRequest removes a claimed request that will not be answered. The same request may be added again at once.
func DropRequest(ctx context.Context, q Execer, r AIRequest) error {
	return query.Exec(ctx, q, "drop text request", dropRequest, r.ConversationID, r.Name, r.Epoch, r.AskedAt)
}

const retryRequest = `
	UPDATE text_requests
	SET due_at = parley_now() + make_interval(secs => $5), leased_until = NULL
	WHERE ` + isClaimedRequest

// RetryRequest releases a claimed request after a failed attempt. It is due again after wait.
func RetryRequest(ctx context.Context, q Execer, r AIRequest, wait time.Duration) error {
	return query.Exec(ctx, q, "retry text request", retryRequest, r.ConversationID, r.Name, r.Epoch, r.AskedAt, wait.Seconds())
}

const postponeRequest = `
	UPDATE text_requests
	SET due_at = parley_now() + make_interval(secs => $5), leased_until = NULL, attempt = attempt - 1
	WHERE ` + isClaimedRequest

// PostponeRequest releases a claimed request that was not attempted. It is due again after wait, and Attempt does not rise.
func PostponeRequest(ctx context.Context, q Execer, r AIRequest, wait time.Duration) error {
	return query.Exec(ctx, q, "postpone text request", postponeRequest, r.ConversationID, r.Name, r.Epoch, r.AskedAt, wait.Seconds())
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

// DropOldRequests removes up to a thousand requests that were answered more than a day ago.
func DropOldRequests(ctx context.Context, q Execer) error {
	return query.Exec(ctx, q, "drop text requests", dropOld)
}
