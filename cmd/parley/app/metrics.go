package app

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"parley/store"
)

// newMetricsHandler returns a handler that serves all metrics of this process, and those computed from the database, in
// Prometheus' format. docs/metrics.md explains them.
func (a *App) newMetricsHandler() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	relay := a.engine.Relay().Metrics()
	registry.MustRegister(relay.Histograms()...)
	registry.MustRegister(
		NewTraffic(relay, a.engine.Accounts),
		NewWaiting(a.db.Pool, a.engine.Accounts, a.surfacesByAccount, relay.SetClock),
		NewHealth(AccountState{
			Relay:    relay,
			Accounts: a.engine.Accounts,
			Surfaces: a.surfacesByAccount,
			Channel:  func(id store.AccountID) any { return a.accounts.findChannel(id) },
		}),
		NewProcess(ProcessState{
			Ready:   a.isReady,
			Started: func() time.Duration { return time.Duration(a.started.Load()) },
			Pool:    a.db.Pool,
			Backups: BackupFolder(a.env),
		}),
		MetricsNewModel(a.countAnalyses, a.opt.Analyzer),
		a.retain,
	)

	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

// surfacesByAccount returns the surfaces (the code for Slack and Teams) that are connected, by the ids of their accounts.
func (a *App) surfacesByAccount() map[store.AccountID]any {
	all := map[store.AccountID]any{}
	for _, r := range a.chats.list() {
		all[r.account] = r.surface
	}
	return all
}

// countAnalyses returns how many messages this process has analysed, by the outcome.
func (a *App) countAnalyses() map[string]int64 {
	n := a.engine.AnalysisCounts()
	return map[string]int64{
		"model":    n.Model,
		"offline":  n.Offline,
		"degraded": n.Degraded,
		"failed":   n.Failed,
		"given_up": n.GivenUp,
	}
}
