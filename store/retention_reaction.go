package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// dropReactions looks at the oldest reactions (page), in the order of the deliveries that show them as lines, whose
// ids rise with time. A reaction whose line is gone is removed, too, because the row only serves to change that line.
const dropReactions = `
	WITH clock AS MATERIALIZED (
		SELECT parley_now() - make_interval(secs => $1) AS before
	), page AS MATERIALIZED (
		SELECT r.account_id, r.target, r.identity_id
		FROM (SELECT * FROM reactions ORDER BY delivery_id LIMIT $2) AS r
		CROSS JOIN clock
		LEFT JOIN deliveries AS d ON d.id = r.delivery_id
		WHERE d.id IS NULL OR d.created_at < clock.before
	), gone AS (
		DELETE FROM reactions
		USING page
		WHERE reactions.account_id = page.account_id AND reactions.target = page.target AND reactions.identity_id = page.identity_id
		RETURNING reactions.identity_id
	)
	SELECT count(*) FROM gone`

// DropReactions removes one batch of reactions that are older than keep (Parley's clock). If the
// customer changes such a reaction later, the change is shown in a new line.
func DropReactions(ctx context.Context, pool *pgxpool.Pool, keep time.Duration) (Emptied, error) {
	return runBatch(ctx, pool, "drop reactions", func(tx pgx.Tx, _ progress) (done Emptied, err error) {
		err = tx.QueryRow(ctx, dropReactions, keep.Seconds(), batchRows).Scan(&done.Reactions)
		done.More = done.Reactions == batchRows
		return done, err
	})
}
