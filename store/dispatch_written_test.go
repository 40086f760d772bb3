package store_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"parley/store"
	"parley/store/storetest"
)

// A delivery is read as it was written, each column in its place. A changed lane is stored as it was given.
func TestDeliveriesAndLanesAsWritten(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	newDueLane(t, pool, 1, newGate(t, pool, "g", 0, 1), 1, 0)
	at := func(hour int) *time.Time {
		when := time.Date(2026, 1, 2, hour, 0, 0, 0, time.UTC)
		return &when
	}
	whole := store.Delivery{
		ID:        2,
		LaneID:    1,
		Seq:       3,
		MessageID: 4,
		Kind:      "kind",
		Payload:   []byte(`{"a": 1}`),
		State:     store.Failed,
		OrderBy:   "order",
		Attempt:   5,
		Part:      6,
		DeliveryTimes: store.DeliveryTimes{
			NotBefore: at(1),
			FirstAt:   at(2),
			SentAt:    at(3),
			AbsentAt:  at(4),
			WarnedAt:  at(5),
		},
		ExternalID: "external",
		Progress:   "progress",
		ErrorClass: "class",
		ErrorText:  "text",
		CreatedAt:  *at(6),
		Joining:    store.Joining{JoinKey: "key", JoinSize: 7, Joined: 8},
	}

	least := store.Delivery{ID: 3, LaneID: 1, Seq: 4, Kind: "kind", State: store.Queued, CreatedAt: *at(7), Joining: store.Joining{Joined: 8}}
	unclean := least
	unclean.ErrorText = "a\xffb\x00c"
	check(t, store.InsertDeliveries(t.Context(), pool, []store.Delivery{whole, unclean}))
	check(t, store.InsertDeliveries(t.Context(), pool, nil))
	least.Payload, least.ErrorText = []byte("{}"), "a\uFFFDbc"

	var p store.Pipeline
	var got []store.Delivery
	p.JoinedTo(&got, []store.DeliveryID{8})
	check(t, p.Run(t.Context(), pool))
	want := []store.Delivery{whole, least}
	if a, b := must(json.Marshal(got))(t), must(json.Marshal(want))(t); !bytes.Equal(a, b) {
		t.Errorf("written\n%s\nread\n%s", b, a)
	}

	check(t,
		store.UpdateLanes(t.Context(), pool, []store.Lane{{ID: 1, Tail: 2, DueAt: at(1), Priority: 3, GateID: 4, LeaseSeconds: 5, Epoch: 6}}))
	check(t, store.UpdateLanes(t.Context(), pool, nil))
	if got, want := row(t, pool, `SELECT tail, due_at AT TIME ZONE 'UTC', priority, gate_id, lease_seconds, epoch
		FROM lanes`), `(2,"2026-01-02 01:00:00",3,4,5,6)`; got != want {
		t.Errorf("the lane is %s, want %s", got, want)
	}
	check(t, store.UpdateLanes(t.Context(), pool, []store.Lane{{ID: 1}}))
	if got := row(t, pool, `SELECT due_at FROM lanes`); got != "()" {
		t.Errorf("the lane is due at %s, want never", got)
	}
}
