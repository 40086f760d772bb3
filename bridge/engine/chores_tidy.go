package engine

import (
	"context"
	"errors"
	"time"

	"parley/store"
	"parley/store/measure"
)

const (
	tidyInterval = time.Minute
	tidyTimeout  = 10 * time.Second
	maxMarks     = 1000   // delivery queues from which outdated marks are dropped in one transaction
	maxOpenings  = 10_000 // rows of openings that are removed in one transaction

	keepShares = 182 * 24 * time.Hour // how long the figures of single conversations are kept
	maxDays    = 20                   // days that are closed in one round
)

// removeUnneeded removes rows that have expired: marks (the emoji on an agent's message that shows its state)
// that were never posted, openings (counts by which new conversations of one sender are limited), and the
// leftovers of other jobs. One failure doesn't keep the rest from being removed.
func (cs *Chores) removeUnneeded(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, tidyTimeout)
	defer cancel()
	n, err := store.DropOldMarks(ctx, cs.pool, MaxMarkAge, maxMarks)
	if n > 0 {
		cs.log.Info("old marks dropped", "conversations", n)
	}
	return errors.Join(err, store.ForgetOpenings(ctx, cs.pool, maxOpenings), cs.Analyses.removeOld(ctx), cs.closeDays(ctx))
}

// closeDays removes the figures of single conversations for days older than keepShares. The daily totals stay.
func (cs *Chores) closeDays(ctx context.Context) error {
	for range maxDays {
		more, err := measure.CloseDay(ctx, cs.pool, keepShares)
		if err != nil || !more {
			return err
		}
	}
	return nil
}
