package openai

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parley/bridge/analysis"
)

// roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// hanging is an Analyzer whose model never answers, for a bubble of package synctest.
func hanging(t *testing.T) *Analyzer {
	t.Helper()
	const never = 1000 * time.Hour
	return slow(t, never)
}

// slow is an Analyzer whose model needs some time to write a text, for a bubble of package synctest.
func slow(t *testing.T, needs time.Duration) *Analyzer {
	t.Helper()
	transport := roundTrip(func(r *http.Request) (*http.Response, error) {
		select {
		case <-r.Context().Done():
			return nil, r.Context().Err()
		case <-time.After(needs):
			body := `{"choices":[{"finish_reason":"stop","message":{"content":"{\"text\":\"Done.\"}"}}]}`
			return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
				Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
		}
	})
	a, err := New(t.Context(), Options{Model: "m", Fallback: offline(), Client: &http.Client{Transport: transport}, Timeout: 20 * time.Second})
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

// A text has as much time as its caller gives it, which may be more than an analysis has.
func TestWriteHasItsCallersTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := slow(t, 40*time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 45*time.Second)
		defer cancel()
		text, err := a.Write(ctx, told(analysis.Rephrase))
		if err != nil || text.Text != "Done." {
			t.Errorf("got %q, %v, want %q", text.Text, err, "Done.")
		}
	})
}

// How long a text takes depends on the text: that some weren't written in time keeps nobody from asking for an analysis.
func TestLateTextsLeaveTheBreakerClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := hanging(t)
		for range failuresToOpen {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			_, err := a.Write(ctx, told(analysis.Rephrase))
			cancel()
			if fault, ok := errors.AsType[*Error](err); !ok || fault.Kind != TimedOut {
				t.Fatalf("got %v, want %q", err, TimedOut)
			}
		}
		if c := a.Condition(); c.Status != analysis.Working {
			t.Errorf("the condition is %+v, want %q", c, analysis.Working)
		}
		made := a.Stats().Requests
		if _, err := a.Analyze(t.Context(), question()); err != nil || a.Stats().Requests != made+1 {
			t.Errorf("got %d requests for an analysis, %v, want 1", a.Stats().Requests-made, err)
		}
	})
}
