package engine

import (
	"testing"
	"time"

	"parley/bridge"
	"parley/store"
)

// A reply waits hours for its next attempt. When a receipt tells what became of the one before, the replies behind it in the lane leave at
// once.
func TestSettledHeadLetsTheNextLeave(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	inHours := now.Add(4 * time.Hour)
	for _, state := range []store.DeliveryState{store.Queued, store.Unknown} {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			lane := &Lane{Lane: store.Lane{ID: 10, Head: 2, Tail: 4, DueAt: &inHours}}
			o := &Outbox{Moment: &Moment{Now: now}, Lanes: map[store.LaneID]*Lane{lane.ID: lane}}
			head := &Delivery{Delivery: store.Delivery{ID: 23, LaneID: lane.ID, Seq: 3, State: state,
				DeliveryTimes: store.DeliveryTimes{NotBefore: &inHours}}}

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

// A conversation was handed to another team, whose batch took its ids from an earlier block: what was queued last has the
// lower id. The files are shown where they were posted last.
func TestLatestPostHasALowerID(t *testing.T) {
	t.Parallel()
	queued := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	post := func(id store.DeliveryID, lane store.LaneID, seq int64, at time.Time) *Delivery {
		return &Delivery{Delivery: store.Delivery{ID: id, LaneID: lane, Seq: seq, CreatedAt: at, Kind: string(bridge.PostFiles)}}
	}
	former := post(7000, 10, 1, queued)
	for name, latest := range map[string]*Delivery{
		"in the same lane": post(30, 10, 2, queued),
		"in another lane":  post(30, 11, 1, queued.Add(time.Minute)),
	} {
		o := &Outbox{
			Lanes:     map[store.LaneID]*Lane{10: {}, 11: {}},
			OfMessage: map[store.MessageID][]*Delivery{19: {latest, former}},
		}
		if got := o.FilesPost(&Message{Fresh: true, Message: store.Message{ID: 19}}); got != latest {
			t.Errorf("%s: the post of the files is delivery %d, want %d", name, got.ID, latest.ID)
		}
	}
}
