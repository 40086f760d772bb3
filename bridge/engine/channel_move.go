package engine

import (
	"context"
	"slices"
	"time"

	"parley/bridge"
	"parley/bridge/engine/directory"
	"parley/store"
)

// A surface may give a channel another id. From then on it knows only the new one. What Parley has
// recorded under the former id is translated where it is used, and rewritten in the background.

const (
	moveRows  = 5000             // rows that a batch reads or moves
	movePause = time.Second      // between two looks for something to move
	moveAgain = time.Minute      // until the next pass: a batch of events that ran meanwhile may have written the former id
	moveAtAll = 90 * time.Second // passes are made for at least this long
)

// inMovedChannels gives actions with the ids that their channels have now: an action may have been
// stored before its channel moved. The move itself stays as it is, because it names both ids.
func inMovedChannels(d *directory.Directory, surface int64, actions []bridge.Action) []bridge.Action {
	if !slices.ContainsFunc(actions, func(a bridge.Action) bool { return d.ChannelNow(surface, a.Place.Channel) != a.Place.Channel }) {
		return actions
	}
	actions = slices.Clone(actions)
	for i := range actions {
		if actions[i].Verb != bridge.VerbMoveChannel {
			actions[i].Place.Channel = d.ChannelNow(surface, actions[i].Place.Channel)
		}
	}
	return actions
}

// runChannelMoves moves what is recorded of channels to their new ids, a batch at a time.
func (e *Engine) runChannelMoves(ctx context.Context) error {
	return e.every(ctx, movePause, "moving a channel", func(ctx context.Context) error {
		if len(e.directory.Load().Moves) == 0 {
			return nil
		}
		m, ok, err := store.ClaimChannelMove(ctx, e.pool)
		if err != nil || !ok {
			return err
		}
		return e.moveChannel(ctx, m)
	})
}

// moveChannel makes one pass over all that is recorded of a channel. The move has ended when a pass
// finds nothing.
func (e *Engine) moveChannel(ctx context.Context, m store.ChannelMove) error {
	var p store.MoveProgress
	for !p.Done() {
		ctx, cancel := context.WithTimeout(ctx, reportTimeout)
		var err error
		p, err = store.MoveChannelBatch(ctx, e.pool, m, p, moveRows)
		cancel()
		if err != nil {
			return err
		}
	}
	if p.Moved == 0 && time.Since(m.BeganAt) > moveAtAll {
		e.log.Info("channel moved", "account_id", m.AccountID)
		return store.EndChannelMove(ctx, e.pool, m)
	}
	return store.LeaveChannelMove(ctx, e.pool, m, moveAgain)
}
