package relay_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
	"parley/store/dispatch"
)

// A stuck attempt in one place delays nobody else; a gate has so many places and no more.
func TestStuckGateDelaysNobody(t *testing.T) {
	t.Parallel()
	const perGate = 2
	s := newStage(t, func(o *relay.Options) { o.PerGate = perGate })
	release := make(chan struct{})
	defer close(release)
	s.send = func(_ context.Context, c dispatch.Claimed) (relay.Sent, error) {
		if c.LaneID < 100 {
			<-release
		}
		return relay.Sent{}, nil
	}
	const stuck, free = 1, 2 // gates
	s.addGate(stuck)
	s.addGate(free)
	const lanes, each = 5, 2
	for n := range store.GateID(lanes) {
		s.addLaneBehind(stuck, lane{id: 1 + n, priority: store.PrioritySay, deliveries: 1})
		s.addLaneBehind(free, lane{id: 101 + n, priority: store.PrioritySay, deliveries: each})
	}
	s.start()
	s.waitText(fmt.Sprint(lanes*each), `SELECT count(*) FROM deliveries WHERE lane_id > 100 AND state = 'accepted'`)
	s.waitText(fmt.Sprint(perGate), `SELECT count(*) FROM deliveries WHERE lane_id < 100 AND state = 'sending'`)
}

// A throttled gate holds all its lanes for the time the provider names, and only them;
// nothing is sent in vain meanwhile.
func TestThrottledGateHoldsItsLanes(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(o *relay.Options) { o.PerGate = 1 })
	s.send = func(_ context.Context, c dispatch.Claimed) (relay.Sent, error) {
		if c.LaneID < 100 && c.Attempt == 1 && c.ID == 1001 {
			return relay.Sent{}, &channels.SendError{Class: channels.Throttled, Wait: time.Hour}
		}
		return relay.Sent{}, nil
	}
	s.addGate(1)
	s.addGate(2)
	s.addLaneBehind(1, lane{id: 1, priority: store.PriorityRoot, deliveries: 1})
	s.addLaneBehind(1, lane{id: 2, priority: store.PrioritySay, deliveries: 1})
	s.addLaneBehind(2, lane{id: 101, priority: store.PrioritySay, deliveries: 3})
	s.start()
	s.waitText("3", `SELECT count(*) FROM deliveries WHERE lane_id = 101 AND state = 'accepted'`)
	s.waitText("throttled", `SELECT error_class FROM deliveries WHERE id = 1001`)
	s.waitState(2001, "queued")
	s.exec(`UPDATE gates SET next_at = clock_timestamp() WHERE id = 1`)
	s.Wake()
	s.waitState(1001, "accepted")
	s.waitState(2001, "accepted")
	if got := strings.Fields(s.attemptsMade()); countPrefixed(got, "1001:") != 2 || countPrefixed(got, "2001:") != 1 {
		t.Errorf("the attempts were %q, want two at 1001 and one at 2001", got)
	}
}

// Stopping waits for what is under way and keeps its result.
func TestStopKeepsResults(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	begun, release := make(chan struct{}), make(chan struct{})
	s.send = func(context.Context, dispatch.Claimed) (relay.Sent, error) {
		close(begun)
		<-release
		return relay.Sent{}, nil
	}
	s.addLane(1, 1)
	s.start()
	<-begun
	stopped := make(chan struct{})
	go func() { s.stop(); close(stopped) }()
	close(release)
	<-stopped
	s.waitState(1001, "accepted")
}

// Two processes share lanes without doing anything twice or out of order.
func TestTwoDispatchers(t *testing.T) {
	t.Parallel()
	a := newStage(t)
	b := stageOn(t, a.pool)
	const lanes, each = 12, 10
	for lane := store.GateID(1); lane <= lanes; lane++ {
		a.addLane(lane, each)
	}
	a.start()
	b.start()
	a.waitText("0", `SELECT count(*) FROM deliveries WHERE state <> 'accepted'`)
	all := strings.Fields(a.attemptsMade() + " " + b.attemptsMade())
	if len(all) != lanes*each {
		t.Errorf("%d attempts were made, want %d", len(all), lanes*each)
	}
	slices.Sort(all)
	if different := slices.Compact(all); len(different) != lanes*each {
		t.Errorf("%d of the attempts are different, want %d: %q", len(different), lanes*each, different)
	}
	for name, s := range map[string]*stage{"a": a, "b": b} {
		last := map[int]int{} // by lane
		for _, made := range strings.Fields(s.attemptsMade()) {
			delivery, attempt := 0, 0
			if _, err := fmt.Sscanf(made, "%d:%d", &delivery, &attempt); err != nil {
				t.Fatal(err)
			}
			lane := delivery / 1000
			if last[lane] >= delivery {
				t.Errorf("process %s sent %d after %d, want each lane in its order", name, delivery, last[lane])
			}
			last[lane] = delivery
		}
	}
}

// countPrefixed counts the texts that begin with a prefix.
func countPrefixed(list []string, prefix string) (n int) {
	for _, s := range list {
		if strings.HasPrefix(s, prefix) {
			n++
		}
	}
	return n
}

// An attempt that found that nothing may leave yet takes no turn from others behind the same gate.
func TestUncalledTakesNoTurn(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.send = func(_ context.Context, c dispatch.Claimed) (relay.Sent, error) {
		if c.LaneID == 1 {
			return relay.Sent{Uncalled: true}, &channels.SendError{Class: channels.Retry, Wait: time.Hour, Text: "Not yet."}
		}
		return relay.Sent{}, nil
	}
	s.addGateWithRate(1, 0.001, 1) // one call, and the next a quarter of an hour later
	s.addLaneBehind(1, lane{id: 1, priority: store.PriorityRoot, deliveries: 1})
	s.addLaneBehind(1, lane{id: 2, priority: store.PrioritySay, deliveries: 1})
	s.start()
	s.waitState(2001, store.Accepted)
	s.waitState(1001, store.Queued)
}
