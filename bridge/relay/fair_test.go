package relay_test

import (
	"testing"

	"parley/bridge/relay"
	"parley/store"
)

// oneAtATime allows one attempt at a time behind a gate (a rate limit of a provider), so that the attempts have an
// order.
func oneAtATime(o *relay.Options) { o.PerGate = 1 }

// addOldAndNewConversations adds fifty new conversations and an old one behind gate 1. The old one has a single reply,
// whose id is returned.
func (h *harness) addOldAndNewConversations(perSecond float64) (old store.DeliveryID) {
	h.t.Helper()
	const oldLane = 1
	h.addGateWithRate(1, perSecond, 1)
	for id := store.LaneID(100); id < 150; id++ {
		h.addLaneBehind(1, lane{id: id, priority: store.PriorityRoot, deliveries: 2})
	}
	h.addLaneBehind(1, lane{id: oldLane, priority: store.PrioritySay, deliveries: 1})
	return deliveryID(oldLane, 1)
}

// waitAmongFirstFour waits until a delivery is accepted, and checks that at most three others were sent before it.
func (h *harness) waitAmongFirstFour(id store.DeliveryID) {
	h.t.Helper()
	h.waitState(id, store.Accepted)
	h.wantValue("at most three deliveries were sent before", true,
		`SELECT count(*) <= 3 FROM deliveries WHERE sent_at < (SELECT sent_at FROM deliveries WHERE id = $1)`, id)
}

// New conversations have a higher priority. But however many of them wait behind a gate, the reply of an old one is
// among the first four that are sent.
func TestOldConversationBesideManyNewOnes(t *testing.T) {
	t.Parallel()
	const withoutRate = 0
	h := newHarness(t, oneAtATime)
	old := h.addOldAndNewConversations(withoutRate)
	h.start()
	h.waitAmongFirstFour(old)
}
