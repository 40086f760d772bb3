package app

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"parley/cmd/parley/backup"
	"parley/cmd/parley/metrics"
	"parley/store"
)

// newMetricsHandler serves all metrics in Prometheus' format. docs/metrics.md says what they mean.
func (a *App) newMetricsHandler() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	relay := a.engine.Relay().Metrics()
	registry.MustRegister(relay.Histograms()...)
	registry.MustRegister(
		metrics.NewTraffic(relay, a.engine.Accounts),
		metrics.NewWaiting(a.db.Pool, a.engine.Accounts, a.surfacesByAccount, relay.SetClock),
		metrics.NewHealth(metrics.AccountState{
			Relay: relay, Accounts: a.engine.Accounts, Surfaces: a.surfacesByAccount,
			Channel: func(id store.AccountID) any { return a.accounts.findChannel(id) },
		}),
		metrics.NewProcess(metrics.ProcessState{
			Ready: a.isReady, Started: func() time.Duration { return time.Duration(a.started.Load()) }, Pool: a.db.Pool,
			Backups: BackupFolder(a.env), BackupsSince: a.backupsSince(),
		}),
		metrics.NewModel(a.countAnalyses, a.opt.Analyzer),
		a.retain,
	)

	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

// backupsSince returns a function that tells since when nightly backups are made; nil if none are.
func (a *App) backupsSince() func() time.Time {
	if !a.db.IsEmbedded() || a.opt.MovedTime {
		return nil
	}
	return func() time.Time {
		st, err := backup.ReadStatus(BackupFolder(a.env))
		if err != nil {
			a.log.Warn("backup status not read", "error", err)
		}
		return st.Since
	}
}

// surfacesByAccount returns the surfaces at work, by their accounts.
func (a *App) surfacesByAccount() map[store.AccountID]any {
	all := map[store.AccountID]any{}
	for _, r := range a.chats.list() {
		all[r.account] = r.surface
	}
	return all
}

// countAnalyses counts the analyses of this process by how they ended.
func (a *App) countAnalyses() map[string]int64 {
	n := a.engine.AnalysisCounts()
	return map[string]int64{"model": n.Model, "offline": n.Offline, "degraded": n.Degraded, "failed": n.Failed, "given_up": n.GivenUp}
}
