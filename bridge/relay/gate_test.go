package relay_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// A gate is one budget of a provider that several lanes spend. Attempts behind different gates must not delay one another.

// These queries count deliveries that are being sent.
const (
	sendingDeliveries       = `SELECT count(*) FROM deliveries WHERE state = 'sending'`
	sendingDeliveriesOfGate = `SELECT count(*) FROM deliveries AS d JOIN lanes AS l ON l.id = d.lane_id
		WHERE d.state = 'sending' AND l.gate_id = $1`
)

// stickBehindGate returns a send that doesn't return for some gates until release is closed.
func stickBehindGate(isStuck func(store.GateID) bool, release <-chan struct{}) func(context.Context, store.ClaimedDelivery) (relay.Sent, error) {
	return func(ctx context.Context, c store.ClaimedDelivery) (relay.Sent, error) {
		if isStuck(c.GateID) {
			select {
			case <-release:
			case <-ctx.Done():
			}
		}
		return relay.Sent{}, nil
	}
}

// Attempts that are stuck behind one gate don't delay those behind another. Behind a gate only PerGate attempts are
// made at once.
func TestStuckGateDelaysNobody(t *testing.T) {
	t.Parallel()
	const stuckGate, freeGate = 1, 2
	const perGate, lanes, perFreeLane = 2, 5, 2
	h := newHarness(t, func(o *relay.Options) { o.PerGate = perGate })
	h.policy.RequestTimeout = time.Hour
	release := make(chan struct{})
	defer close(release)
	h.send = stickBehindGate(func(gate store.GateID) bool { return gate == stuckGate }, release)
	h.addGate(stuckGate)
	h.addGate(freeGate)
	for n := range store.LaneID(lanes) {
		h.addLaneBehind(stuckGate, lane{id: 1 + n, priority: store.PrioritySay, deliveries: 1})
		h.addLaneBehind(freeGate, lane{id: 101 + n, priority: store.PrioritySay, deliveries: perFreeLane})
	}

	h.start()
	h.waitNumberAccepted(lanes * perFreeLane) // all that are behind the free gate
	h.waitValue("deliveries that are stuck", perGate, sendingDeliveriesOfGate, stuckGate)
}

// If a provider never answers, its account takes only half of all places, so other accounts still have some.
func TestStuckAccountDelaysNobody(t *testing.T) {
	t.Parallel()
	const places, perGate = 8, 4
	const mostOfAccount = places / 2
	const stuckGates, otherGate = 4, 9
	h := newHarness(t, func(o *relay.Options) {
		o.Total = places
		o.PerGate = perGate
	})
	h.policy.RequestTimeout = time.Hour
	release := make(chan struct{})
	defer close(release)
	h.send = stickBehindGate(func(gate store.GateID) bool { return gate != otherGate }, release)

	for gate := store.GateID(1); gate <= stuckGates; gate++ {
		h.addGate(gate)
		for n := range store.LaneID(perGate) {
			h.addLaneBehind(gate, lane{id: 10*store.LaneID(gate) + n, priority: store.PrioritySay, deliveries: 1})
		}
	}

	h.addGate(otherGate)
	h.exec(`UPDATE gates SET account_id = 2 WHERE id = $1`, otherGate)
	h.start()
	h.waitValue("deliveries that are being sent", mostOfAccount, sendingDeliveries)

	const otherLane = 99
	h.addLaneBehind(otherGate, lane{id: otherLane, priority: store.PrioritySay, deliveries: 1})
	h.waitState(deliveryID(otherLane, 1), store.Accepted)
	h.wantValue("deliveries that are being sent, still", mostOfAccount, sendingDeliveries)
}

// When a provider throttles a gate, all lanes behind that gate wait for as long as the provider says, and no other
// lanes do. Nothing is sent in vain meanwhile.
func TestThrottledGateHoldsItsLanes(t *testing.T) {
	t.Parallel()
	const throttledGate, otherGate = 1, 2
	const firstLane, secondLane, otherLane, perOtherLane = 1, 2, 101, 3
	throttled, behind := deliveryID(firstLane, 1), deliveryID(secondLane, 1)
	h := newHarness(t, oneAtATime)
	h.send = func(_ context.Context, c store.ClaimedDelivery) (relay.Sent, error) {
		if c.ID == throttled && c.Attempt == 1 {
			return relay.Sent{}, &channels.SendError{Class: channels.Throttled, Wait: time.Hour}
		}
		return relay.Sent{}, nil
	}

	h.addGate(throttledGate)
	h.addGate(otherGate)
	h.addLaneBehind(throttledGate, lane{id: firstLane, priority: store.PriorityRoot, deliveries: 1})
	h.addLaneBehind(throttledGate, lane{id: secondLane, priority: store.PrioritySay, deliveries: 1})
	h.addLaneBehind(otherGate, lane{id: otherLane, priority: store.PrioritySay, deliveries: perOtherLane})

	h.start()
	h.waitNumberAcceptedOf(otherLane, perOtherLane)
	h.waitQueuedAgain(throttled, channels.Throttled)
	h.waitState(behind, store.Queued)

	h.openGate(throttledGate)
	h.waitState(throttled, store.Accepted)
	h.waitState(behind, store.Accepted)
	h.wantAttemptsAt(throttled, 2)
	h.wantAttemptsAt(behind, 1)
}

// After an outage a conversation's card follows the first post that lands.
func TestCardAfterAnOutage(t *testing.T) {
	t.Parallel()
	const sayLane, cardLane = 1, 2
	h := newHarness(t)
	var isOver atomic.Bool
	h.send = func(_ context.Context, c store.ClaimedDelivery) (relay.Sent, error) {
		if isOver.Load() {
			return relay.Sent{}, nil
		}
		wait := 20 * time.Millisecond
		if c.LaneID == cardLane {
			wait = time.Hour
		}
		return relay.Sent{}, &channels.SendError{Class: channels.Retry, Wait: wait}
	}
	h.addGate(1)
	h.addLaneBehind(1, lane{id: sayLane, priority: store.PrioritySay, deliveries: 1})
	h.addLaneBehind(1, lane{id: cardLane, priority: store.PriorityCard, deliveries: 1})
	h.exec(`UPDATE lanes SET conversation_id = 1`)
	h.start()
	h.waitQueuedAgain(deliveryID(sayLane, 1), channels.Retry)
	h.waitQueuedAgain(deliveryID(cardLane, 1), channels.Retry)
	isOver.Store(true)
	h.waitState(deliveryID(cardLane, 1), store.Accepted)
}
