package forms_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"parley/bot/forms"
	"parley/bridge/bridgetest"
	"parley/channels"
)

// newSweeper returns a sweeper that reads by itself only once an hour.
func newSweeper(desk *bridgetest.Desk) *forms.Sweeper {
	return forms.NewSweep(desk, slog.New(slog.DiscardHandler), time.Hour)
}

// wantFills checks how many gaps were filled so far. A gap is a time in which events may have been missed.
func wantFills(t *testing.T, desk *bridgetest.Desk, want int) {
	t.Helper()
	if got := desk.Fills(); got != want {
		t.Errorf("got %d gaps filled, want %d", got, want)
	}
}

// A steppedSweeper runs a sweeper whose readings are released one by one by the test. runStepped makes it.
type steppedSweeper struct {
	*forms.Sweeper
	desk     *bridgetest.Desk
	readings chan func() error // what the next reading does
}

// runStepped runs a sweeper until the test ends. The sweeper begins a reading after Wake, or to try again, and then waits
// until the test says by read what the reading does.
func runStepped(t *testing.T) *steppedSweeper {
	t.Helper()
	desk := bridgetest.NewDesk()
	s := &steppedSweeper{Sweeper: newSweeper(desk), desk: desk, readings: make(chan func() error)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Run(ctx, func(ctx context.Context) error {
			select {
			case reading := <-s.readings:
				return reading()
			case <-ctx.Done():
				return ctx.Err()
			}
		})
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

// A gap that is announced during a reading is filled by the next reading, not by this one.
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

// A failed reading fills nothing and is soon tried again, without Wake.
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

// While events are still being missed, a reading doesn't close the gap. It doesn't count as failed and isn't tried again.
func TestGapGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, r := runTimed(t, forms.ErrGapGoesOn)
		s.CatchUp(time.Now())
		waitFor(10 * time.Minute)
		r.wantPauses(t, 0)
		if _, open := s.Gap(); !open {
			t.Error("the gap is closed, want it open")
		}
		r.err = nil
		s.Wake()
		waitFor(time.Second)
		if _, open := s.Gap(); open {
			t.Error("the gap is open, want it closed once nothing is missed any more")
		}
	})
}

// A timedReader does the readings of a sweeper, and notes how long the sweeper waited before each.
type timedReader struct {
	err    error // what each reading returns
	last   time.Time
	pauses []time.Duration
}

func (r *timedReader) read(context.Context) error {
	now := time.Now()
	r.pauses = append(r.pauses, now.Sub(r.last).Round(time.Second))
	r.last = now
	return r.err
}

// wantPauses checks how long the sweeper waited before each reading since it started.
func (r *timedReader) wantPauses(t *testing.T, want ...time.Duration) {
	t.Helper()
	if !slices.Equal(r.pauses, want) {
		t.Errorf("got the pauses %v, want %v", r.pauses, want)
	}
}

// runTimed runs a sweeper until the test ends. Its readings return err. The test must be in a bubble of synctest, and may
// change the reader's err before it calls the sweeper.
func runTimed(t *testing.T, err error) (*forms.Sweeper, *timedReader) {
	t.Helper()
	s := newSweeper(bridgetest.NewDesk())
	r := &timedReader{err: err, last: time.Now()}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Run(ctx, r.read)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return s, r
}

// waitFor lets time pass in a bubble of synctest, and waits until all readings of that time have ended.
func waitFor(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// If one channel can't be read, the others are read all the same, and its error is returned.
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

// More facts than fit into one statement are stored in order and found again.
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

	known, err := s.KnownFacts(t.Context(), ids...)
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

// A gap that is suspected during a pass isn't settled by that pass, but by the next one.
func TestSuspicionDuringAPass(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	marks := forms.NewMarks(bridgetest.NewDesk(), time.Now, time.Hour)
	inspect := func() forms.Standing {
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
	settle := func() {
		t.Helper()
		if err := marks.Settle(ctx, standing); err != nil {
			t.Fatal(err)
		}
		standing = inspect()
	}
	settle()
	if !standing.Doubted {
		t.Error("after the pass during which a gap was suspected: no gap is suspected any more, want it to stay")
	}
	settle()
	if standing.Doubted {
		t.Error("after the next pass: a gap is still suspected, want none")
	}
}
