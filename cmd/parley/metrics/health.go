package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"parley/bridge/relay"
	"parley/store"
)

// connected is a surface that keeps connections open.
type connected interface {
	// Connections returns how many are open, and how many should be; 0 means the surface keeps none open now.
	Connections() (open, wanted int)
}

// fetching is a channel that fetches messages.
type fetching interface {
	// CaughtUpAt returns when this process last had fetched all new messages; zero means not yet.
	CaughtUpAt() time.Time
}

// AccountState is the state that health exports.
type AccountState struct {
	Relay    *relay.Metrics
	Accounts func() []store.Account
	Channel  func(store.AccountID) any      // nil means the account has none in this process
	Surfaces func() map[store.AccountID]any // those at work
}

// health exports the state of this process's connections to its accounts.
type health struct {
	AccountState

	lastEvent, caughtUp, connections, connectionsWanted Family
}

// NewHealth makes the collector of the state of this process's connections.
func NewHealth(c AccountState) prometheus.Collector {
	return &health{
		AccountState: c,
		lastEvent: Gauge("parley_account_last_event_timestamp_seconds", "When this process last stored an event of the account.",
			"account", "kind"),
		caughtUp: Gauge("parley_account_caught_up_timestamp_seconds",
			"When this process had last fetched everything that the account held.", "account", "kind"),
		connections:       Gauge("parley_surface_connections", "Connections that this process keeps open to a surface.", "account", "kind"),
		connectionsWanted: Gauge("parley_surface_connections_wanted", "Connections that this process should keep open.", "account", "kind"),
	}
}

func (h *health) Describe(to chan<- *prometheus.Desc) {
	Describe(to, h.lastEvent, h.caughtUp, h.connections, h.connectionsWanted)
}

func (h *health) Collect(to chan<- prometheus.Metric) {
	accounts := h.Accounts()
	for _, a := range accounts {
		if a.Side == store.SideSystem {
			continue
		}
		if at := h.Relay.Account(a.ID).LastEvent.Load(); at > 0 {
			h.lastEvent.Send(to, float64(at), a.Name, a.Kind)
		}

		f, isFetching := h.Channel(a.ID).(fetching)
		if !isFetching || a.Paused {
			continue
		}
		if at := f.CaughtUpAt(); !at.IsZero() {
			h.caughtUp.Send(to, float64(at.Unix()), a.Name, a.Kind)
		}
	}

	surfaces := h.Surfaces()
	for _, a := range accounts {
		s, ok := surfaces[a.ID].(connected)
		if !ok {
			continue
		}
		if open, wanted := s.Connections(); wanted > 0 {
			h.connections.Send(to, float64(open), a.Name, a.Kind)
			h.connectionsWanted.Send(to, float64(wanted), a.Name, a.Kind)
		}
	}
}
