package sweep_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"parley/bot/sweep"
	"parley/bridge/bridgetest"
	"parley/channels"
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

// TestFailing: what goes on failing is tried ever less often, at least every minute; what works
// again is read as before.
func TestFailing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := sweep.New(bridgetest.NewDesk(), slog.New(slog.DiscardHandler), time.Hour)
		ctx, cancel := context.WithCancel(t.Context())
		var last time.Time
		var pauses []time.Duration
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.Run(ctx, func(context.Context) error {
				pauses, last = append(pauses, time.Since(last).Round(time.Second)), time.Now()
				if len(pauses) == 8 {
					return nil
				}
				return errors.New("not now")
			})
		}()
		last = time.Now()
		s.CatchUpSoon(time.Now())
		<-time.After(10 * time.Minute)
		synctest.Wait()
		want := []time.Duration{5, 5, 10, 20, 40, 60, 60, 60}
		for i := range want {
			want[i] *= time.Second
		}
		if !slices.Equal(pauses, want) {
			t.Errorf("pauses %v, want %v", pauses, want)
		}
		s.CatchUpSoon(time.Now())
		<-time.After(11 * time.Second)
		synctest.Wait()
		if n := len(pauses); n != 10 {
			t.Errorf("read %d times, want 10", n)
		}
		cancel()
		<-done
	})
}

// TestChannels: a channel that can't be read keeps no other one from being read, and its failure
// is told all the same.
func TestChannels(t *testing.T) {
	t.Parallel()
	desk := bridgetest.NewDesk()
	for _, id := range []string{"C1", "C2", "C3"} {
		desk.Open(id)
	}
	s := sweep.New(desk, slog.New(slog.DiscardHandler), time.Hour)
	var read []string
	lost := errors.New("no answer")
	err := s.Channels(t.Context(), func(_ context.Context, channel string) error {
		read = append(read, channel)
		if channel == "C1" {
			return lost
		}
		return nil
	})
	if !errors.Is(err, lost) || !slices.Equal(read, []string{"C1", "C2", "C3"}) {
		t.Errorf("read %v, error %v", read, err)
	}
}

// TestManyFacts: many facts are stored in their order, and known again.
func TestManyFacts(t *testing.T) {
	t.Parallel()
	desk := bridgetest.NewDesk()
	s := sweep.New(desk, slog.New(slog.DiscardHandler), time.Hour)
	var facts []channels.Fact
	var ids []string
	for n := range 1201 {
		ids = append(ids, fmt.Sprintf("m:C1:%d", n))
		facts = append(facts, channels.Fact{ExternalID: ids[n], OrderKey: "C1:1", Payload: []byte("{}")})
	}
	if err := s.Accept(t.Context(), facts[1:]); err != nil {
		t.Fatal(err)
	}
	known, err := s.Seen(t.Context(), ids...)
	if err != nil || !slices.Equal(desk.IDs(), ids[1:]) {
		t.Errorf("%d facts stored, error %v", len(desk.IDs()), err)
	}
	for n, id := range ids {
		if known[id] != (n > 0) {
			t.Fatalf("%s known = %v", id, known[id])
		}
	}
}
