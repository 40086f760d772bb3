package wire

import (
	"context"
	"time"
)

// For waits for a duration, or until ctx ends. It returns true if ctx hasn't ended.
func For(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
