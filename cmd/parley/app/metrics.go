package app

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"parley/store"
)

// metrics serves all metrics in Prometheus' format. docs/metrics.md says what they mean.
func (a *App) metrics() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	relay := a.engine.Relay().Metrics()
	registry.MustRegister(relay.Histograms()...)
	registry.MustRegister(
		newTraffic(relay, a.engine.Accounts),
		newWaiting(a.db.Pool, a.engine.Accounts, relay.SetClock),
		newHealth(a),
		newProcess(a),
		newModel(a),
		a.retain,
	)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

// family is a metric with its name and labels.
type family struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

func counter(name, help string, labels ...string) family {
	return family{prometheus.NewDesc(name, help, labels, nil), prometheus.CounterValue}
}

func gauge(name, help string, labels ...string) family {
	return family{prometheus.NewDesc(name, help, labels, nil), prometheus.GaugeValue}
}

// send sends one value of the metric, with the values of its labels.
func (f family) send(to chan<- prometheus.Metric, value float64, labels ...string) {
	to <- prometheus.MustNewConstMetric(f.desc, f.kind, value, labels...)
}

// describe sends the descriptions of a collector's metrics.
func describe(to chan<- *prometheus.Desc, families ...family) {
	for _, f := range families {
		to <- f.desc
	}
}

// accountsByID returns accounts by id, for labels. Labels have the names of accounts, which an admin chose,
// and never an address or id of a customer.
func accountsByID(list []store.Account) map[store.AccountID]store.Account {
	byID := make(map[store.AccountID]store.Account, len(list))
	for _, a := range list {
		byID[a.ID] = a
	}
	return byID
}
