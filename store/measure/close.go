package measure

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
)

// The dashboard shows sums by day. The contribution of a single conversation to a day is stored as a share, so that the
// sums can be corrected when the conversation changes later. Shares take space, so old days are closed: their shares are
// deleted and their sums become final. For example, with keep = 90 days, 1 November is closed on 31 January.

const (
	lockClosed = `SELECT closed::text, below FROM measured FOR UPDATE`
	nextOpen   = `
		SELECT coalesce(min(day)::text, '')
		FROM measure_days
		WHERE kind = 'all' AND day >= $1::date AND day < ((SELECT parley_now()) - make_interval(secs => $2))::date`
	// dropDay deletes the shares of a day. For conversations without shares of later days (over), it also deletes their
	// single times and labels.
	dropDay = `
		WITH gone AS (
			DELETE FROM measure_shares AS share
			USING measure_days AS sum
			WHERE sum.kind = 'all' AND sum.day = $1::date
				AND share.account_id = sum.account_id AND share.team_id = sum.team_id AND share.day = sum.day
			RETURNING share.conversation_id
		), over AS (
			SELECT conversation_id FROM gone
			WHERE NOT EXISTS (SELECT FROM measure_shares AS later WHERE later.conversation_id = gone.conversation_id AND later.day > $1::date)
		), times AS (
			DELETE FROM measure_times WHERE conversation_id IN (SELECT conversation_id FROM over)
		)
		DELETE FROM measure_labels WHERE conversation_id IN (SELECT conversation_id FROM over)`
	setClosed = `UPDATE measured SET closed = $1::date + 1`
)

// CloseDay closes the oldest open day that is older than keep. more reports whether there may be further days to close.
// CloseDay does nothing while older conversations are still waiting to be measured (Progress.TakeOlder).
func CloseDay(ctx context.Context, pool *pgxpool.Pool, keep time.Duration) (more bool, err error) {
	err = store.InTx(ctx, pool, func(tx pgx.Tx) error {
		var closed, day string
		var below int64
		if err := tx.QueryRow(ctx, lockClosed).Scan(&closed, &below); err != nil {
			return err
		}
		if below > 0 {
			return nil
		}
		if err := tx.QueryRow(ctx, nextOpen, closed, keep.Seconds()).Scan(&day); err != nil {
			return err
		}
		if day == "" {
			return nil
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
