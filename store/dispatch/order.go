package dispatch

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
)

// The lane is locked by a statement of its own: one that waited for a message to be put into the lane would see the lane's
// messages as they were before.
const lockClaimed = `SELECT FROM lanes WHERE id = $1 AND epoch = $2 AND leased_until IS NOT NULL FOR NO KEY UPDATE`

// The first of the messages behind the head that the chat had before it moves to the front; what stood before it moves back.
// Messages of which an attempt has begun stay: nobody may know yet whether they arrived. Of those that were claimed just now
// nothing was sent: they wait again from here on, so that nobody has to ask what became of them if this process ends now.
const giveWay = `
	WITH l AS MATERIALIZED (
		SELECT id, head
		FROM lanes
		WHERE id = $1 AND epoch = $2 AND leased_until IS NOT NULL
	), earlier AS MATERIALIZED (
		SELECT d.seq
		FROM l
		JOIN deliveries AS d ON d.lane_id = l.id
		WHERE d.seq > l.head + 1 AND d.state = 'queued' AND d.attempt = 0 AND d.part = 0
			AND d.order_by <> '' AND d.order_by COLLATE "C" < $3
		ORDER BY d.order_by COLLATE "C", d.seq
		LIMIT 1
	)
	UPDATE deliveries AS d
	SET seq = CASE WHEN d.seq = earlier.seq THEN l.head + 1 ELSE d.seq + 1 END,
		state = CASE d.state WHEN 'sending' THEN 'queued' ELSE d.state END
	FROM l, earlier
	WHERE d.lane_id = l.id AND d.seq BETWEEN l.head + 1 AND earlier.seq`

// GiveWay lets a message that is about to leave, but of which nothing has left, change places with one that stands behind it
// although the chat had it before: it was read while an earlier attempt, which sent nothing, was under way. It says whether
// there is one; then this attempt ends without sending anything, and the lane begins with the other.
func GiveWay(ctx context.Context, pool *pgxpool.Pool, c Claimed) (gave bool, err error) {
	err = store.InTx(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockClaimed, c.LaneID, c.Epoch); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, giveWay, c.LaneID, c.Epoch, c.OrderBy)
		gave = tag.RowsAffected() > 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("dispatch: give way: %w", err)
	}
	return gave, nil
}
