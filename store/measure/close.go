package measure

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
)

const (
	lockClosed = `SELECT closed::text, below FROM measured FOR UPDATE`
	nextOpen   = `
		SELECT coalesce(min(day)::text, '')
		FROM measure_days
		WHERE kind = 'all' AND day >= $1::date AND day < ((SELECT parley_now()) - make_interval(secs => $2))::date`
	dropDay = `
		WITH gone AS (
			DELETE FROM measure_shares AS s
			USING measure_days AS d
			WHERE d.kind = 'all' AND d.day = $1::date AND s.account_id = d.account_id AND s.team_id = d.team_id AND s.day = d.day
			RETURNING s.conversation_id
		), over AS (
			SELECT conversation_id FROM gone AS g
			WHERE NOT EXISTS (SELECT FROM measure_shares AS later WHERE later.conversation_id = g.conversation_id AND later.day > $1::date)
		), times AS (
			DELETE FROM measure_times WHERE conversation_id IN (SELECT conversation_id FROM over)
		)
		DELETE FROM measure_labels WHERE conversation_id IN (SELECT conversation_id FROM over)`
	setClosed = `UPDATE measured SET closed = $1::date + 1`
)

// CloseDay closes the oldest day that is open and longer ago than keep: its sums stay as they are from now on, and the
// shares of which they were made go. more says that there may be other such days. It does nothing while conversations
// from before the figures are still to be measured.
func CloseDay(ctx context.Context, pool *pgxpool.Pool, keep time.Duration) (more bool, err error) {
	err = store.InTx(ctx, pool, func(tx pgx.Tx) error {
		var closed, day string
		var below int64
		if err := tx.QueryRow(ctx, lockClosed).Scan(&closed, &below); err != nil || below > 0 {
			return err
		}
		if err := tx.QueryRow(ctx, nextOpen, closed, keep.Seconds()).Scan(&day); err != nil || day == "" {
			return err
		}
		for _, sql := range []string{dropDay, setClosed} {
			if _, err := tx.Exec(ctx, sql, day); err != nil {
				return err
			}
		}
		more = true
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("store: close a day of figures: %w", err)
	}
	return more, nil
}
