package openai

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// latencyBounds returns the upper bounds of the latency histogram's buckets, in seconds.
func latencyBounds() []float64 { return []float64{0.5, 1, 2, 5, 10, 20, 40} }

// Stats holds counters since the Analyzer was created, for metrics.
type Stats struct {
	Asked     int64          // calls of Analyze and of Write
	Degraded  int64          // calls answered by the fallback
	Failures  map[Kind]int64 // calls without a valid answer of the model, by kind
	Requests  int64          // HTTP requests, including retries and repairs
	Repairs   int64          // requests for a correction, after an invalid answer
	TokensIn  int64          // as counted by the server; estimated if it doesn't count
	TokensOut int64
	Latency   Latency // of answered requests
}

// Latency is a histogram in the form of Prometheus.
type Latency struct {
	Bounds  []float64 // the buckets' upper bounds in seconds
	Counts  []int64   // cumulative: Counts[i] is the number of requests that took at most Bounds[i]
	Count   int64
	Seconds float64 // the sum of all latencies
}

// stats counts for Stats. It is safe for concurrent use.
type stats struct {
	mu     sync.Mutex
	counts Stats
}

func newStats() *stats {
	bounds := latencyBounds()
	latency := Latency{Bounds: bounds, Counts: make([]int64, len(bounds))}
	return &stats{counts: Stats{Failures: map[Kind]int64{}, Latency: latency}}
}

// Stats returns a copy of the counters that the caller may change.
func (a *Analyzer) Stats() Stats {
	a.stats.mu.Lock()
	defer a.stats.mu.Unlock()
	s := a.stats.counts
	s.Failures = maps.Clone(s.Failures)
	s.Latency.Bounds = latencyBounds()
	s.Latency.Counts = slices.Clone(s.Latency.Counts)
	return s
}

// update runs f with exclusive access to the counters.
func (s *stats) update(f func(*Stats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.counts)
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
