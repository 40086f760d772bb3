package wire

import (
	"context"
	"errors"
	"testing"
)

// One large connection attempt more than a host may see at once waits; another host
// does not.
func TestDialsPerHost(t *testing.T) {
	t.Parallel()
	p := NewLimits()
	var places []func()
	for range maxDialsPerHost {
		done, err := p.MayDial(t.Context(), "a.test")
		if err != nil {
			t.Fatal(err)
		}
		places = append(places, done)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.MayDial(ended, "a.test"); !errors.Is(err, context.Canceled) {
		t.Errorf("one more to a full host: got %v, want it to wait until its context ends", err)
	}
	if _, err := p.MayDial(t.Context(), "b.test"); err != nil {
		t.Errorf("another host: %v", err)
	}
	places[0]()
	if _, err := p.MayDial(t.Context(), "a.test"); err != nil {
		t.Errorf("the host with a free place: %v", err)
	}
}
