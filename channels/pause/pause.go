// Package pause waits for a duration, or until a context ends. Channels, surfaces and the engine use it, for example
// between two attempts.
//
// What does not belong here: how long to wait, and why.
package pause

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
