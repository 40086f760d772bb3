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
	tidyEvery    = time.Minute
	tidyWithin   = 10 * time.Second
	mostMarks    = 1000   // lanes of a gate in which marks are dropped in one transaction
	mostOpenings = 10_000 // rows of openings that are removed in one transaction
	oldWords     = 500    // conversations that are made findable in one transaction

	keepShares = 182 * 24 * time.Hour // then a day of figures is closed
	mostDays   = 20                   // that are closed in one round
)

func (cs *Chores) keepOldWords(ctx context.Context) {
	for more := true; more && ctx.Err() == nil; {
		batch, cancel := context.WithTimeout(ctx, tidyWithin)
		var err error
		if more, err = store.KeepOldWords(batch, cs.pool, oldWords); err != nil && ctx.Err() == nil {
			cs.log.Warn("older conversations are not findable yet", "error", err)
		}
		cancel()
	}
}

func (cs *Chores) tidy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, tidyWithin)
	defer cancel()
	n, err := dispatch.DropOldMarks(ctx, cs.pool, outbound.MarkFor, mostMarks)
	if n > 0 {
		cs.log.Info("old marks dropped", "conversations", n)
	}
	return errors.Join(err, store.ForgetOpenings(ctx, cs.pool, mostOpenings), cs.Analyses.tidy(ctx), cs.closeDays(ctx))
}

// closeDays drops what single conversations contributed to the figures of days long ago.
func (cs *Chores) closeDays(ctx context.Context) error {
	for range mostDays {
		if more, err := measure.CloseDay(ctx, cs.pool, keepShares); err != nil || !more {
			return err
		}
	}
	return nil
}
