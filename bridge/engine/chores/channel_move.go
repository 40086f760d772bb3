package chores

import (
	"context"
	"time"

	"parley/store"
	"parley/store/channelmove"
)

// A surface may give a channel another id. From then on it knows only the new one. What Parley has
// recorded under the former id is translated where it is used, and rewritten in the background.

const (
	moveRows  = 5000             // rows that a batch reads or moves
	movePause = time.Second      // between two looks for something to move
	moveAgain = time.Minute      // until the next pass: a batch of events that ran meanwhile may have written the former id
	moveAtAll = 90 * time.Second // passes are made for at least this long
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

// moveChannel makes one pass over all that is recorded of a channel. The move has ended when a pass
// finds nothing.
func (cs *Chores) moveChannel(ctx context.Context, m store.ChannelMove) error {
	var p channelmove.Progress
	for !p.Done() {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		var err error
		p, err = channelmove.Batch(ctx, cs.pool, m, p, moveRows)
		cancel()
		if err != nil {
			return err
		}
	}
	if p.Moved == 0 && time.Since(m.BeganAt) > moveAtAll {
		cs.log.Info("channel moved", "account_id", m.AccountID)
		return channelmove.End(ctx, cs.pool, m)
	}
	return channelmove.Leave(ctx, cs.pool, m, moveAgain)
}
