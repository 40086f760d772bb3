package relay

import (
	"errors"
	"testing"
	"time"

	"parley/store"
)

// slowHandler decodes each event as its id, at once but for one, which it decodes only after release is closed.
type slowHandler struct {
	Handler
	slow    store.EventID
	release chan struct{}
}

func (h slowHandler) Decode(e store.Event, _ []byte) (any, error) {
	if e.ID == h.slow {
		<-h.release
	}
	return e.ID, nil
}

// longEnough is a time in which each event is decoded but one that waits for release.
const longEnough = time.Hour

// wantDecoded checks that an event is decoded, as its id.
func wantDecoded(t *testing.T, d *decoder, id store.EventID) {
	t.Helper()
	value, err := d.decode(t.Context(), store.Event{ID: id}, longEnough)
	if err != nil {
		t.Fatalf("event %d: %v", id, err)
	}
	if value != id {
		t.Errorf("event %d: got %v, want its id", id, value)
	}
}

// An event that takes long to decode doesn't hold up the events behind it. When it is asked for again, its value is there.
func TestSlowEventHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	const slow = 2
	h := slowHandler{slow: slow, release: make(chan struct{})}
	r := &Relay{slow: newSlowDecodes(), handler: h}
	d := &decoder{Relay: r}
	defer d.release()

	wantDecoded(t, d, 1)
	if _, err := d.decode(t.Context(), store.Event{ID: slow}, time.Nanosecond); !errors.Is(err, errSlow) {
		t.Fatalf("the slow event: got error %v, want %v", err, errSlow)
	}
	wantDecoded(t, d, 3)
	wantDecoded(t, d, 4)

	close(h.release)
	wantDecoded(t, d, slow)
	r.background.Wait()
}
