package engine

import (
	"context"
	"errors"
	"time"

	"parley/bridge/engine/outbound"
	"parley/store"
)

const (
	tidyEvery    = time.Minute
	tidyWithin   = 10 * time.Second
	mostMarks    = 1000   // lanes of a gate in which marks are dropped in one transaction
	mostOpenings = 10_000 // rows of openings that are removed in one transaction
	oldWords     = 500    // conversations that are made findable in one transaction
)

// runTidying removes old marks and old rows of openings, until ctx ends. First, it makes old
// conversations findable, once in the life of a database.
func (e *Engine) runTidying(ctx context.Context) error {
	e.keepOldWords(ctx)
	return e.every(ctx, tidyEvery, "tidying", e.tidy)
}

func (e *Engine) keepOldWords(ctx context.Context) {
	for more := true; more && ctx.Err() == nil; {
		batch, cancel := context.WithTimeout(ctx, tidyWithin)
		var err error
		if more, err = store.KeepOldWords(batch, e.pool, oldWords); err != nil && ctx.Err() == nil {
			e.log.Warn("older conversations are not findable yet", "error", err)
		}
		cancel()
	}
}

func (e *Engine) tidy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, tidyWithin)
	defer cancel()
	n, err := store.DropOldMarks(ctx, e.pool, outbound.MarkFor, mostMarks)
	if n > 0 {
		e.log.Info("old marks dropped", "conversations", n)
	}
	return errors.Join(err, store.ForgetOpenings(ctx, e.pool, mostOpenings))
}
