package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parley/channels/wire"
	"parley/store/erase"
)

// An erasure deletes everything that Parley keeps of a customer who asked for it. It can take a while: messages in
// Slack have to be deleted, too, and deliveries that are in flight have to end first. An erasure is therefore a row of
// the database, and every process continues the unfinished ones in the background. This machine also keeps a list of
// erasures in a file beside its backups, so that a restored backup doesn't bring erased customers back.

const (
	// eraseInterval is the time between two looks for unfinished erasures.
	eraseInterval = 5 * time.Second
	// eraseRetryPause is the pause before an erasure that failed, or that has to wait, is tried again. Each try
	// searches all data.
	eraseRetryPause = 30 * time.Second
)

// continueErasures continues unfinished erasures, also those that another process began, until ctx ends. It also keeps
// this machine's list of erasures complete, even if single erasures fail.
func (a *App) continueErasures(ctx context.Context) error {
	tried := map[string]time.Time{} // when an erasure was tried last, by its id
	listed := erasureCounts{-1, -1} // when the list was last completed; -1: never
	for wire.For(ctx, eraseInterval) {
		unfinished, err := erase.ListUnfinished(ctx, a.db.Pool)
		for _, id := range unfinished {
			if time.Since(tried[id]) >= eraseRetryPause { //nolint:forbidigo // real pauses, in this process alone
				err = errors.Join(err, a.continueErasure(ctx, id, tried))
			}
		}

		counts, listErr := a.completeList(ctx, listed)
		if listErr == nil {
			listed = counts
		}
		err = errors.Join(err, listErr)
		if err != nil && ctx.Err() == nil {
			a.log.Error("erasure not finished", "error", err, "hint", "it is tried again")
		}
	}

	return nil
}

// continueErasure continues one erasure. If the erasure has to wait, or fails, the time is recorded in tried.
func (a *App) continueErasure(ctx context.Context, id string, tried map[string]time.Time) error {
	_, err := erase.Run(ctx, a.db.Erasing(a.env), id)
	if err == nil {
		a.log.Info("erasure finished", "erasure", id)
		return nil
	}
	isWithOthers := errors.Is(err, erase.ErrInChats) || errors.Is(err, erase.ErrBusy) // the chats or another process continue it
	if isWithOthers {
		return nil
	}

	tried[id] = time.Now() //nolint:forbidigo // as above
	if errors.Is(err, erase.ErrWaiting) {
		return nil
	}

	return fmt.Errorf("erasure %s: %w", id, err)
}

// erasureCounts are the numbers of erasures that have begun only, and of those whose contacts the database has forgotten. If
// both stay, so does the list: an erasure begins, is forgotten, and is never removed.
type erasureCounts struct{ begun, forgotten int }

// completeList adds missing erasures to this machine's list, unless their numbers in the database are still those at
// the last call (before). It returns the present numbers.
func (a *App) completeList(ctx context.Context, before erasureCounts) (erasureCounts, error) {
	begun, err := erase.ListBegun(ctx, a.db.Pool)
	if err != nil {
		return before, err
	}
	forgotten, err := erase.ListForgotten(ctx, a.db.Pool)
	if err != nil {
		return before, err
	}

	now := erasureCounts{begun: len(begun), forgotten: len(forgotten)}
	if now == before {
		return before, nil
	}
	return now, a.db.KeepErasures(ctx, a.env)
}
