package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// indexOld indexes the words of the next page of conversations, those below the number in words_backlog, and lowers
// that number.
const indexOld = `
	WITH page AS MATERIALIZED (
		SELECT id
		FROM conversations
		WHERE id < (SELECT below FROM words_backlog)
		ORDER BY id DESC
		LIMIT $1
	), indexed AS (
		INSERT INTO conversation_words (conversation_id, words)
		SELECT id, words FROM words_of_conversations WHERE id = ANY(ARRAY(SELECT id FROM page)) ORDER BY id
		ON CONFLICT DO NOTHING
	), moved AS (
		UPDATE words_backlog SET below = coalesce((SELECT min(id) FROM page), 0)
	)
	SELECT count(*) FROM page`

// IndexOldWords indexes at most limit conversations from before this search existed, the newest first. more is false if none
// are left, or if another process is indexing them.
func IndexOldWords(ctx context.Context, pool *pgxpool.Pool, limit int) (more bool, err error) {
	err = InTx(ctx, pool, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, `SELECT FROM words_backlog FOR UPDATE SKIP LOCKED`).Scan()
		if errors.Is(err, pgx.ErrNoRows) { // done, or locked by another process
			return nil
		}
		if err != nil {
			return err
		}

		var indexed int
		if err := tx.QueryRow(ctx, indexOld, limit).Scan(&indexed); err != nil {
			return err
		}

		more = indexed > 0
		if !more {
			_, err := tx.Exec(ctx, `DELETE FROM words_backlog`)
			return err
		}

		return nil
	})
	if err != nil {
		return false, fmt.Errorf("store: keep words: %w", err)
	}

	return more, nil
}
