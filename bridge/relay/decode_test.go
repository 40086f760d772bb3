package relay

import (
	"errors"
	"testing"
	"time"

	"parley/store"
)

// slowHandler decodes each event immediately, except one, which it decodes only after release is closed.
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

// An event that takes long to decode doesn't hold up the events behind it. Asked for again, its value is there.
func TestDecodeBesideSlowEvent(t *testing.T) {
	t.Parallel()
	const slow = 2
	h := slowHandler{slow: slow, release: make(chan struct{})}
	r := &Relay{slow: newSlowDecodes(), handler: h}
	d := decoder{Relay: r}
	defer d.release()
	wantDecoded := func(id store.EventID) {
		t.Helper()
		if value, err := d.decode(t.Context(), store.Event{ID: id}, time.Hour); err != nil || value != id {
			t.Errorf("event %d is decoded as %v (%v), want its id", id, value, err)
		}
	}

	wantDecoded(1)
	if _, err := d.decode(t.Context(), store.Event{ID: slow}, time.Nanosecond); !errors.Is(err, errSlow) {
		t.Fatalf("the slow event: %v, want errSlow", err)
	}
	wantDecoded(3)
	wantDecoded(4)

	close(h.release)
	wantDecoded(slow)
	r.background.Wait()
}

// As long as no event takes long, one goroutine decodes them all.
func TestDecodeSharesGoroutine(t *testing.T) {
	t.Parallel()
	d := decoder{Relay: &Relay{slow: newSlowDecodes(), handler: slowHandler{}}}
	defer d.release()
	if _, err := d.decode(t.Context(), store.Event{ID: 1}, time.Hour); err != nil {
		t.Fatal(err)
	}
	goroutine := d.work
	if _, err := d.decode(t.Context(), store.Event{ID: 2}, time.Hour); err != nil {
		t.Fatal(err)
	}
	if d.work != goroutine {
		t.Error("a second goroutine was started")
	}
}
