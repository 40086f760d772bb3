package app

import (
	"maps"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"parley/bridge/analysis"
	"parley/bridge/analysis/openai"
)

// conditioned is an Analyzer that knows whether its model can be used.
type conditioned interface{ Condition() analysis.Condition }

// model exports how the analyses of this process ended, and what the model took for them.
type model struct {
	app *App

	analyses, up, failures, requests, tokens family
	latency                                  *prometheus.Desc
}

func newModel(a *App) *model {
	return &model{
		app:      a,
		analyses: counter("parley_analyses_total", "Analyses of what customers wrote, by how they ended.", "result"),
		up:       gauge("parley_model_up", "1 while the model can be used; absent without one."),
		failures: counter("parley_model_failures_total", "Questions that the model left unanswered, by cause.", "cause"),
		requests: counter("parley_model_requests_total", "Requests to the model's server, with second attempts and repairs."),
		tokens:   counter("parley_model_tokens_total", "Tokens of questions (in) and answers (out).", "direction"),
		latency:  prometheus.NewDesc("parley_model_latency_seconds", "How long requests took that the model's server answered.", nil, nil),
	}
}

// Describe implements prometheus.Collector.
func (m *model) Describe(to chan<- *prometheus.Desc) {
	describe(to, m.analyses, m.up, m.failures, m.requests, m.tokens)
	to <- m.latency
}

// Collect implements prometheus.Collector.
func (m *model) Collect(to chan<- prometheus.Metric) {
	n := m.app.engine.AnalysisCounts()
	for result, count := range map[string]int64{"model": n.Model, "offline": n.Offline, "degraded": n.Degraded, "failed": n.Failed, "given_up": n.GivenUp} {
		m.analyses.send(to, float64(count), result)
	}
	if c, ok := m.app.opt.Analyzer.(conditioned); ok {
		m.up.send(to, number(c.Condition().Status == analysis.Working))
	}
	var s openai.Stats
	if counted, ok := m.app.opt.Analyzer.(interface{ Stats() openai.Stats }); ok {
		s = counted.Stats()
	}
	m.requests.send(to, float64(s.Requests))
	m.tokens.send(to, float64(s.TokensIn), "in")
	m.tokens.send(to, float64(s.TokensOut), "out")
	for _, cause := range slices.Sorted(maps.Keys(s.Failures)) {
		m.failures.send(to, float64(s.Failures[cause]), string(cause))
	}
	buckets := map[float64]uint64{}
	for i, bound := range s.Latency.Bounds {
		buckets[bound] = uint64(max(s.Latency.Counts[i], 0))
	}
	to <- prometheus.MustNewConstHistogram(m.latency, uint64(max(s.Latency.Count, 0)), s.Latency.Seconds, buckets)
}
