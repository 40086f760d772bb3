package bridge

import (
	"context"
	"errors"
	"time"

	"parley/store"
)

const (
	tidyEvery    = time.Minute
	tidyWithin   = 10 * time.Second
	mostMarks    = 1000 // lanes of a gate in which marks are dropped in one transaction
	mostOpenings = 10_000
)

// runTidying removes what says nothing any more, until ctx ends.
func (e *Engine) runTidying(ctx context.Context) error {
	return e.every(ctx, tidyEvery, "not tidied", e.tidy)
}

func (e *Engine) tidy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, tidyWithin)
	defer cancel()
	n, err := store.DropOldMarks(ctx, e.pool, markFor, mostMarks)
	if n > 0 {
		e.log.Info("old marks dropped", "conversations", n)
	}
	return errors.Join(err, store.ForgetOpenings(ctx, e.pool, mostOpenings))
}
