package app

import (
	"maps"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"parley/bridge/analysis"
	"parley/bridge/analysis/openai"
)

// Conditioned is an Analyzer that knows whether its language model can be used.
type Conditioned interface{ Condition() analysis.Condition }

// model exports the results of this process's analyses, and the requests, tokens and time that they cost. An analysis
// finds out what a customer wants, by a language model or by rules.
type model struct {
	counts   func() map[string]int64 // analyses by result
	analyzer analysis.Analyzer       // nil if nothing is analysed

	analyses, up, failures, requests, tokens Family
	latency                                  *prometheus.Desc
}

// MetricsNewModel returns a collector for analyses. counts returns their number by result. If the analyzer implements Conditioned
// or has a method Stats, these are exported too.
func MetricsNewModel(counts func() map[string]int64, analyzer analysis.Analyzer) prometheus.Collector {
	return &model{
		counts:   counts,
		analyzer: analyzer,
		analyses: Counter("parley_analyses_total", "Analyses of what customers wrote, by how they ended.", "result"),
		up:       Gauge("parley_model_up", "1 while the model can be used; absent without one."),
		failures: Counter("parley_model_failures_total", "Questions that the model left unanswered, by cause.", "cause"),
		requests: Counter("parley_model_requests_total", "Requests to the model's server, with second attempts and repairs."),
		tokens:   Counter("parley_model_tokens_total", "Tokens of questions (in) and answers (out).", "direction"),
		latency:  prometheus.NewDesc("parley_model_latency_seconds", "How long the model took to answer.", nil, nil),
	}
}

func (m *model) Describe(to chan<- *prometheus.Desc) {
	Describe(to, m.analyses, m.up, m.failures, m.requests, m.tokens)
	to <- m.latency
}

func (m *model) Collect(to chan<- prometheus.Metric) {
	for result, count := range m.counts() {
		m.analyses.Send(to, float64(count), result)
	}

	if c, ok := m.analyzer.(Conditioned); ok {
		m.up.Send(to, boolNumber(c.Condition().Status == analysis.Working))
	}

	var stats openai.Stats // zeros for an analyzer that keeps none
	if counted, ok := m.analyzer.(interface{ Stats() openai.Stats }); ok {
		stats = counted.Stats()
	}
	m.sendStats(to, stats)
}

// sendStats sends what the requests to the model cost.
func (m *model) sendStats(to chan<- prometheus.Metric, s openai.Stats) {
	m.requests.Send(to, float64(s.Requests))
	m.tokens.Send(to, float64(s.TokensIn), "in")
	m.tokens.Send(to, float64(s.TokensOut), "out")

	for _, cause := range slices.Sorted(maps.Keys(s.Failures)) {
		m.failures.Send(to, float64(s.Failures[cause]), string(cause))
	}

	buckets := map[float64]uint64{}
	for i, bound := range s.Latency.Bounds {
		buckets[bound] = uint64(max(s.Latency.Counts[i], 0))
	}

	to <- prometheus.MustNewConstHistogram(m.latency, uint64(max(s.Latency.Count, 0)), s.Latency.Seconds, buckets)
}
