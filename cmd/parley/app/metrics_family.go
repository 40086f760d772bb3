package app

import "github.com/prometheus/client_golang/prometheus"

// Family is a metric with its name and labels.
type Family struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

// Counter describes a number that only grows.
func Counter(name, help string, labels ...string) Family {
	return Family{prometheus.NewDesc(name, help, labels, nil), prometheus.CounterValue}
}

// Gauge describes a number that also falls.
func Gauge(name, help string, labels ...string) Family {
	return Family{prometheus.NewDesc(name, help, labels, nil), prometheus.GaugeValue}
}

// Send sends one value of the metric, with the values of its labels.
func (f Family) Send(to chan<- prometheus.Metric, value float64, labels ...string) {
	to <- prometheus.MustNewConstMetric(f.desc, f.kind, value, labels...)
}

// Describe sends the descriptions of a collector's metrics.
func Describe(to chan<- *prometheus.Desc, families ...Family) {
	for _, f := range families {
		to <- f.desc
	}
}
