package relay

import (
	"maps"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"parley/channels"
	"parley/store"
	"parley/store/dispatch"
	"parley/store/storetest"
)

// wantObserved checks how often a histogram was written, and that its sum is the given number of seconds, or up to one
// second more. what names the observations in the message.
func wantObserved(t *testing.T, what string, h prometheus.Histogram, times uint64, seconds float64) {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(h)
	families := storetest.Must(registry.Gather())(t)
	if len(families) != 1 {
		t.Fatalf("%s: got %d families of metrics, want 1", what, len(families))
	}
	observed := families[0].GetMetric()[0].GetHistogram()
	if got := observed.GetSampleCount(); got != times {
		t.Errorf("%s: got %d observations, want %d", what, got, times)
	}
	if got := observed.GetSampleSum(); got < seconds || got > seconds+1 {
		t.Errorf("%s: got a sum of %.3f s, want %.0f to %.0f", what, got, seconds, seconds+1)
	}
}

// Each class of failure is counted as one of five kinds. An unknown class is counted as ambiguous.
func TestErrorClasses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		class channels.Class
		want  string
	}{
		{class: channels.Throttled, want: "throttled"},
		{class: channels.AuthBroken, want: "auth"},
		{class: channels.AccountBlocked, want: "auth"},
		{class: channels.Retry, want: "retry"},
		{class: channels.Held, want: "retry"},
		{class: channels.WindowClosed, want: "permanent"},
		{class: channels.BadRecipient, want: "permanent"},
		{class: channels.BadContent, want: "permanent"},
		{class: channels.OptedOut, want: "permanent"},
		{class: channels.Ambiguous, want: "ambiguous"},
		{class: "something new", want: "ambiguous"},
		{class: "", want: "ambiguous"},
	}

	for _, tt := range tests {
		const account = 7
		m := newMetrics()
		m.countTrouble(account, tt.class)
		got := map[string]int64{}
		m.Account(account).Errors(func(kind string, n int64) {
			if n != 0 {
				got[kind] = n
			}
		})
		if want := map[string]int64{tt.want: 1}; !maps.Equal(got, want) {
			t.Errorf("after a failure of class %q: got %v, want %v", tt.class, got, want)
		}
	}
}

// A hop is the time that an event takes through Parley, up to the call that it causes. It is the event's wait for its
// batch, plus the delivery's wait in its lane. The hold (the time in which a reply can be taken back) doesn't count.
func TestHop(t *testing.T) {
	t.Parallel()
	m := newMetrics()
	batchAt := time.Date(2026, 11, 20, 12, 0, 0, 123456000, time.UTC)
	realTime := batchAt.Add(-24 * time.Hour) // the database's clock; Parley's is a day ahead

	m.Applying(Batch{
		Now:  batchAt,
		Real: realTime,
		Facts: []Fact{ // they have waited for three seconds on average
			{Event: store.Event{ReceivedAt: realTime.Add(-2 * time.Second)}},
			{Event: store.Event{ReceivedAt: realTime.Add(-4 * time.Second)}},
		},
	})

	const batchWait, laneWait, hold = 3, 1, 20 // seconds
	holdEnd := batchAt.Add(hold * time.Second)
	sameTime := batchAt.In(time.FixedZone("X", 3600)) // the same time as another connection reads it
	claims := []dispatch.Claimed{
		{Delivery: store.Delivery{CreatedAt: batchAt, Attempt: 1}, AccountID: 1, CreatedAgo: laneWait},
		{Delivery: store.Delivery{CreatedAt: sameTime, Attempt: 1,
			DeliveryTimes: store.DeliveryTimes{NotBefore: &holdEnd}}, AccountID: 1, CreatedAgo: hold + laneWait},
	}
	for _, c := range claims {
		m.attemptBegan(c, time.Now())
		m.attemptEnded(c)
	}
	wantObserved(t, "hops", m.hop, 2, 2*(batchWait+laneWait))
	wantObserved(t, "delays", m.due, 2, 2*laneWait)
}

