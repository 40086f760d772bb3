package relay

import (
	"maps"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"parley/channels"
	"parley/store"
	"parley/store/dispatch"
)

// observed returns how often a histogram was written, and the sum.
func observed(t *testing.T, h prometheus.Histogram) (uint64, float64) {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(h)
	families, err := registry.Gather()
	if err != nil || len(families) != 1 {
		t.Fatal(families, err)
	}
	seen := families[0].GetMetric()[0].GetHistogram()
	return seen.GetSampleCount(), seen.GetSampleSum()
}

// Every class of failure is counted as one of five kinds; what is new or wrong is ambiguous.
func TestErrorClasses(t *testing.T) {
	t.Parallel()
	for class, want := range map[channels.Class]string{
		channels.Throttled:      "throttled",
		channels.AuthBroken:     "auth",
		channels.AccountBlocked: "auth",
		channels.Retry:          "retry",
		channels.WindowClosed:   "permanent",
		channels.BadRecipient:   "permanent",
		channels.BadContent:     "permanent",
		channels.OptedOut:       "permanent",
		channels.Ambiguous:      "ambiguous",
		"something new":         "ambiguous",
		"":                      "ambiguous",
	} {
		m := newMetrics()
		m.countTrouble(7, class)
		counted := map[string]int64{}
		m.Account(7).Errors(func(kind string, n int64) {
			if n != 0 {
				counted[kind] = n
			}
		})
		if !maps.Equal(counted, map[string]int64{want: 1}) {
			t.Errorf("a failure of class %q is counted as %v, want once as %s", class, counted, want)
		}
	}
}

// The way through Parley is the wait before the batch and the wait in the lane, without the
// hold; repeats, further parts and what another process applied don't count.
func TestHop(t *testing.T) {
	t.Parallel()
	m := newMetrics()
	now := time.Date(2026, 11, 20, 12, 0, 0, 123456000, time.UTC) // Parley's clock is a day ahead here
	real := now.Add(-24 * time.Hour)
	m.Applying(Batch{Now: now, Real: real, Facts: []Fact{{Event: store.Event{ReceivedAt: real.Add(-2 * time.Second)}}, {Event: store.Event{ReceivedAt: real.Add(-4 * time.Second)}}}})
	held := now.Add(20 * time.Second)
	local := now.In(time.FixedZone("X", 3600)) // as another connection reads it
	for _, c := range []dispatch.Claimed{
		{Delivery: store.Delivery{CreatedAt: now, Attempt: 1}, AccountID: 1, CreatedAgo: 1},
		{Delivery: store.Delivery{CreatedAt: local, Attempt: 1, NotBefore: &held}, AccountID: 1, CreatedAgo: 21},
		{Delivery: store.Delivery{CreatedAt: now, Attempt: 2}, AccountID: 1, CreatedAgo: 100},
		{Delivery: store.Delivery{CreatedAt: now, Attempt: 1, Part: 1}, AccountID: 1, CreatedAgo: 100},
		{Delivery: store.Delivery{CreatedAt: now.Add(time.Second), Attempt: 1}, AccountID: 1, CreatedAgo: 5},
	} {
		m.attemptBegan(c, time.Now())
		m.attemptEnded(c)
	}
	wantObserved(t, "hops", m.hop, 2, 3+1+3+1)
	wantObserved(t, "delays", m.due, 3, 1+1+5)
	if got := m.Account(1).Attempts.Load(); got != 5 {
		t.Errorf("%d attempts are counted, want 5", got)
	}
	if got := m.Account(1).InFlight.Load(); got != 0 {
		t.Errorf("%d attempts are in flight, want none", got)
	}
}

// wantObserved checks how often a histogram was written, and that its sum is as many seconds, or less than one more.
func wantObserved(t *testing.T, what string, h prometheus.Histogram, times uint64, seconds float64) {
	t.Helper()
	n, sum := observed(t, h)
	if n != times {
		t.Errorf("%d %s are counted, want %d", n, what, times)
	}
	if sum < seconds || sum > seconds+1 {
		t.Errorf("the %s are %.3f s in all, want %.0f to %.0f", what, sum, seconds, seconds+1)
	}
}

// So many batches are remembered and no more.
func TestRememberedBatches(t *testing.T) {
	t.Parallel()
	m := newMetrics()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for i := range 2 * maxBatches {
		m.Applying(Batch{Now: now.Add(time.Duration(i) * time.Millisecond), Real: now})
	}
	if got := len(m.batches.order); got != maxBatches {
		t.Errorf("the order of %d batches is remembered, want %d", got, maxBatches)
	}
	if got := len(m.batches.waited); got != maxBatches {
		t.Errorf("the waits of %d batches are remembered, want %d", got, maxBatches)
	}
}

// An applied event's delay goes by the database's clock.
func TestEventDelay(t *testing.T) {
	t.Parallel()
	m := newMetrics()
	m.SetClock(time.Hour)
	now := time.Now()
	m.countApplied([]store.Event{{AccountID: 3, ReceivedAt: now.Add(time.Hour - 2*time.Second)}}, now)
	wantObserved(t, "delays", m.delay, 1, 2)
	if got := m.Account(3).Applied.Load(); got != 1 {
		t.Errorf("%d events are counted as applied, want 1", got)
	}
}

// What is counted on the way costs next to nothing.
func BenchmarkMetrics(b *testing.B) {
	m := newMetrics()
	c := dispatch.Claimed{Delivery: store.Delivery{Attempt: 1, CreatedAt: time.Now()}, AccountID: 1}
	m.Applying(Batch{Now: c.CreatedAt, Real: c.CreatedAt})
	for b.Loop() {
		now := time.Now()
		m.countAccepted(1, 1, now)
		m.attemptBegan(c, now)
		m.attemptEnded(c)
	}
}
