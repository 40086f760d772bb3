package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Burst is what a customer wrote in one go, in a conversation, and nobody has analysed yet: its messages
// from FirstEvent to LastEvent.
type Burst struct {
	ConversationID int64     `db:"conversation_id" json:"conversation_id"`
	FirstEvent     int64     `db:"first_event" json:"first_event"`
	LastEvent      int64     `db:"last_event" json:"last_event"`
	BeganAt        time.Time `db:"began_at" json:"began_at"` // Parley's clock
	DueAt          time.Time `db:"due_at" json:"due_at"`     // Parley's clock
	Attempt        int       `db:"attempt" json:"attempt"`
	Epoch          int64     `db:"epoch" json:"epoch"`
}

// A burst is due a little after its latest message, but no later than BurstMost after its first one. One that
// is being analysed grows too: see FinishBurst.
const (
	BurstQuiet = 3 * time.Second
	BurstMost  = 20 * time.Second
)

const upsertBursts = `
	INSERT INTO bursts AS b (conversation_id, first_event, last_event, began_at, due_at)
	SELECT conversation_id, first_event, last_event, began_at, due_at
	FROM json_populate_recordset(NULL::bursts, $1)
	ORDER BY conversation_id
	ON CONFLICT (conversation_id) DO UPDATE
	SET last_event = greatest(b.last_event, EXCLUDED.last_event), due_at = greatest(b.due_at, least(EXCLUDED.due_at, b.began_at + interval '20 seconds'))`

// UpsertBursts begins bursts, or lets what was written belong to those that are there.
func UpsertBursts(ctx context.Context, q Execer, rows []Burst) error {
	return execRows(ctx, q, "upsert bursts", upsertBursts, rows)
}

const claimBursts = `
	UPDATE bursts
	SET epoch = epoch + 1, attempt = attempt + 1, leased_until = (SELECT clock_timestamp()) + make_interval(secs => $2)
	WHERE conversation_id = ANY(ARRAY(
		SELECT conversation_id
		FROM bursts
		WHERE due_at <= (SELECT parley_now()) AND (leased_until IS NULL OR leased_until <= (SELECT clock_timestamp()))
		ORDER BY due_at
		LIMIT $1
		FOR UPDATE SKIP LOCKED))
	RETURNING conversation_id, first_event, last_event, began_at, due_at, attempt, epoch`

// ClaimBursts takes bursts that are due, at most so many. Each is leased to this process for so long.
func ClaimBursts(ctx context.Context, q Querier, most int, lease time.Duration) ([]Burst, error) {
	return collect[Burst](ctx, q, "claim bursts", claimBursts, most, lease.Seconds())
}

const endBurst = `DELETE FROM bursts WHERE conversation_id = $1 AND epoch = $2 AND last_event = $3`

const restOfBurst = `
	UPDATE bursts
	SET first_event = $3 + 1, began_at = parley_now(), due_at = parley_now() + make_interval(secs => $4), attempt = 0, leased_until = NULL
	WHERE conversation_id = $1 AND epoch = $2`

// FinishBurst ends a claimed burst and journals fact, which tells what its analysis found, in one
// transaction. What the customer wrote meanwhile becomes a burst of its own. FinishBurst does nothing if the
// lease ended and another process has claimed the burst.
func FinishBurst(ctx context.Context, pool *pgxpool.Pool, b Burst, fact NewEvent) error {
	return InTxWith(ctx, pool, func(tx pgx.Tx) (*Pipeline, error) {
		tag, err := tx.Exec(ctx, endBurst, b.ConversationID, b.Epoch, b.LastEvent)
		if err == nil && tag.RowsAffected() == 0 {
			tag, err = tx.Exec(ctx, restOfBurst, b.ConversationID, b.Epoch, b.LastEvent, BurstQuiet.Seconds())
		}
		if err != nil || tag.RowsAffected() == 0 {
			return nil, err
		}
		var p Pipeline
		p.InsertEvents([]NewEvent{fact})
		return &p, nil
	})
}

const retryBurst = `
	UPDATE bursts
	SET due_at = parley_now() + make_interval(secs => $3), leased_until = NULL
	WHERE conversation_id = $1 AND epoch = $2`

// RetryBurst gives a claimed burst back. It is due again after wait.
func RetryBurst(ctx context.Context, q Execer, b Burst, wait time.Duration) error {
	if _, err := q.Exec(ctx, retryBurst, b.ConversationID, b.Epoch, wait.Seconds()); err != nil {
		return fmt.Errorf("store: retry burst: %w", err)
	}
	return nil
}

const dropBurst = `DELETE FROM bursts WHERE conversation_id = $1 AND epoch = $2`

// DropBurst gives a claimed burst up: nobody will analyse it.
func DropBurst(ctx context.Context, q Execer, b Burst) error {
	if _, err := q.Exec(ctx, dropBurst, b.ConversationID, b.Epoch); err != nil {
		return fmt.Errorf("store: drop burst: %w", err)
	}
	return nil
}
