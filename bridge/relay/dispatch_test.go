package relay_test

import (
	"context"
	"testing"

	"parley/bridge/relay"
	"parley/store"
	"parley/store/storetest"
)

// Stopping the relay waits for an attempt that is under way, and stores its result.
func TestStopKeepsResults(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	begun, release := make(chan struct{}), make(chan struct{})
	h.send = func(context.Context, store.ClaimedDelivery) (relay.Sent, error) {
		close(begun)
		<-release
		return relay.Sent{}, nil
	}
	reply := h.addReply()
	h.start()
	h.accept(fact("k", "a"))
	h.waitNumberApplied(1)
	storetest.Receive(t, begun, "the attempt has begun")

	stopped := make(chan struct{})
	go func() {
		h.stop()
		close(stopped)
	}()

	h.waitValue("appliers that work", 0, `SELECT count(*) FROM holders`) // the relay is stopping
	close(release)
	storetest.Receive(t, stopped, "the relay has stopped")
	h.waitState(reply, store.Accepted)
}
