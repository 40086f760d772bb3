package openai

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// hanging is an Analyzer whose model never answers, for a bubble of package synctest.
func hanging(t *testing.T) *Analyzer {
	t.Helper()
	hang := roundTrip(func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	})
	a, err := New(t.Context(), Options{Model: "m", Fallback: offline(), Client: &http.Client{Transport: hang}, Timeout: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// While a model hangs, the questions that it holds wait for their whole time, and no other does: these are answered by
// the rules after the time that they may wait for a turn, and at once when the breaker has opened. The clock is the
// bubble's, which costs no time.
func TestHangingModelHoldsNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := hanging(t)
		var all sync.WaitGroup
		var held atomic.Int64
		ask := func(quick bool) {
			all.Go(func() {
				begun := time.Now()
				answer, err := a.Analyze(context.Background(), question())
				took := time.Since(begun)
				if err != nil || !answer.Degraded || took > 20*time.Second || quick && took > 0 {
					t.Errorf("%+v after %s: %v", answer, took, err)
				}
				if took > longestQueue {
					held.Add(1)
				}
			})
		}
		for range 60 { // a burst each second
			ask(false)
			<-time.After(time.Second)
			synctest.Wait()
		}
		all.Wait()
		for range 20 {
			ask(true)
		}
		all.Wait()
		if n, made := held.Load(), a.Stats().Requests; n > made || made > 3*defaultConcurrency {
			t.Errorf("%d questions were held; %d requests were made", n, made)
		}
	})
}
