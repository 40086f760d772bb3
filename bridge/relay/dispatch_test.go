package relay_test

import (
	"context"
	"slices"
	"testing"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
	"parley/store/dispatch"
	"parley/store/storetest"
)

// Stopping the relay waits for an attempt that is under way, and stores its result.
func TestStopKeepsResults(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	begun, release := make(chan struct{}), make(chan struct{})
	h.send = func(context.Context, dispatch.Claimed) (relay.Sent, error) {
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

// Two processes that share lanes make each attempt once, and each process keeps the order of the lanes.
func TestTwoDispatchers(t *testing.T) {
	t.Parallel()
	const lanes, perLane = 12, 10
	a := newHarness(t)
	b := newHarnessOn(t, a.pool)
	for id := store.LaneID(1); id <= lanes; id++ {
		a.addLane(id, perLane)
	}
	a.start()
	b.start()
	a.waitNumberAccepted(lanes * perLane)

	attemptsOf := map[store.DeliveryID]int{}
	for _, made := range slices.Concat(a.attemptsMade(), b.attemptsMade()) {
		attemptsOf[made.Delivery]++
	}
	if len(attemptsOf) != lanes*perLane {
		t.Errorf("deliveries with an attempt: got %d, want %d", len(attemptsOf), lanes*perLane)
	}
	for id, n := range attemptsOf {
		if n != 1 {
			t.Errorf("attempts at delivery %d: got %d, want 1", id, n)
		}
	}
	a.wantLanesInOrder("the first process")
	b.wantLanesInOrder("the second process")
}

// wantLanesInOrder checks that a process has sent the deliveries of each lane in order. process names it in the
// message.
func (h *harness) wantLanesInOrder(process string) {
	h.t.Helper()
	latest := map[store.DeliveryID]store.DeliveryID{} // by lane, which is the thousands of a delivery's id
	for _, made := range h.attemptsMade() {
		lane := made.Delivery / 1000
		if made.Delivery <= latest[lane] {
			h.t.Errorf("%s: delivery %d was sent after %d, want them in their order", process, made.Delivery, latest[lane])
		}
		latest[lane] = made.Delivery
	}
}

// If a provider's answer contains bytes that PostgreSQL doesn't take, its result is stored all the same.
func TestResultWithUnstorableBytes(t *testing.T) {
	t.Parallel()
	const failing, landing = 1, 2 // lanes
	h := newHarness(t)
	h.send = func(_ context.Context, c dispatch.Claimed) (relay.Sent, error) {
		if c.LaneID == failing {
			return relay.Sent{}, &channels.SendError{Class: channels.BadContent, Text: "nul \x00 and \xff"}
		}
		return relay.Sent{ExternalID: "x\x00y", Progress: "p\x00"}, nil
	}
	h.start()
	h.addLane(failing, 1)
	h.addLane(landing, 2)
	h.waitState(deliveryID(failing, 1), store.Failed)
	h.waitState(deliveryID(landing, 2), store.Accepted)
}
