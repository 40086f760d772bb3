package relay_test

import (
	"sync/atomic"
	"testing"

	"parley/bridge/relay"
	"parley/store/storetest"
)

// While Options.Held returns true, facts are stored but nothing is applied; afterwards all is.
func TestHeldAppliersApplyNothing(t *testing.T) {
	t.Parallel()
	var isHeld atomic.Bool
	isHeld.Store(true)
	asked := make(chan struct{}, 1)
	h := newHarness(t, func(o *relay.Options) {
		o.Held = func() bool {
			select {
			case asked <- struct{}{}:
			default:
			}
			return isHeld.Load()
		}
	})
	h.start()
	const events, looks = 20, 10
	for _, f := range numberedFacts(events, "k", "e") {
		h.accept(f)
	}
	for range looks { // the appliers ask again and again, and must not begin
		storetest.Receive(t, asked, "the appliers ask whether they may begin")
	}
	h.wantValue("queued events", events, queuedEvents)

	isHeld.Store(false)
	h.waitNumberApplied(events)
}
