package relay_test

import (
	"context"
	"errors"
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
	s.lane(1, 1)
	s.lane(2, 2)
	s.state(1001, store.Failed)
	s.state(2002, store.Accepted)
}

// An event is given up though the reason holds bytes that PostgreSQL does not take.
func TestUnstorableReason(t *testing.T) {
	t.Parallel()
	s := newStage(t).effects()
	s.refuses = func(e store.Event) error {
		if e.ExternalID == "bad" {
			return errors.New("nul \x00 and \xff")
		}
		return nil
	}
	s.start()
	check(t, s.Accept(t.Context(), 1, fact("k", "bad"), fact("k", "good")))
	s.eventually("1", `SELECT count(*) FROM quarantine`)
	s.eventually("good", `SELECT name FROM effects`)
}

// A provider that never answers, in as many places as it has, leaves places for others.
func TestStuckAccountDelaysNobody(t *testing.T) {
	t.Parallel()
	s := newStage(t, func(o *relay.Options) { o.Total, o.PerGate = 8, 4 })
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
		s.gate(gate, 0, 1)
		for lane := range store.GateID(4) {
			s.laneOn(gate, gate*10+lane, 1, 1)
		}
	}
	s.gate(9, 0, 1)
	s.exec(`UPDATE gates SET account_id = 2 WHERE id = 9`)
	s.start()
	s.eventually("4", `SELECT count(*) FROM deliveries WHERE state = 'sending'`)
	s.laneOn(9, 99, 1, 1)
	s.state(99001, store.Accepted)
	if n := s.text(`SELECT count(*) FROM deliveries WHERE state = 'sending'`); n != "4" {
		t.Errorf("%s attempts of the stuck account, want half of all places", n)
	}
}
