package relay_test

import (
	"context"
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
	s := newStage(t, func(o *relay.Options) { o.PerGate = 2 }).effects()
	release := make(chan struct{})
	defer close(release)
	s.send = func(_ context.Context, c dispatch.Claimed) (relay.Sent, error) {
		if c.LaneID < 100 {
			<-release
		}
		return relay.Sent{}, nil
	}
	s.gate(1, 0, 1)
	s.gate(2, 0, 1)
	for lane := store.GateID(1); lane <= 5; lane++ {
		s.laneOn(1, lane, 1, 1)
		s.laneOn(2, 100+lane, 1, 2)
	}
	s.start()
	s.eventually("10", `SELECT count(*) FROM deliveries WHERE lane_id > 100 AND state = 'accepted'`)
	s.eventually("2", `SELECT count(*) FROM deliveries WHERE lane_id < 100 AND state = 'sending'`)
}

// A throttled gate holds all its lanes for the time the provider names, and only them;
// nothing is sent in vain meanwhile.
func TestThrottledGateHoldsItsLanes(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(o *relay.Options) { o.PerGate = 1 }).effects()
	s.send = func(_ context.Context, c dispatch.Claimed) (relay.Sent, error) {
		if c.LaneID < 100 && c.Attempt == 1 && c.ID == 1001 {
			return relay.Sent{}, &channels.SendError{Class: channels.Throttled, Wait: time.Hour}
		}
		return relay.Sent{}, nil
	}
	s.gate(1, 0, 1)
	s.gate(2, 0, 1)
	s.sends = []string{""}
	s.laneOn(1, 1, 0, 1)
	s.laneOn(1, 2, 1, 1)
	s.laneOn(2, 101, 1, 3)
	s.start()
	s.eventually("3", `SELECT count(*) FROM deliveries WHERE lane_id = 101 AND state = 'accepted'`)
	s.eventually("throttled", `SELECT error_class FROM deliveries WHERE id = 1001`)
	s.state(2001, "queued")
	s.exec(`UPDATE gates SET next_at = clock_timestamp() WHERE id = 1`)
	s.Wake()
	s.state(1001, "accepted")
	s.state(2001, "accepted")
	if got := s.sent(); strings.Count(got, " 1001:") != 2 || strings.Count(got, " 2001:") != 1 {
		t.Errorf("attempts %s", got)
	}
}

// Stopping waits for what is under way and keeps its result.
func TestStopKeepsResults(t *testing.T) {
	t.Parallel()
	s := newStage(t).effects()
	begun, release := make(chan struct{}), make(chan struct{})
	s.send = func(context.Context, dispatch.Claimed) (relay.Sent, error) {
		close(begun)
		<-release
		return relay.Sent{}, nil
	}
	s.lane(1, 1)
	s.start()
	<-begun
	stopped := make(chan struct{})
	go func() { s.stop(); close(stopped) }()
	close(release)
	<-stopped
	s.state(1001, "accepted")
}

// Two processes share lanes without doing anything twice or out of order.
func TestTwoDispatchers(t *testing.T) {
	t.Parallel()
	a := newStage(t).effects()
	b := stageOn(t, a.pool)
	const lanes, each = 12, 10
	for lane := store.GateID(1); lane <= lanes; lane++ {
		a.lane(lane, each)
	}
	a.start()
	b.start()
	a.eventually("0", `SELECT count(*) FROM deliveries WHERE state <> 'accepted'`)
	all := strings.Fields(a.sent() + " " + b.sent())
	slices.Sort(all)
	if len(all) != lanes*each || len(slices.Compact(all)) != lanes*each {
		t.Errorf("%d attempts, %d different, want %d", len(all), len(slices.Compact(all)), lanes*each)
	}
	for name, s := range map[string]*stage{"a": a, "b": b} {
		last := map[string]string{}
		for _, id := range strings.Fields(s.sent()) {
			lane := id[:strings.Index(id, ":")-3]
			if last[lane] >= id {
				t.Errorf("%s sent %s after %s", name, id, last[lane])
			}
			last[lane] = id
		}
	}
}

// An attempt that found that nothing may leave yet takes no turn from others behind the same gate.
func TestUncalledTakesNoTurn(t *testing.T) {
	t.Parallel()
	s := newStage(t).effects()
	s.send = func(_ context.Context, c dispatch.Claimed) (relay.Sent, error) {
		if c.LaneID == 1 {
			return relay.Sent{Uncalled: true}, &channels.SendError{Class: channels.Retry, Wait: time.Hour, Text: "Not yet."}
		}
		return relay.Sent{}, nil
	}
	s.gate(1, 0.001, 1) // one call, and the next a quarter of an hour later
	s.laneOn(1, 1, 0, 1)
	s.laneOn(1, 2, 1, 1)
	s.start()
	s.state(2001, store.Accepted)
	s.state(1001, store.Queued)
}
