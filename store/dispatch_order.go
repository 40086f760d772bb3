package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// This file changes the order in which the deliveries (outgoing messages) of a lane, their queue, are sent. For example, a
// flaky chat returns an agent's message "see below" late, after "here is the link" was queued already. While "here is the
// link" hasn't been sent, GiveWay still puts "see below" before it.

// lockClaimed locks a claimed lane. It must be a statement of its own: a single statement that waits for the lock would
// then see the lane's deliveries as they were before the wait.
const lockClaimed = `SELECT FROM lanes WHERE id = $1 AND epoch = $2 AND leased_until IS NOT NULL FOR NO KEY UPDATE`

// giveWay finds the deliveries after the head that were written in the chat before the head ($3), and moves the first of
// them (earlier) to the front. Those before it move back by one. A delivery with an earlier attempt isn't moved, because it
// may be unknown whether it arrived. The claimed deliveries become queued again: nothing of them was sent, and if this
// process dies now, nobody has to find out whether they arrived.
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

// GiveWay checks, just before a claimed delivery is sent, whether its lane contains one that was written earlier. If so, it
// moves that one to the front and returns true; the caller must then end this attempt without sending anything. The claimed
// delivery must not have been sent, not even in part.
func GiveWay(ctx context.Context, pool *pgxpool.Pool, c ClaimedDelivery) (gave bool, err error) {
	err = InTx(ctx, pool, func(tx pgx.Tx) error {
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

// leaveAlone also makes the claimed deliveries queued again, like giveWay.
const leaveAlone = `
	UPDATE deliveries AS d
	SET join_key = CASE WHEN d.message_id = $3 THEN '' ELSE d.join_key END, state = 'queued'
	FROM lanes
	WHERE lanes.id = $1 AND lanes.epoch = $2 AND lanes.leased_until IS NOT NULL
		AND d.lane_id = lanes.id AND d.seq > lanes.head AND d.state = 'sending'`

// LeaveDelivery removes the delivery of a message from the claimed run, which is several deliveries that are sent as one message.
// The next attempt sends it by itself, in its place in the lane. No part of the run may have been sent before the call, and
// the caller must end this attempt without sending anything.
func LeaveDelivery(ctx context.Context, pool *pgxpool.Pool, c ClaimedDelivery, message MessageID) error {
	err := InTx(ctx, pool, func(tx pgx.Tx) error {
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