// Only the first attempt at the first part of a delivery is measured. Repeats and further parts only count as attempts.
func TestDeliveryIsMeasuredOnce(t *testing.T) {
	t.Parallel()
	const account, laneWait, muchLater = 1, 1, 100
	m := newMetrics()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	m.Applying(Batch{Now: now, Real: now})

	claims := []dispatch.Claimed{
		{Delivery: store.Delivery{CreatedAt: now, Attempt: 1}, AccountID: account, CreatedAgo: laneWait},
		{Delivery: store.Delivery{CreatedAt: now, Attempt: 2}, AccountID: account, CreatedAgo: muchLater},
		{Delivery: store.Delivery{CreatedAt: now, Attempt: 1, Part: 1}, AccountID: account, CreatedAgo: muchLater},
	}
	for _, c := range claims {
		m.attemptBegan(c, time.Now())
		m.attemptEnded(c)
	}

	wantObserved(t, "hops", m.hop, 1, laneWait)
	wantObserved(t, "delays", m.due, 1, laneWait)
	if got := m.Account(account).Attempts.Load(); got != 3 {
		t.Errorf("attempts: got %d, want 3", got)
	}
	if got := m.Account(account).InFlight.Load(); got != 0 {
		t.Errorf("attempts in flight: got %d, want none", got)
	}
}

// If another process applied the batch of a delivery, only the delivery's delay is known, not the hop.
func TestDeliveryOfAnotherProcessIsNoHop(t *testing.T) {
	t.Parallel()
	const laneWait = 5 // seconds
	m := newMetrics()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	m.Applying(Batch{Now: now, Real: now})
	ofAnotherBatch := now.Add(time.Second)
	m.attemptBegan(dispatch.Claimed{
		Delivery:   store.Delivery{CreatedAt: ofAnotherBatch, Attempt: 1},
		AccountID:  1,
		CreatedAgo: laneWait,
	}, time.Now())
	wantObserved(t, "hops", m.hop, 0, 0)
	wantObserved(t, "delays", m.due, 1, laneWait)
}

// No more than maxBatches batches are remembered.
func TestRememberedBatches(t *testing.T) {
	t.Parallel()
	m := newMetrics()
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for n := range 2 * maxBatches {
		m.Applying(Batch{Now: now.Add(time.Duration(n) * time.Millisecond), Real: now})
	}
	if got := len(m.batches.order); got != maxBatches {
		t.Errorf("batches in their order: got %d, want %d", got, maxBatches)
	}
	if got := len(m.batches.waited); got != maxBatches {
		t.Errorf("waits of batches: got %d, want %d", got, maxBatches)
	}
}

// The delay of an applied event is measured with the database's clock, because that clock stamped the event's arrival.
func TestEventDelay(t *testing.T) {
	t.Parallel()
	const account, clockAhead, delay = 3, time.Hour, 2 * time.Second
	m := newMetrics()
	m.SetClock(clockAhead)
	now := time.Now()
	arrived := now.Add(clockAhead - delay)
	m.countApplied([]store.Event{{AccountID: account, ReceivedAt: arrived}}, now)
	wantObserved(t, "delays", m.delay, 1, delay.Seconds())
	if got := m.Account(account).Applied.Load(); got != 1 {
		t.Errorf("applied events: got %d, want 1", got)
	}
}

// Counting a fact, and the attempt that it causes, should cost next to nothing.
func BenchmarkMetrics(b *testing.B) {
	m := newMetrics()
	claim := dispatch.Claimed{Delivery: store.Delivery{Attempt: 1, CreatedAt: time.Now()}, AccountID: 1}
	m.Applying(Batch{Now: claim.CreatedAt, Real: claim.CreatedAt})
	for b.Loop() {
		now := time.Now()
		m.countAccepted(1, 1, now)
		m.attemptBegan(claim, now)
		m.attemptEnded(claim)
	}
}
