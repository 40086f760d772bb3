package relay

import (
	"testing"
	"time"

	"parley/store"
)

// A run is several deliveries that leave as one message. If it is torn, nothing is sent or looked for: its deliveries
// wait as before.
func TestTornRunIsGivenBack(t *testing.T) {
	t.Parallel()
	for claimed, want := range map[store.DeliveryState]store.DeliveryState{store.Sending: store.Queued, store.Unknown: store.Unknown} {
		c := store.ClaimedDelivery{Delivery: store.Delivery{ID: 1, State: claimed}, With: []store.Delivery{{ID: 2}}, Torn: true}
		f := attempts{}.makeAttempt(t.Context(), c, nil, time.Now())
		if f.State != want || f.Advance != 0 || !f.Uncalled {
			t.Errorf("claimed as %s: got %+v, want it %s, in its place, and uncalled", claimed, f, want)
		}
		if len(f.With) != 1 || f.With[0].ID != 2 || f.With[0].State != want {
			t.Errorf("claimed as %s: got %+v for the other delivery, want it %s", claimed, f.With, want)
		}
	}
}
