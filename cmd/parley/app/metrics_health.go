package app

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"parley/store"
)

// linked is a surface that keeps connections open.
type linked interface {
	// Connections returns how many are open, and how many should be; 0 = the surface keeps none open now.
	Connections() (open, wanted int)
}

// fetching is a channel that fetches messages.
type fetching interface {
	// CaughtUpAt returns when this process last had fetched all new messages; zero = not yet.
	CaughtUpAt() time.Time
}

// health exports the state of this process's connections to its accounts.
type health struct {
	app                                 *App
	lastEvent, caughtUp, links, allowed family
}

func newHealth(a *App) *health {
	return &health{
		app:       a,
		lastEvent: gauge("parley_account_last_event_timestamp_seconds", "When this process last stored an event of the account.", "account", "kind"),
		caughtUp:  gauge("parley_account_caught_up_timestamp_seconds", "When this process had last fetched everything that the account held.", "account", "kind"),
		links:     gauge("parley_surface_connections", "Connections that this process keeps open to a surface.", "account", "kind"),
		allowed:   gauge("parley_surface_connections_wanted", "Connections that this process should keep open.", "account", "kind"),
	}
}

// Describe implements prometheus.Collector.
func (h *health) Describe(to chan<- *prometheus.Desc) {
	describe(to, h.lastEvent, h.caughtUp, h.links, h.allowed)
}

// Collect implements prometheus.Collector.
func (h *health) Collect(to chan<- prometheus.Metric) {
	relay := h.app.engine.Relay().Metrics()
	for _, a := range h.app.engine.Accounts() {
		if a.Side == store.SideSystem {
			continue
		}
		if at := relay.Account(a.ID).LastEvent.Load(); at > 0 {
			h.lastEvent.send(to, float64(at), a.Name, a.Kind)
		}
		if f, ok := h.app.accounts.channel(a.ID).(fetching); ok && !a.Paused {
			if at := f.CaughtUpAt(); !at.IsZero() {
				h.caughtUp.send(to, float64(at.Unix()), a.Name, a.Kind)
			}
		}
	}
	for _, r := range h.app.chats.list() {
		l, ok := r.surface.(linked)
		if !ok {
			continue
		}
		for _, a := range h.app.engine.Accounts() {
			if open, wanted := l.Connections(); a.ID == r.account && wanted > 0 {
				h.links.send(to, float64(open), a.Name, a.Kind)
				h.allowed.send(to, float64(wanted), a.Name, a.Kind)
			}
		}
	}
}
