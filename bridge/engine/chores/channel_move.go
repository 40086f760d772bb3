package chores

import (
	"context"
	"time"

	"parley/store"
	"parley/store/channelmove"
)

// A surface may give a channel another id. From then on it knows only the new one. Parley translates the former id,
// which is still in its rows, where it uses it, and rewrites the rows in the background.

const (
	maxMoveRows   = 5000             // rows that a batch reads or moves
	moveInterval  = time.Second      // between two looks for something to move
	movePassPause = time.Minute      // until the next pass, since a batch of events that ran meanwhile may have written the former id
	minMoveTime   = 90 * time.Second // how long passes are made at least
)

// moveChannels moves what is recorded of a channel to its new id, a batch at a time.
func (cs *Chores) moveChannels(ctx context.Context) error {
	if len(cs.host.Directory().Moves) == 0 {
		return nil
	}
	m, ok, err := channelmove.Claim(ctx, cs.pool)
	if err != nil || !ok {
		return err
	}
	return cs.moveChannel(ctx, m)
}

// moveChannel makes one pass over everything that is recorded of a channel. The move has ended once a pass finds nothing.
func (cs *Chores) moveChannel(ctx context.Context, m store.ChannelMove) error {
	var p channelmove.Progress
	for !p.Done() {
		ctx, cancel := context.WithTimeout(ctx, dbTimeout)
		var err error
		p, err = channelmove.Batch(ctx, cs.pool, m, p, maxMoveRows)
		cancel()

		if err != nil {
			return err
		}
	}

	if p.Moved == 0 && time.Since(m.BeganAt) > minMoveTime {
		cs.log.Info("channel moved", "account_id", m.AccountID)
		return channelmove.End(ctx, cs.pool, m)
	}

	return channelmove.Postpone(ctx, cs.pool, m, movePassPause)
}
