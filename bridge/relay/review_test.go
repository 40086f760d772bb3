package relay_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
	"parley/store/dispatch"
)

// What a provider answers may hold bytes that PostgreSQL does not take: the result is
// written all the same, and other lanes go on.
func TestUnstorableAnswer(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.send = func(_ context.Context, c dispatch.Claimed) (relay.Sent, error) {
		if c.LaneID == 1 {
			return relay.Sent{}, &channels.SendError{Class: channels.BadContent, Text: "nul \x00 and \xff"}
		}
		return relay.Sent{ExternalID: "x\x00y", Progress: "p\x00"}, nil
	}
	s.start()
	s.addLane(1, 1)
	s.addLane(2, 2)
	s.waitState(1001, store.Failed)
	s.waitState(2002, store.Accepted)
}

// An event is given up though the reason holds bytes that PostgreSQL does not take.
func TestUnstorableReason(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.refuses = func(e store.Event) error {
		if e.ExternalID == "bad" {
			return errors.New("nul \x00 and \xff")
		}
		return nil
	}
	s.start()
	check(t, s.Accept(t.Context(), 1, fact("k", "bad"), fact("k", "good")))
	s.waitText("1", `SELECT count(*) FROM quarantine`)
	s.waitText("good", `SELECT name FROM effects`)
}

// A provider that never answers, in as many places as it has, leaves places for others.
func TestStuckAccountDelaysNobody(t *testing.T) {
	t.Parallel()
	const places, perGate = 8, 4
	s := newStage(t, func(o *relay.Options) { o.Total, o.PerGate = places, perGate })
	s.policy.RequestTimeout = time.Hour
	release := make(chan struct{})
	defer close(release)
	s.send = func(ctx context.Context, c dispatch.Claimed) (relay.Sent, error) {
		if c.GateID < 9 {
			select {
			case <-release:
			case <-ctx.Done():
			}
		}
		return relay.Sent{}, nil
	}
	for gate := store.GateID(1); gate <= 4; gate++ {
		s.addGate(gate)
		for n := range store.GateID(perGate) {
			s.addLaneBehind(gate, lane{id: gate*10 + n, priority: store.PrioritySay, deliveries: 1})
		}
	}
	s.addGate(9)
	s.exec(`UPDATE gates SET account_id = 2 WHERE id = 9`)
	s.start()
	const sending = `SELECT count(*) FROM deliveries WHERE state = 'sending'`
	s.waitText(fmt.Sprint(places/2), sending) // so many may one account have
	s.addLaneBehind(9, lane{id: 99, priority: store.PrioritySay, deliveries: 1})
	s.waitState(99001, store.Accepted)
	s.wantText(fmt.Sprint(places/2), sending)
}
