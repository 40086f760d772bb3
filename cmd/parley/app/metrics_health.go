package app

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"parley/bridge/relay"
	"parley/store"
)

// connected is a surface (an agents' chat such as Slack) that keeps connections open.
type connected interface {
	// Connections returns how many connections are open, and how many should be. wanted is 0 if it needs none at the moment.
	Connections() (open, wanted int)
}

// fetching is a channel (such as a mailbox) from which this process fetches messages.
type fetching interface {
	// CaughtUpAt returns when this process last had fetched all new messages; zero if it hasn't yet.
	CaughtUpAt() time.Time
}

// AccountState is the source of the metrics that NewHealth exports. An account is one configured connection, such as a
// mailbox or a Slack workspace.
type AccountState struct {
	Relay    *relay.Metrics
	Accounts func() []store.Account
	Channel  func(store.AccountID) any      // returns nil if the account has no channel in this process
	Surfaces func() map[store.AccountID]any // the running surfaces
}

// health exports, for each account, when this process last received something and how many connections it has. Channels
// and surfaces are asked for this through the interfaces connected and fetching; one that doesn't implement an
// interface has no such metric.
type health struct {
	AccountState

	lastEvent, caughtUp, connections, connectionsWanted Family
}

// NewHealth returns a collector for the state of this process's connections.
func NewHealth(state AccountState) prometheus.Collector {
	return &health{
		AccountState: state,
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
	h.sendTimes(to, accounts)
	h.sendConnections(to, accounts)
}

// sendTimes sends when the accounts last received something.
func (h *health) sendTimes(to chan<- prometheus.Metric, accounts []store.Account) {
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
}

// sendConnections sends how many connections the surfaces have.
func (h *health) sendConnections(to chan<- prometheus.Metric, accounts []store.Account) {
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
