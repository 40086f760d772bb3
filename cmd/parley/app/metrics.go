package app

import (
	"net/http"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics serves the counters in Prometheus' format.
func (a *App) metrics() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m := a.engine.Relay().Metrics()
	for name, c := range map[string]struct {
		help  string
		value *atomic.Int64
	}{
		"parley_facts_accepted_total":       {"New facts stored in the journal.", &m.Accepted},
		"parley_facts_refused_total":        {"Calls refused because too much was waiting.", &m.Refused},
		"parley_events_applied_total":       {"Events applied.", &m.Applied},
		"parley_events_quarantined_total":   {"Events given up and shown.", &m.Quarantined},
		"parley_deliveries_attempted_total": {"Attempts to deliver.", &m.Attempts},
		"parley_deliveries_landed_total":    {"Deliveries that ended well.", &m.Landed},
		"parley_deliveries_failed_total":    {"Deliveries given up.", &m.Failed},
		"parley_reconciles_total":           {"Looks for attempts whose answer was lost.", &m.Reconciled},
	} {
		registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: c.help},
			func() float64 { return float64(c.value.Load()) }))
	}
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}
