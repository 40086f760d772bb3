package openai

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// newHanging makes an Analyzer whose model never answers, for a bubble of package synctest.
func newHanging(t *testing.T) *Analyzer {
	t.Helper()
	const never = 1000 * time.Hour
	return newSlow(t, never)
}

// newSlow makes an Analyzer whose model needs some time for an answer, the text "Done.", for a bubble of package synctest.
func newSlow(t *testing.T, needs time.Duration) *Analyzer {
	t.Helper()
	const body = `{"choices":[{"finish_reason":"stop","message":{"content":"{\"text\":\"Done.\"}"}}]}`
	transport := roundTrip(func(r *http.Request) (*http.Response, error) {
		select {
		case <-r.Context().Done():
			return nil, r.Context().Err()
		case <-time.After(needs):
			return &http.Response{
				StatusCode: http.StatusOK,
				Header:     http.Header{"Content-Type": {"application/json"}},
				Body:       io.NopCloser(strings.NewReader(body)),
				Request:    r,
			}, nil
		}
	})

	a, err := New(t.Context(), Options{
		Model:    "m",
		Fallback: newFallback(),
		Client:   &http.Client{Transport: transport},
		Timeout:  hangTimeout,
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// hangTimeout is how long one analysis may take in these tests.
const hangTimeout = 20 * time.Second

// askHanging asks a model that never answers, and returns how long the fallback's answer took.
func askHanging(t *testing.T, a *Analyzer) time.Duration {
	t.Helper()
	begun := time.Now()
	answer, err := a.Analyze(context.Background(), question())
	if err != nil {
		t.Error(err)
	}
	if !answer.Degraded {
		t.Errorf("got the answer %+v, want the fallback's", answer)
	}
	return time.Since(begun)
}

// While a model hangs, only the questions that it was asked wait for their whole time. All others are answered by the
// fallback after the time that they may wait for a slot, and at once when the breaker has opened. The clock is that of a
// synctest bubble, which costs no time.
func TestHangingModelHoldsNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const burst, later = 60, 20
		a := newHanging(t)
		var all sync.WaitGroup
		var held atomic.Int64 // questions that took longer than the wait for a slot
		for range burst {     // one each second
			all.Go(func() {
				took := askHanging(t, a)
				if took > hangTimeout {
					t.Errorf("a question took %s, want at most %s", took, hangTimeout)
				}
				if took > maxQueueTime {
					held.Add(1)
				}
			})
			<-time.After(time.Second)
			synctest.Wait()
		}
		all.Wait()

		for range later { // the breaker is open
			all.Go(func() {
				if took := askHanging(t, a); took > 0 {
					t.Errorf("a later question took %s, want that it is answered at once", took)
				}
			})
		}
		all.Wait()
		requests := a.Stats().Requests
		if n := held.Load(); n > requests {
			t.Errorf("%d questions were held, want at most those of the %d requests", n, requests)
		}
		if want := int64(3 * defaultConcurrency); requests > want {
			t.Errorf("got %d requests, want at most %d", requests, want)
		}
	})
}
