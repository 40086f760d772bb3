package openai

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/bridge/analysis"
	"parley/bridge/analysis/openai/openaifake"
)

// The Analyzer keeps the caller's deadline, and leaves time for the fallback. The clock is that of a synctest bubble, so
// that the fallback takes none of this time, however slow the machine is.
func TestCallersDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newHanging(t)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		answer, err := a.Analyze(ctx, question())
		if err != nil {
			t.Fatal(err)
		}
		if !answer.Degraded {
			t.Errorf("got the answer %+v, want the fallback's", answer)
		}
		if ctx.Err() != nil {
			t.Error("the caller's time is over, want that the fallback answered before")
		}
		if n := a.Stats().Requests; n != 1 {
			t.Errorf("got %d requests, want one", n)
		}
	})
}

// If the caller's deadline is too close, the model isn't asked.
func TestCallersDeadlineIsTooClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newHanging(t)
		ctx, cancel := context.WithTimeout(t.Context(), minTime-time.Millisecond)
		defer cancel()
		answer, err := a.Analyze(ctx, question())
		if err != nil {
			t.Fatal(err)
		}
		if !answer.Degraded {
			t.Errorf("got the answer %+v, want the fallback's", answer)
		}
		if failures := a.Stats().Failures; failures[Late] != 1 {
			t.Errorf("got the failures %v, want one of %s", failures, Late)
		}
	})
}

// A caller who went away gets no answer.
func TestCallerWentAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := newHanging(t).Analyze(ctx, question()); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
	})
}

// newBusyWorld makes a world whose only slot is taken by a question that the model doesn't answer. Once the Analyzer is
// closed, first gets the answer to that question.
func newBusyWorld(t *testing.T) (w *world, first <-chan analysis.Answer) {
	t.Helper()
	w = newWorld(t, openaifake.Modern(), func(o *Options) { o.Concurrency, o.Timeout = 1, time.Minute })
	entered, release := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(release) })
	w.fake.Speak(func(openaifake.Seen) string {
		close(entered) // a second request would panic here
		<-release
		return ""
	})

	answers := make(chan analysis.Answer, 1)
	go func() {
		a, err := w.Analyze(context.Background(), question())
		if err != nil {
			t.Error(err)
		}
		answers <- a
	}()

	select {
	case <-entered:
	case a := <-answers:
		t.Fatalf("got the answer %+v, and the model was not asked", a)
	}
	return w, answers
}

// A question that finds all slots taken is answered by the fallback after a while.
func TestAllSlotsAreTaken(t *testing.T) {
	t.Parallel()
	w, _ := newBusyWorld(t)
	w.wantFallback(Busy)
}

// Close ends a question that hangs, and waits until the fallback has answered it.
func TestCloseEndsWhatHangs(t *testing.T) {
	t.Parallel()
	w, first := newBusyWorld(t)
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if n := w.Stats().Degraded; n != 1 {
		t.Errorf("when Close returns, the fallback has answered %d questions, want one", n)
	}
	if a := <-first; !a.Degraded {
		t.Errorf("got the answer %+v, want the fallback's", a)
	}
}

// The Analyzer makes as many requests at a time as it may, and no more.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	const limit, questions = 3, 12
	w := newWorld(t, openaifake.Modern(), func(o *Options) { o.Concurrency = limit })

	var mu sync.Mutex
	now, highest := 0, 0
	full := make(chan struct{}) // closed once limit requests are there, for which all wait
	letGo := sync.OnceFunc(func() { close(full) })
	t.Cleanup(letGo)

	w.fake.Speak(func(openaifake.Seen) string {
		mu.Lock()
		now++
		if now > highest {
			highest = now
			if highest == limit {
				letGo()
			}
		}
		mu.Unlock()
		<-full
		mu.Lock()
		now--
		mu.Unlock()
		return openaifake.FormatAnswer(goodAnswer())
	})

	var all sync.WaitGroup
	for range questions {
		all.Go(func() {
			a, err := w.Analyze(t.Context(), question())
			if err != nil {
				t.Error(err)
			} else if a.Degraded {
				t.Errorf("got the answer %+v, want the model's", a)
			}
		})
	}
	all.Wait()
	if highest != limit {
		t.Errorf("got %d requests at a time, want %d", highest, limit)
	}
}

// If the fallback fails, too, its error comes back.
func TestFallbackFails(t *testing.T) {
	t.Parallel()
	gone := errors.New("gone")
	w := newWorld(t, openaifake.Modern(), func(o *Options) {
		o.Fallback = analyzerFunc(func(context.Context, analysis.Question) (analysis.Answer, error) {
			return analysis.Answer{}, gone
		})
	})
	refuse := openaifake.Refuse()
	w.fake.Always(&refuse)
	if _, err := w.Analyze(t.Context(), question()); !errors.Is(err, gone) {
		t.Errorf("got %v, want %v", err, gone)
	}
}
