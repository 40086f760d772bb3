package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store/internal/query"
)

// begin puts the new id into the settings of teams and accounts, and into the record that an admin has confirmed the
// channel's members.
//
// If the channel's id was replaced before (A → B, now B → C), the earlier row becomes A → C (continued), and the new row
// B → C is added. If a channel gets back an id that it had before (A → B, now B → A), the row A → B is deleted (reversed).
// No row may be in both parts, because PostgreSQL doesn't define which of them would take effect.
const begin = `
	WITH team AS (UPDATE team_channels SET channel = $3 WHERE account_id = $1 AND channel = $2),
	account AS (UPDATE accounts SET surface_channel = $3 WHERE surface_id = $1 AND surface_channel = $2),
	roster AS (
		UPDATE team_rosters SET channel = $3
		FROM accounts AS chat
		WHERE chat.id = $1 AND team_rosters.kind = chat.kind AND team_rosters.channel = $2
	),
	continued AS (UPDATE channel_moves SET current = $3, done_at = NULL WHERE account_id = $1 AND current = $2 AND former <> $3),
	reversed AS (DELETE FROM channel_moves WHERE account_id = $1 AND former = $3)
	INSERT INTO channel_moves (account_id, former, current)
	VALUES ($1, $2, $3)
	ON CONFLICT (account_id, former) DO UPDATE SET current = EXCLUDED.current, began_at = clock_timestamp(), done_at = NULL`

// BeginMove replaces the id of a channel in the settings, and records that threads, posts and messages must follow.
func BeginMove(ctx context.Context, q Querier, surface AccountID, former, current string) error {
	if former == "" || current == "" || former == current {
		return nil
	}
	if err := BumpSettings(ctx, q); err != nil { // before the settings, as in package setup, to avoid deadlocks
		return err
	}
	if _, err := q.Exec(ctx, begin, surface, former, current); err != nil {
		return fmt.Errorf("store: move channel: %w", err)
	}
	return nil
}

const claim = `
	WITH next AS MATERIALIZED (
		SELECT account_id, former
		FROM channel_moves
		WHERE done_at IS NULL AND (leased_until IS NULL OR leased_until < (SELECT clock_timestamp()))
		LIMIT 1
		FOR UPDATE SKIP LOCKED
	)
	UPDATE channel_moves
	SET leased_until = clock_timestamp() + interval '1 minute'
	FROM next
	WHERE channel_moves.account_id = next.account_id AND channel_moves.former = next.former
	RETURNING channel_moves.account_id, channel_moves.former, channel_moves.current, channel_moves.began_at`

// ClaimMove leases an unfinished move that no other process is working on, for one minute. ok is false if there is none.
func ClaimMove(ctx context.Context, q Querier) (m ChannelMove, ok bool, err error) {
	list, err := query.Collect[ChannelMove](ctx, q, "claim channel move", claim)
	if err != nil || len(list) == 0 {
		return ChannelMove{}, false, err
	}
	return list[0], true, nil
}

// Each of these statements moves one batch of rows of a table. Arguments: $1 account, $2 former id, $3 current id, $4 the key
// after which the batch begins ("" for the start of the table), $5 the number of rows in a batch. Result: the last key of the
// batch ("" if the end of the table was reached) and the number of rows that moved.
//
// moveThreads doesn't wait for threads that another transaction has locked, because that transaction may be waiting for a
// thread that this statement has locked. It skips them, but counts them as moved, so that there will be another pass.
const (
	moveThreads = `
	WITH page AS MATERIALIZED (
		SELECT conversation_id AS id
		FROM threads
		WHERE conversation_id > coalesce(nullif($4, ''), '0')::bigint
		ORDER BY conversation_id
		LIMIT $5
	), former AS MATERIALIZED (
		SELECT conversation_id
		FROM threads
		WHERE account_id = $1 AND channel = $2
			AND conversation_id > coalesce(nullif($4, ''), '0')::bigint AND conversation_id <= (SELECT max(id) FROM page)
	), free AS MATERIALIZED (
		SELECT conversation_id
		FROM threads
		WHERE account_id = $1 AND channel = $2 AND conversation_id IN (SELECT conversation_id FROM former)
		FOR NO KEY UPDATE SKIP LOCKED
	), moved AS (
		UPDATE threads SET channel = $3
		FROM free
		WHERE threads.account_id = $1 AND threads.conversation_id = free.conversation_id
	)
	SELECT coalesce((SELECT max(id)::text FROM page), ''), (SELECT count(*) FROM former)`
	movePosts = `
	WITH page AS MATERIALIZED (
		SELECT message FROM posts WHERE account_id = $1 AND channel = $2 AND message > $4 ORDER BY message LIMIT $5
	), gone AS (
		DELETE FROM posts WHERE account_id = $1 AND channel = $2 AND message IN (SELECT message FROM page)
		RETURNING message, conversation_id, message_id, kind, version, early, kept_at
	), moved AS (
		INSERT INTO posts (account_id, channel, message, conversation_id, message_id, kind, version, early, kept_at)
		SELECT $1, $3, message, conversation_id, message_id, kind, version, early, kept_at FROM gone ORDER BY message
		ON CONFLICT (account_id, channel, message) DO NOTHING
	)
	SELECT coalesce((SELECT max(message) FROM page), ''), (SELECT count(*) FROM gone)`
	moveMessages = `
	WITH page AS MATERIALIZED (
		SELECT id FROM messages WHERE id > coalesce(nullif($4, ''), '0')::bigint ORDER BY id LIMIT $5
	), moved AS (
		UPDATE messages SET channel = $3
		WHERE account_id = $1 AND channel = $2 AND id > coalesce(nullif($4, ''), '0')::bigint AND id <= (SELECT max(id) FROM page)
		RETURNING 1
	)
	SELECT coalesce((SELECT max(id)::text FROM page), ''), (SELECT count(*) FROM moved)`
)

