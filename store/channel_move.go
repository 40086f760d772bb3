package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ChannelMove is another id that a surface gave to a channel.
type ChannelMove struct {
	AccountID int64     `db:"account_id"`
	Former    string    `db:"former"`
	Current   string    `db:"current"`
	BeganAt   time.Time `db:"began_at"`
}

// The settings follow at once. A channel that was moved before goes on from its first id.
const beginChannelMove = `
	WITH a AS (UPDATE team_channels SET channel = $3 WHERE account_id = $1 AND channel = $2),
	b AS (UPDATE accounts SET surface_channel = $3 WHERE surface_id = $1 AND surface_channel = $2),
	c AS (UPDATE channel_moves SET current = $3, done_at = NULL WHERE account_id = $1 AND current = $2),
	d AS (DELETE FROM channel_moves WHERE account_id = $1 AND former = $3)
	INSERT INTO channel_moves (account_id, former, current)
	VALUES ($1, $2, $3)
	ON CONFLICT (account_id, former) DO UPDATE SET current = EXCLUDED.current, began_at = clock_timestamp(), done_at = NULL`

// BeginChannelMove follows a channel whose id the surface changed: settings at once, threads and
// posts by MoveChannelBatch, since there may be millions.
func BeginChannelMove(ctx context.Context, q Querier, surface int64, former, current string) error {
	if former == "" || current == "" || former == current {
		return nil
	}
	if _, err := q.Exec(ctx, beginChannelMove, surface, former, current); err != nil {
		return fmt.Errorf("store: move channel: %w", err)
	}
	return BumpSettings(ctx, q)
}

const claimChannelMove = `
	UPDATE channel_moves
	SET leased_until = clock_timestamp() + interval '1 minute'
	WHERE (account_id, former) IN (
		SELECT account_id, former FROM channel_moves
		WHERE done_at IS NULL AND (leased_until IS NULL OR leased_until < (SELECT clock_timestamp()))
		LIMIT 1
		FOR UPDATE SKIP LOCKED)
	RETURNING account_id, former, current, began_at`

// ClaimChannelMove takes a move that nobody works on, for a minute; ok is false when there is none.
func ClaimChannelMove(ctx context.Context, q Querier) (m ChannelMove, ok bool, err error) {
	list, err := collect[ChannelMove](ctx, q, "claim channel move", claimChannelMove)
	if err != nil || len(list) == 0 {
		return ChannelMove{}, false, err
	}
	return list[0], true, nil
}

// channelMoveTables is how many tables a move goes through.
const channelMoveTables = 3

// channelMoveSteps gives what is done to the tables of a move, one after the other. $4 is how far the table was read, $5 how many rows a
// batch reads or moves. Each gives how far it was read by then ("" = to its end) and how many rows
// it moved. Threads come first: what is posted next goes by them.
func channelMoveSteps() [channelMoveTables]string {
	return [...]string{`
	WITH page AS MATERIALIZED (
		SELECT conversation_id AS id FROM threads WHERE conversation_id > coalesce(nullif($4, ''), '0')::bigint ORDER BY conversation_id LIMIT $5
	), moved AS (
		UPDATE threads SET channel = $3
		WHERE account_id = $1 AND channel = $2 AND conversation_id > coalesce(nullif($4, ''), '0')::bigint AND conversation_id <= (SELECT max(id) FROM page)
		RETURNING 1
	)
	SELECT coalesce((SELECT max(id)::text FROM page), ''), (SELECT count(*) FROM moved)`, `
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
	SELECT coalesce((SELECT max(message) FROM page), ''), (SELECT count(*) FROM gone)`, `
	WITH page AS MATERIALIZED (
		SELECT id FROM messages WHERE id > coalesce(nullif($4, ''), '0')::bigint ORDER BY id LIMIT $5
	), moved AS (
		UPDATE messages SET channel = $3
		WHERE account_id = $1 AND channel = $2 AND id > coalesce(nullif($4, ''), '0')::bigint AND id <= (SELECT max(id) FROM page)
		RETURNING 1
	)
	SELECT coalesce((SELECT max(id)::text FROM page), ''), (SELECT count(*) FROM moved)`,
	}
}

// MoveProgress is how far a move has come.
type MoveProgress struct {
	Step  int    // the table that it is at, of channelMoveTables
	UpTo  string // how far its table was read
	Moved int64  // rows in this pass
}

// Done says that a pass over all tables has ended.
func (p MoveProgress) Done() bool { return p.Step >= channelMoveTables }

const keepChannelMove = `
	UPDATE channel_moves SET leased_until = clock_timestamp() + interval '1 minute' WHERE account_id = $1 AND former = $2`

// MoveChannelBatch moves one batch of rows and gives how far the pass has come. It keeps the claim.
func MoveChannelBatch(ctx context.Context, pool *pgxpool.Pool, m ChannelMove, p MoveProgress, rows int) (MoveProgress, error) {
	err := InTx(ctx, pool, func(tx pgx.Tx) error {
		var moved int64
		if _, err := tx.Exec(ctx, byIndex, retainStatement); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, channelMoveSteps()[p.Step], m.AccountID, m.Former, m.Current, p.UpTo, rows).Scan(&p.UpTo, &moved); err != nil {
			return err
		}
		p.Moved += moved
		_, err := tx.Exec(ctx, keepChannelMove, m.AccountID, m.Former)
		return err
	})
	if err != nil {
		return p, fmt.Errorf("store: move channel: %w", err)
	}
	if p.UpTo == "" {
		p.Step++
	}
	return p, nil
}

const (
	endChannelMove   = `UPDATE channel_moves SET done_at = clock_timestamp(), leased_until = NULL WHERE account_id = $1 AND former = $2 AND current = $3`
	leaveChannelMove = `UPDATE channel_moves SET leased_until = clock_timestamp() + make_interval(secs => $3) WHERE account_id = $1 AND former = $2`
)

// EndChannelMove notes that nothing is left to move.
func EndChannelMove(ctx context.Context, q Execer, m ChannelMove) error {
	if _, err := q.Exec(ctx, endChannelMove, m.AccountID, m.Former, m.Current); err != nil {
		return fmt.Errorf("store: end channel move: %w", err)
	}
	return nil
}

// LeaveChannelMove lets a move rest until its next pass.
func LeaveChannelMove(ctx context.Context, q Execer, m ChannelMove, wait time.Duration) error {
	if _, err := q.Exec(ctx, leaveChannelMove, m.AccountID, m.Former, wait.Seconds()); err != nil {
		return fmt.Errorf("store: leave channel move: %w", err)
	}
	return nil
}
