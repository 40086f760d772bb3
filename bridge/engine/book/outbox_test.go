package book

import (
	"testing"
	"time"

	"parley/store"
)

// A reply waits hours for its next attempt. When a receipt tells what became of the one before, the replies behind it in the lane leave at
// once.
func TestSettledHeadLetsTheNextLeave(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	inHours := now.Add(4 * time.Hour)
	for _, state := range []string{store.Queued, store.Unknown} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			lane := &Lane{Lane: store.Lane{ID: 10, Head: 2, Tail: 4, DueAt: &inHours}}
			o := &Outbox{Moment: &Moment{Now: now}, Lanes: map[store.LaneID]*Lane{lane.ID: lane}}
			head := &Delivery{Delivery: store.Delivery{ID: 23, LaneID: lane.ID, Seq: 3, State: state, NotBefore: &inHours}}

			o.Settle(head, store.Delivered)

			if head.State != store.Delivered || head.NotBefore != nil {
				t.Errorf("the reply is %s until %v, want %s without a time", head.State, head.NotBefore, store.Delivered)
			}
			if !lane.DueAt.Equal(now) {
				t.Errorf("its lane is due at %v, want now, %v", lane.DueAt, now)
			}
		})
	}
}
