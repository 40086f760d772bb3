package openai

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

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
