package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/channels/pause"
	"parley/store/erase"
)

const (
	eraseEvery = 5 * time.Second
	// eraseAgain is the pause before an erasure is tried again that waits for something to be applied or posted, or that failed:
	// each try looks through everything.
	eraseAgain = 30 * time.Second
)

// goOnErasing continues erasures that have not ended, also those that another process began, until ctx ends. It also keeps this
// machine's list of erasures complete, whatever becomes of single ones.
func (a *App) goOnErasing(ctx context.Context) error {
	tried := map[string]time.Time{}
	listed := -1
	for pause.For(ctx, eraseEvery) {
		open, err := erase.ListUnfinished(ctx, a.db.Pool)
		for _, id := range open {
			if time.Since(tried[id]) >= eraseAgain { //nolint:forbidigo // real pauses, in this process alone
				err = errors.Join(err, a.continueErasure(ctx, id, tried))
			}
		}

		done, listErr := a.listErasures(ctx, listed)
		if listErr == nil {
			listed = done
		}
		if err = errors.Join(err, listErr); err != nil && ctx.Err() == nil {
			a.log.Error("erasure not finished", "error", err, "hint", "it is tried again")
		}
	}

	return nil
}

// continueErasure continues one erasure. If the erasure must wait, or fails, it notes in tried when it was tried.
func (a *App) continueErasure(ctx context.Context, id string, tried map[string]time.Time) error {
	_, err := erase.Run(ctx, a.db.Erasing(a.env), id)
	if err == nil {
		a.log.Info("erasure finished", "erasure", id)
		return nil
	}
	if errors.Is(err, erase.ErrInChats) || errors.Is(err, erase.ErrBusy) { // chats, or another process, go on with it
		return nil
	}

	tried[id] = time.Now() //nolint:forbidigo // as above
	if errors.Is(err, erase.ErrWaiting) {
		return nil
	}

	return fmt.Errorf("erasure %s: %w", id, err)
}

// listErasures completes this machine's list of erasures, if the database has another number of them than before, when the list was
// completed last. It returns the present number.
func (a *App) listErasures(ctx context.Context, before int) (int, error) {
	forgotten, err := erase.ListForgotten(ctx, a.db.Pool)
	if err != nil || len(forgotten) == before {
		return before, err
	}
	return len(forgotten), a.db.KeepErasures(ctx, a.env)
}
