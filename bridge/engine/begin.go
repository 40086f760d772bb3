package engine

import (
	"context"
	"time"

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

func (e *Engine) readServedSince(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, reportTimeout)
	defer cancel()
	e.servedSince, err = restore.ServedSince(ctx, e.pool)
	return err
}

// beginRetryInterval is the pause between two tries to begin work while the database does not answer.
const beginRetryInterval = 200 * time.Millisecond
