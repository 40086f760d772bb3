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

// newSweeper returns a sweeper that reads by itself only once in an hour.
func newSweeper(desk *bridgetest.Desk) *sweep.Sweeper {
	return sweep.New(desk, slog.New(slog.DiscardHandler), time.Hour)
}

// wantFills checks how many gaps were filled so far.
func wantFills(t *testing.T, desk *bridgetest.Desk, want int) {
	t.Helper()
	if got := desk.Fills(); got != want {
		t.Errorf("got %d gaps filled, want %d", got, want)
	}
}

// A steppedSweeper runs a sweeper whose readings a test lets go one by one. runStepped makes it.
type steppedSweeper struct {
	*sweep.Sweeper
	desk     *bridgetest.Desk
	readings chan func() error // what the next reading does
}

// runStepped runs a sweeper until the test ends. It reads when it is told to by Wake, or when it wants to try again, and then waits for
// the test to say by read what the reading does.
func runStepped(t *testing.T) *steppedSweeper {
	t.Helper()
	desk := bridgetest.NewDesk()
	s := &steppedSweeper{Sweeper: newSweeper(desk), desk: desk, readings: make(chan func() error)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Run(ctx, func(context.Context) error { return (<-s.readings)() })
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return s
}

// read waits for the next reading to begin, and makes it do this.
func (s *steppedSweeper) read(reading func() error) { s.readings <- reading }

func succeed() error { return nil }

func fail() error { return errors.New("not now") }

func TestGapIsOpenSinceTheEarliestAnnouncement(t *testing.T) {
	t.Parallel()
	early, late := time.Unix(1000, 0), time.Unix(2000, 0)
	s := newSweeper(bridgetest.NewDesk())
	s.Announce(late)
	s.Announce(early)
	since, isOpen := s.Gap()
	if !isOpen {
		t.Fatal("got no gap, want an open one")
	}
	if !since.Equal(early) {
		t.Errorf("got a gap since %v, want %v", since, early)
	}
}

func TestReadingThatSucceedsFillsTheGap(t *testing.T) {
	t.Parallel()
	s := runStepped(t)
	s.Announce(time.Unix(1000, 0))
	s.Wake()
	s.read(succeed)
	s.desk.Connected(t, 1)
	if since, isOpen := s.Gap(); isOpen {
		t.Errorf("got a gap since %v, want none", since)
	}
}

// A gap that is announced during a reading isn't filled by it, but by the next one.
func TestGapDuringAReadingIsFilledByTheNextOne(t *testing.T) {
	t.Parallel()
	s := runStepped(t)
	s.Announce(time.Unix(1000, 0))
	s.Wake()
	s.read(func() error {
		s.Announce(time.Unix(2000, 0))
		return nil
	})
	s.Wake()
	s.read(func() error {
		wantFills(t, s.desk, 0) // after the first reading, before the second one ends
		return nil
	})
	s.desk.Connected(t, 1)
	if since, isOpen := s.Gap(); isOpen {
		t.Errorf("got a gap since %v, want none after the second reading", since)
	}
}

// A reading that fails fills nothing. It is soon tried again, without being asked to by Wake.
func TestFailedReadingIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := runStepped(t)
	s.Announce(time.Unix(1000, 0))
	s.Wake()
	s.read(fail)
	s.read(func() error {
		wantFills(t, s.desk, 0) // after the reading that failed
		return nil
	})
	s.desk.Connected(t, 1)
}

// A reading that goes on failing is tried ever less often, but once a minute. After one that works, pauses are short again.
func TestPausesBetweenFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSweeper(bridgetest.NewDesk())
		want := []time.Duration{5 * time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second, 40 * time.Second, time.Minute, time.Minute, time.Minute}
		ctx, cancel := context.WithCancel(t.Context())
		last := time.Now()
		var pauses []time.Duration
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.Run(ctx, func(context.Context) error {
				pauses, last = append(pauses, time.Since(last).Round(time.Second)), time.Now()
				if len(pauses) == len(want) {
					return nil
				}
				return errors.New("not now")
			})
		}()

		s.CatchUpSoon(time.Now())
		<-time.After(10 * time.Minute)
		synctest.Wait()
		if !slices.Equal(pauses, want) {
			t.Errorf("got the pauses %v, want %v", pauses, want)
		}

		// Ten seconds have room for the first two pauses, of five seconds each.
		s.CatchUpSoon(time.Now())
		<-time.After(11 * time.Second)
		synctest.Wait()
		if got := len(pauses) - len(want); got != 2 {
			t.Errorf("got %d readings after one that worked, want 2", got)
		}
		cancel()
		<-done
	})
}

// A channel that can't be read keeps no other one from being read, and its error is returned all the same.
func TestChannels(t *testing.T) {
	t.Parallel()
	desk := bridgetest.NewDesk()
	want := []string{"C1", "C2", "C3"}
	for _, id := range want {
		desk.Open(id)
	}
	var read []string
	errLost := errors.New("no answer")
	err := newSweeper(desk).Channels(t.Context(), func(_ context.Context, channel string) error {
		read = append(read, channel)
		if channel == "C1" {
			return errLost
		}
		return nil
	})
	if !errors.Is(err, errLost) {
		t.Errorf("got error %v, want %v", err, errLost)
	}
	if !slices.Equal(read, want) {
		t.Errorf("read %v, want %v", read, want)
	}
}

// More facts than fit into one statement are stored in their order, and found again.
func TestManyFacts(t *testing.T) {
	t.Parallel()
	desk := bridgetest.NewDesk()
	s := newSweeper(desk)
	var facts []channels.Fact
	var ids []string
	for n := range 1201 {
		ids = append(ids, fmt.Sprintf("m:C1:%d", n))
		facts = append(facts, channels.Fact{ExternalID: ids[n], OrderKey: "C1:1", Payload: []byte("{}")})
	}
	stored := ids[1:]
	if err := s.Accept(t.Context(), facts[1:]); err != nil {
		t.Fatal(err)
	}
	if got := desk.IDs(); !slices.Equal(got, stored) {
		t.Errorf("got %d facts stored, want %d in their order", len(got), len(stored))
	}

	known, err := s.Seen(t.Context(), ids...)
	if err != nil {
		t.Fatal(err)
	}
	if known[ids[0]] {
		t.Errorf("%s is known, but was never stored", ids[0])
	}
	for _, id := range stored {
		if !known[id] {
			t.Fatalf("%s is not known, but was stored", id)
		}
	}
}

// A gap that is suspected while a pass runs isn't settled by that pass, but by the next one.
func TestSuspicionDuringAPass(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	marks := sweep.NewMarks(bridgetest.NewDesk(), time.Now, time.Hour)
	inspect := func() sweep.Standing {
		t.Helper()
		standing, err := marks.Inspect(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return standing
	}
	if err := marks.Begin(ctx); err != nil {
		t.Fatal(err)
	}
	if inspect().Doubted {
		t.Error("a gap is suspected, want none at the beginning")
	}
	marks.SuspectGap()
	standing := inspect()
	marks.SuspectGap()
	for pass, want := range []bool{true, false} {
		if err := marks.Settle(ctx, standing); err != nil {
			t.Fatal(err)
		}
		standing = inspect()
		if standing.Doubted != want {
			t.Errorf("after pass %d a gap is suspected: %v, want %v", pass+1, standing.Doubted, want)
		}
	}
}
