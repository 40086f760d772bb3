package openai

import (
	"maps"
	"sync"
	"time"
)

// latencyBounds are the upper bounds of the histogram of latencies, in seconds.
func latencyBounds() []float64 { return []float64{0.5, 1, 2, 5, 10, 20, 40} }

// Stats are counts since the start, for metrics.
type Stats struct {
	Asked     int64          // calls of Analyze and of Write
	Degraded  int64          // of these answered by the fallback
	Failures  map[Kind]int64 // of these without a model's answer, by kind
	Requests  int64          // requests over HTTP, with second attempts and repairs
	Repairs   int64          // of these with an error shown to the model
	TokensIn  int64          // as the server counts, or estimated where it doesn't
	TokensOut int64
	Latency   Latency // of requests that were answered
}

// Latency is a histogram, as Prometheus has it.
type Latency struct {
	Bounds  []float64 // upper, in seconds
	Counts  []int64   // cumulative, one for each bound
	Count   int64
	Seconds float64 // the sum
}

type stats struct {
	mu sync.Mutex
	s  Stats
}

func newStats() *stats {
	return &stats{
		s: Stats{Failures: map[Kind]int64{}, Latency: Latency{Bounds: latencyBounds(), Counts: make([]int64, len(latencyBounds()))}},
	}
}

// Stats returns the counts. Its maps and slices are the caller's.
func (a *Analyzer) Stats() Stats {
	a.stats.mu.Lock()
	defer a.stats.mu.Unlock()
	s := a.stats.s
	s.Failures = maps.Clone(s.Failures)
	s.Latency.Bounds = latencyBounds()
	s.Latency.Counts = append([]int64(nil), s.Latency.Counts...)
	return s
}

func (s *stats) update(f func(*Stats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.s)
}

func (s *stats) countAsked()        { s.update(func(c *Stats) { c.Asked++ }) }
func (s *stats) countDegraded()     { s.update(func(c *Stats) { c.Degraded++ }) }
func (s *stats) countFailed(k Kind) { s.update(func(c *Stats) { c.Failures[k]++ }) }
func (s *stats) countRequest()      { s.update(func(c *Stats) { c.Requests++ }) }
func (s *stats) countRepair()       { s.update(func(c *Stats) { c.Repairs++ }) }

func (s *stats) countTokens(in, out int) {
	s.update(func(c *Stats) { c.TokensIn += int64(in); c.TokensOut += int64(out) })
}

func (s *stats) countLatency(d time.Duration) {
	s.update(func(c *Stats) {
		c.Latency.Count++
		c.Latency.Seconds += d.Seconds()
		for i, bound := range c.Latency.Bounds {
			if d.Seconds() <= bound {
				c.Latency.Counts[i]++
			}
		}
	})
}
