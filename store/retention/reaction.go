package retention

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// The oldest reactions, by the ids of their lines' deliveries, which rise with time. A reaction whose
// line is gone is removed too, because the row serves to change that line.
const dropReactions = `
	WITH t AS MATERIALIZED (
		SELECT parley_now() - make_interval(secs => $1) AS before
	), page AS MATERIALIZED (
		SELECT r.account_id, r.target, r.identity_id
		FROM (SELECT * FROM reactions ORDER BY delivery_id LIMIT $2) AS r
		CROSS JOIN t
		LEFT JOIN deliveries AS d ON d.id = r.delivery_id
		WHERE d.id IS NULL OR d.created_at < t.before
	), gone AS (
		DELETE FROM reactions AS r
		USING page AS p
		WHERE r.account_id = p.account_id AND r.target = p.target AND r.identity_id = p.identity_id
		RETURNING r.identity_id
	)
	SELECT count(*) FROM gone`

// DropReactions removes one batch of reactions that are older than keep (Parley's clock). If the
// customer changes such a reaction later, that gets a new line.
func DropReactions(ctx context.Context, pool *pgxpool.Pool, keep time.Duration) (Emptied, error) {
	return oneBatch(ctx, pool, "drop reactions", func(tx pgx.Tx, _ rounds) (done Emptied, err error) {
		err = tx.QueryRow(ctx, dropReactions, keep.Seconds(), retainRows).Scan(&done.Reactions)
		done.More = done.Reactions == retainRows
		return done, err
	})
}
