package engine

import (
	"context"
	"sync/atomic"
	"time"

	"parley/store"
)

// beginRetryInterval is the pause between two attempts to read the restore time while the database does not answer.
const beginRetryInterval = 200 * time.Millisecond

// readRestoreTime sets servedSince before any other work begins. It retries until the database answers, and returns false if ctx
// ends first.
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

// servedSince is the time at which work began after the database was last restored from a backup. Requests older than that may have
// been carried out by the installation that was lost. For example, a reply that was waiting in the backup may have reached its
// customer already, so it must not be sent again without asking. It is safe for concurrent use.
type servedSince struct{ at atomic.Pointer[time.Time] }

// time returns the zero time if the database was never restored.
func (s *servedSince) time() time.Time {
	if at := s.at.Load(); at != nil {
		return *at
	}
	return time.Time{}
}

func (s *servedSince) read(ctx context.Context, q store.Querier) error {
	ctx, cancel := context.WithTimeout(ctx, reportTimeout)
	defer cancel()
	at, err := store.ServedSince(ctx, q)
	if err != nil {
		return err
	}
	s.at.Store(&at)
	return nil
}
