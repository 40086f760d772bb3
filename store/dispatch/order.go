package dispatch

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
)

// The lane is locked by a statement of its own: a statement that waits until a message is put into the lane would see
// the lane's messages as they were before that.
const lockClaimed = `SELECT FROM lanes WHERE id = $1 AND epoch = $2 AND leased_until IS NOT NULL FOR NO KEY UPDATE`

// giveWay looks for messages behind the head that the chat had before the head (order $3), and moves the first of
// these (earlier) to the front. What stood before it moves back by one. A message of which an attempt has begun
// doesn't move to the front: nobody may know yet whether it arrived. The messages that were claimed just now are queued
// again: nothing of them was sent, and if this process ends now, nobody has to ask what became of them.
const giveWay = `
	WITH lane AS MATERIALIZED (
		SELECT id, head
		FROM lanes
		WHERE id = $1 AND epoch = $2 AND leased_until IS NOT NULL
	), earlier AS MATERIALIZED (
		SELECT d.seq
		FROM lane
		JOIN deliveries AS d ON d.lane_id = lane.id
		WHERE d.seq > lane.head + 1 AND d.state = 'queued' AND d.attempt = 0 AND d.part = 0
			AND d.order_by <> '' AND d.order_by COLLATE "C" < $3
		ORDER BY d.order_by COLLATE "C", d.seq
		LIMIT 1
	)
	UPDATE deliveries AS d
	SET seq = CASE WHEN d.seq = earlier.seq THEN lane.head + 1 ELSE d.seq + 1 END,
		state = CASE d.state WHEN 'sending' THEN 'queued' ELSE d.state END
	FROM lane, earlier
	WHERE d.lane_id = lane.id AND d.seq BETWEEN lane.head + 1 AND earlier.seq`

// GiveWay looks behind the message that is about to leave for one that the chat had earlier, and puts the first of these before
// it. Such a message was read late, while an earlier attempt at the lane's head sent nothing. Nothing of the message that gives
// way may have left. If gave is true, the lane begins with the other message, and the caller ends this attempt without sending
// anything.
func GiveWay(ctx context.Context, pool *pgxpool.Pool, c Claimed) (gave bool, err error) {
	err = store.InTx(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockClaimed, c.LaneID, c.Epoch); err != nil {
			return err
		}
		moved, err := tx.Exec(ctx, giveWay, c.LaneID, c.Epoch, c.OrderBy)
		gave = moved.RowsAffected() > 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("dispatch: give way: %w", err)
	}
	return gave, nil
}

// Deliveries that were claimed just now are queued again for the reason that giveWay has.
const leaveAlone = `
	UPDATE deliveries AS d
	SET join_key = CASE WHEN d.message_id = $3 THEN '' ELSE d.join_key END, state = 'queued'
	FROM lanes
	WHERE lanes.id = $1 AND lanes.epoch = $2 AND lanes.leased_until IS NOT NULL
		AND d.lane_id = lanes.id AND d.seq > lanes.head AND d.state = 'sending'`

// LeaveAlone takes the delivery of a message out of the claimed run: from the next attempt on it leaves alone, after those before it and
// before those behind it. Nothing of the run may have left, and the caller ends this attempt without sending anything.
func LeaveAlone(ctx context.Context, pool *pgxpool.Pool, c Claimed, message store.MessageID) error {
	err := store.InTx(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockClaimed, c.LaneID, c.Epoch); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, leaveAlone, c.LaneID, c.Epoch, message)
		return err
	})
	if err != nil {
		return fmt.Errorf("dispatch: leave alone: %w", err)
	}
	return nil
}
