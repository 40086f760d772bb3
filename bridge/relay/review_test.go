package relay_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// What a provider answers may hold bytes that PostgreSQL does not take: the result is
// written all the same, and other lanes go on.
func TestUnstorableAnswer(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.send = func(_ context.Context, c store.Claimed) (relay.Sent, error) {
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
	s.apply = func(_ context.Context, _ pgx.Tx, events []store.Event) error {
		for _, e := range events {
			if e.ExternalID == "bad" {
				return &relay.EventError{EventID: e.ID, Err: errors.New("nul \x00 and \xff")}
			}
		}
		return nil
	}
	s.start()
	check(t, s.Accept(t.Context(), 1, fact("k", "bad"), fact("k", "good")))
	s.eventually("1", `SELECT count(*) FROM quarantine`)
	s.eventually("good", `SELECT name FROM effects`)
}
