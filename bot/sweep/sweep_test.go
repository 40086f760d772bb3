package sweep_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"parley/bot/sweep"
	"parley/bridge/bridgetest"
)

// TestGap: a gap that is announced while what was missed is read is filled by the next
// reading; a failed one fills nothing.
func TestGap(t *testing.T) {
	t.Parallel()
	desk := bridgetest.NewDesk()
	s := sweep.New(desk, slog.New(slog.DiscardHandler), time.Hour)
	turns := make(chan func() error)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Run(ctx, func(context.Context) error { return (<-turns)() })
	}()
	early, late := time.Unix(1000, 0), time.Unix(2000, 0)
	s.Announce(late)
	s.Announce(early)
	if since, open := s.Gap(); !open || !since.Equal(early) {
		t.Errorf("gap since %v, %v", since, open)
	}
	s.Wake()
	turns <- func() error { s.Announce(late); return nil }
	s.Wake()
	turns <- func() error {
		if n := desk.Fills(); n != 0 {
			t.Errorf("%d gaps filled too early", n)
		}
		return nil
	}
	desk.Connected(t, 1)
	if _, open := s.Gap(); open {
		t.Error("the gap is still open")
	}
	s.Announce(late)
	s.Wake()
	turns <- func() error { return errors.New("not now") }
	turns <- func() error { // by itself, soon
		if n := desk.Fills(); n != 1 {
			t.Errorf("%d gaps filled by a failure", n)
		}
		return nil
	}
	desk.Connected(t, 2)
	cancel()
	<-done
}
