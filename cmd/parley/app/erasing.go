package app

import (
	"context"
	"errors"
	"time"

	"parley/channels/pause"
	"parley/store/erase"
)

const (
	eraseEvery = 5 * time.Second
	// eraseAgain is the pause before an erasure is tried again that waits for something to be applied or posted: each
	// try looks through everything.
	eraseAgain = 30 * time.Second
)

// goOnErasing goes on with erasures that were begun and have not ended, whoever began them and however that
// process ended, until ctx ends. It also keeps this machine's list of erasures whole.
func (a *App) goOnErasing(ctx context.Context) error {
	tried := map[string]time.Time{}
	listed := -1
	for pause.For(ctx, eraseEvery) {
		open, err := erase.Unfinished(ctx, a.db.Pool)
		for _, id := range open {
			if err == nil && time.Since(tried[id]) >= eraseAgain { //nolint:forbidigo // real pauses, in this process alone
				err = a.goOnWith(ctx, id, tried)
			}
		}
		done := 0
		if err == nil {
			done, err = a.listErasures(ctx, listed)
		}
		if err == nil {
			listed = done
		} else if ctx.Err() == nil {
			a.log.Error("erasure not finished", "error", err, "hint", "it is tried again")
		}
	}
	return nil
}

// goOnWith goes on with one erasure. It notes in tried when one that must wait was tried.
func (a *App) goOnWith(ctx context.Context, id string, tried map[string]time.Time) error {
	_, err := erase.Run(ctx, a.db.Erasing(a.env), id)
	switch {
	case errors.Is(err, erase.ErrWaiting):
		tried[id] = time.Now() //nolint:forbidigo // as above
		return nil
	case errors.Is(err, erase.ErrInChats), errors.Is(err, erase.ErrBusy):
		return nil
	case err == nil:
		a.log.Info("erasure finished", "erasure", id)
	}
	return err
}

// listErasures adds to this machine's list what was erased since it was last compared, when it knew so many. It
// returns how many it knows now.
func (a *App) listErasures(ctx context.Context, before int) (int, error) {
	forgotten, err := erase.Forgotten(ctx, a.db.Pool)
	if err != nil || len(forgotten) == before {
		return before, err
	}
	return len(forgotten), a.db.KeepErasures(ctx, a.env)
}
