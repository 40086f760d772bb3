package relay

import (
	"testing"
	"time"

	"parley/store"
)

// Counting a fact, and the attempt that it causes, should cost next to nothing.
func BenchmarkMetrics(b *testing.B) {
	m := newMetrics()
	claim := store.ClaimedDelivery{Delivery: store.Delivery{Attempt: 1, CreatedAt: time.Now()}, AccountID: 1}
	m.Applying(Batch{Now: claim.CreatedAt, Real: claim.CreatedAt})
	for b.Loop() {
		now := time.Now()
		m.countAccepted(1, 1, now)
		m.attemptBegan(claim, now)
		m.attemptEnded(claim)
	}
}