// steps returns the statements of a pass in order. Threads come first, because new posts copy the channel from their thread.
func steps() []string { return []string{moveThreads, movePosts, moveMessages} }

// MoveProgress is the position of one pass over the tables. The zero value starts a pass. Passes are repeated until one moves
// nothing.
type MoveProgress struct {
	Step  int    // the index of the current statement in steps
	UpTo  string // the last key that was read in that table; empty at its start
	Moved int64  // rows of all tables that this pass has moved, or has skipped because they were locked
}

// Done reports whether the pass over all tables has ended.
func (p MoveProgress) Done() bool { return p.Step >= len(steps()) }

const keep = `
	UPDATE channel_moves
	SET leased_until = clock_timestamp() + interval '1 minute'
	WHERE account_id = $1 AND former = $2 AND current = $3`

// ErrMoveReplaced means that the channel has got another id, or its former one back, since the move was claimed. What is left to do
// belongs to other moves.
var ErrMoveReplaced = errors.New("store: the move of the channel was replaced")

// statementLimit is the timeout of a statement of Batch.
const statementLimit = "30s"

// MoveBatch moves one batch of rows, extends the lease of the claim to one minute from now, and returns the new progress.
// Errors: ErrReplaced if the move doesn't stand any more. Nothing was moved then, since rows that reach an id after its own move
// has ended would stay there.
func MoveBatch(ctx context.Context, pool *pgxpool.Pool, m ChannelMove, p MoveProgress, rows int) (MoveProgress, error) {
	next := p
	err := InTx(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, query.ByIndex, statementLimit); err != nil {
			return err
		}

		var moved int64
		step := tx.QueryRow(ctx, steps()[p.Step], m.AccountID, m.Former, m.Current, p.UpTo, rows)
		if err := step.Scan(&next.UpTo, &moved); err != nil {
			return err
		}

		next.Moved = p.Moved + moved
		kept, err := tx.Exec(ctx, keep, m.AccountID, m.Former, m.Current)
		if err == nil && kept.RowsAffected() == 0 {
			err = ErrMoveReplaced
		}
		return err
	})
	if err != nil {
		return p, fmt.Errorf("store: move channel: %w", err)
	}
	if next.UpTo == "" {
		next.Step++
	}

	return next, nil
}

const (
	end = `
	UPDATE channel_moves
	SET done_at = clock_timestamp(), leased_until = NULL
	WHERE account_id = $1 AND former = $2 AND current = $3`
	postpone = `
	UPDATE channel_moves
	SET leased_until = clock_timestamp() + make_interval(secs => $3)
	WHERE account_id = $1 AND former = $2`
)

// EndMove marks a move as done. Call it once no row has the former id any more.
func EndMove(ctx context.Context, q Execer, m ChannelMove) error {
	return query.Exec(ctx, q, "end channel move", end, m.AccountID, m.Former, m.Current)
}

// PostponeMove releases a claim. No process can claim the move again until wait is over.
func PostponeMove(ctx context.Context, q Execer, m ChannelMove, wait time.Duration) error {
	return query.Exec(ctx, q, "postpone channel move", postpone, m.AccountID, m.Former, wait.Seconds())
}
