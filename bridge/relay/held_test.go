package relay_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"parley/bridge/relay"
)

// While appliers are held, facts are stored but nothing is applied; afterwards all is.
func TestHeld(t *testing.T) {
	t.Parallel()
	var held atomic.Bool
	held.Store(true)
	const events = 20
	asked := make(chan struct{}, 1)
	s := newStage(t, func(o *relay.Options) {
		o.Held = func() bool {
			select {
			case asked <- struct{}{}:
			default:
			}
			return held.Load()
		}
	}).start()
	for i := range events {
		check(t, s.Accept(t.Context(), 7, fact(fmt.Sprint("k", i), fmt.Sprint("e", i))))
	}
	for range 10 { // the appliers looked again and again, and stayed
		<-asked
	}
	s.wantText(fmt.Sprint(events), queued)
	held.Store(false)
	s.waitApplied(events)
}
