// Package pause waits, for channels, surfaces and the engine alike: between attempts, and for what
// needs a moment.
//
// What does not belong here: how long somebody waits, and why.
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
