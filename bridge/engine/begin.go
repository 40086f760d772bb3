package engine

import (
	"context"
	"sync/atomic"
	"time"

	"parley/store"
	"parley/store/restore"
)

// readRestoreTime reads when work on this database began after its last restore from a backup: the Parley that was lost
// may have dealt with anything older. It tries until the database answers. It returns false if ctx ends before.
func (e *Engine) readRestoreTime(ctx context.Context) (ok bool) {
	for {
		err := e.servedSince.read(ctx, e.pool)
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

// servedSince is when work began after the last restore from a backup: what agents asked for before may have been done by the Parley
// that was lost. It is safe for concurrent use.
type servedSince struct{ at atomic.Pointer[time.Time] }

// time returns that time; the zero time if there was no restore.
func (s *servedSince) time() time.Time {
	if at := s.at.Load(); at != nil {
		return *at
	}
	return time.Time{}
}

func (s *servedSince) read(ctx context.Context, q store.Querier) error {
	ctx, cancel := context.WithTimeout(ctx, reportTimeout)
	defer cancel()
	at, err := restore.ServedSince(ctx, q)
	if err == nil {
		s.at.Store(&at)
	}
	return err
}

// readIfAhead reads the time again if it is after now, the time by the database's clock. That clock was ahead when work began, and was
// put right since. Without a new reading no reply would leave, because all would count as older than the restore.
func (s *servedSince) readIfAhead(ctx context.Context, q store.Querier, now time.Time) error {
	if !s.time().After(now) {
		return nil
	}
	return s.read(ctx, q)
}

// beginRetryInterval is the pause between two tries to begin work while the database does not answer.
const beginRetryInterval = 200 * time.Millisecond
