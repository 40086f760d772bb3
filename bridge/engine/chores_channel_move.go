package engine

import (
	"context"
	"errors"
	"time"

	"parley/store"
)

// A chat may give a channel a new id, as Slack may when a private channel is shared with another company. From
// then on only the new id works. Parley translates old ids where it uses them, and this file rewrites the rows in
// the background.
//
// Another transaction may write the old id while the rows are being rewritten. Passes are therefore repeated,
// a minute apart, until one finds nothing and the move is at least minMoveTime old.

const (
	maxMoveRows   = 5000             // rows that one batch reads or rewrites
	moveInterval  = time.Second      // between polls for a channel to move
	movePassPause = time.Minute      // between passes
	minMoveTime   = 90 * time.Second // from the start of a move to its last pass, at least
)

// moveChannels makes one pass for one moved channel, if a pass is due.
func (cs *Chores) moveChannels(ctx context.Context) error {
	if len(cs.Directory().Moves) == 0 {
		return nil
	}
	move, ok, err := store.ClaimMove(ctx, cs.pool)
	if err != nil || !ok {
		return err
	}
	return cs.moveChannel(ctx, move)
}

// moveChannel makes one pass over all rows that refer to a channel, batch by batch. It then ends the move or
// schedules another pass.
func (cs *Chores) moveChannel(ctx context.Context, move store.ChannelMove) error {
	var progress store.MoveProgress
	for !progress.Done() {
		batchCtx, cancel := context.WithTimeout(ctx, dbTimeout)
		var err error
		progress, err = store.MoveBatch(batchCtx, cs.pool, move, progress, maxMoveRows)
		cancel()

		if errors.Is(err, store.ErrMoveReplaced) {
			return nil
		}
		if err != nil {
			return err
		}
	}

	isComplete := progress.Moved == 0 && time.Since(move.BeganAt) > minMoveTime
	if !isComplete {
		return store.PostponeMove(ctx, cs.pool, move, movePassPause)
	}
	cs.log.Info("channel moved", "account_id", move.AccountID)
	return store.EndMove(ctx, cs.pool, move)
}
