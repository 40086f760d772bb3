package mailbox

import (
	"context"
	"errors"
	"testing"
)

// dialAll takes all places of a host, and returns what gives the first one back.
func dialAll(t *testing.T, l *Limits, host string) (giveBack func()) {
	t.Helper()
	for range maxDialsPerHost {
		done, err := l.ReserveLogin(t.Context(), host)
		if err != nil {
			t.Fatal(err)
		}
		if giveBack == nil {
			giveBack = done
		}
	}
	return giveBack
}

// One connection attempt more than a host may see at once waits, until its context ends.
func TestDialToAFullHostWaits(t *testing.T) {
	t.Parallel()
	l := NewLimits()
	dialAll(t, l, "a.test")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.ReserveLogin(ended, "a.test"); !errors.Is(err, context.Canceled) {
		t.Errorf("ReserveLogin: got error %v, want %v", err, context.Canceled)
	}
}

func TestDialToAnotherHostDoesNotWait(t *testing.T) {
	t.Parallel()
	l := NewLimits()
	dialAll(t, l, "a.test")
	if _, err := l.ReserveLogin(t.Context(), "b.test"); err != nil {
		t.Errorf("ReserveLogin: %v", err)
	}
}

func TestDialTakesAPlaceThatWasGivenBack(t *testing.T) {
	t.Parallel()
	l := NewLimits()
	giveBack := dialAll(t, l, "a.test")
	giveBack()
	if _, err := l.ReserveLogin(t.Context(), "a.test"); err != nil {
		t.Errorf("ReserveLogin: %v", err)
	}
}
