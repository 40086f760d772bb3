package relay

import (
	"context"
	"time"
)

const (
	storeTimeout   = 30 * time.Second       // how long the database may take over one thing
	backoffOnError = 500 * time.Millisecond // before something that failed is tried again
)

// waitFor waits until done is closed, but not for longer than d, and reports whether it is.
func waitFor(done <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// withGrace returns a context that ends grace after parent does.
func withGrace(parent context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(parent))
	stop := context.AfterFunc(parent, func() {
		timer := time.AfterFunc(grace, cancel)
		context.AfterFunc(ctx, func() { timer.Stop() })
	})
	return ctx, func() { stop(); cancel() }
}
