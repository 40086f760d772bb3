package chores

import (
	"context"
	"errors"
	"time"

	"parley/bridge/engine/outbound"
	"parley/store"
	"parley/store/dispatch"
	"parley/store/measure"
)

const (
	tidyInterval = time.Minute
	tidyTimeout  = 10 * time.Second
	maxMarks     = 1000   // lanes of a gate in which marks are dropped in one transaction
	maxOpenings  = 10_000 // rows of openings that are removed in one transaction
	wordsBatch   = 500    // conversations that are made findable in one transaction

	keepShares = 182 * 24 * time.Hour // after which a day of figures is closed
	maxDays    = 20                   // days that are closed in one round
)

// keepOldWords makes conversations findable that were stored by a version that didn't index their words.
func (cs *Chores) keepOldWords(ctx context.Context) {
	for more := true; more && ctx.Err() == nil; {
		batch, cancel := context.WithTimeout(ctx, tidyTimeout)
		var err error
		more, err = store.KeepOldWords(batch, cs.pool, wordsBatch)
		if err != nil && ctx.Err() == nil {
			cs.log.Warn("older conversations are not findable yet", "error", err)
		}
		cancel()
	}
}

// removeUnneeded removes what nobody needs any more.
func (cs *Chores) removeUnneeded(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, tidyTimeout)
	defer cancel()
	n, err := dispatch.DropOldMarks(ctx, cs.pool, outbound.MaxMarkAge, maxMarks)
	if n > 0 {
		cs.log.Info("old marks dropped", "conversations", n)
	}
	return errors.Join(err, store.ForgetOpenings(ctx, cs.pool, maxOpenings), cs.Analyses.removeOld(ctx), cs.closeDays(ctx))
}

// closeDays removes what single conversations contributed to the figures of days long ago. The sums stay.
func (cs *Chores) closeDays(ctx context.Context) error {
	for range maxDays {
		more, err := measure.CloseDay(ctx, cs.pool, keepShares)
		if err != nil || !more {
			return err
		}
	}
	return nil
}
