package engine

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store/restore"
)

// readRestoreTime reads when work on this database began after its last restore from a backup: the Parley that was lost
// may have dealt with anything older. It tries until the database answers. It returns false if ctx ends before.
func (e *Engine) readRestoreTime(ctx context.Context) (ok bool) {
	for {
		err := e.readServedSince(ctx)
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}

		e.log.Warn("work can't begin yet", "error", err)
		timer := time.NewTimer(beginRetryInterval)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return false
		}
	}
}

func (e *Engine) readServedSince(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, reportTimeout)
	defer cancel()
	since, err := restore.ServedSince(ctx, e.pool)
	if err == nil {
		e.servedSince.Store(&since)
	}
	return err
}

// checkServedSince reads that time anew if it lies in the future of now, the time by the database's clock: that was ahead when
// work began, and is right now. Until then no reply would leave, since all would count as older than the restore.
func (e *Engine) checkServedSince(ctx context.Context, tx pgx.Tx, now time.Time) error {
	if !e.servedSince.Load().After(now) {
		return nil
	}
	since, err := restore.ServedSince(ctx, tx)
	if err == nil {
		e.servedSince.Store(&since)
	}
	return err
}

// beginRetryInterval is the pause between two tries to begin work while the database does not answer.
const beginRetryInterval = 200 * time.Millisecond
