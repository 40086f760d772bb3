package relay

import (
	"errors"
	"testing"
	"time"

	"parley/store"
)

// slowHandler decodes every event at once but one, for which it waits.
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

// An event that is decoded for long holds up none of those behind it, and its value is found when it is asked for again.
func TestDecodeBesideSlow(t *testing.T) {
	t.Parallel()
	h := slowHandler{slow: 2, release: make(chan struct{})}
	r := &Relay{slow: newSlowDecodes(), handler: h}
	d := decoder{Relay: r}
	defer d.release()
	for _, id := range []store.EventID{1, 3, 4} {
		if id == 3 {
			if _, err := d.decode(t.Context(), store.Event{ID: h.slow}, time.Nanosecond); !errors.Is(err, errSlow) {
				t.Fatalf("the slow one: %v", err)
			}
		}
		if value, err := d.decode(t.Context(), store.Event{ID: id}, time.Hour); err != nil || value != id {
			t.Errorf("event %d: %v %v", id, value, err)
		}
	}
	close(h.release)
	if value, err := d.decode(t.Context(), store.Event{ID: h.slow}, time.Hour); err != nil || value != h.slow {
		t.Errorf("the slow one, asked again: %v %v", value, err)
	}
	r.background.Wait()
}

// Events that are decoded at once share a goroutine.
func TestDecodeInOneGoroutine(t *testing.T) {
	t.Parallel()
	d := decoder{Relay: &Relay{slow: newSlowDecodes(), handler: slowHandler{}}}
	defer d.release()
	if _, err := d.decode(t.Context(), store.Event{ID: 1}, time.Hour); err != nil {
		t.Fatal(err)
	}
	first := d.work
	if _, err := d.decode(t.Context(), store.Event{ID: 2}, time.Hour); err != nil || d.work != first {
		t.Errorf("the second event has a goroutine of its own: %v", err)
	}
}
