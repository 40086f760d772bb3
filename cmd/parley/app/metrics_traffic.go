package app

import (
	"maps"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"parley/bridge/relay"
	"parley/store"
)

// traffic exports the counters of this process's relay. The relay stores events (incoming messages, clicks and receipts),
// applies them to conversations, and sends deliveries (outgoing messages) in one or more attempts.
type traffic struct {
	relay    *relay.Metrics
	accounts func() []store.Account

	fresh, reconciles                           Family
	accepted, refused, applied, quarantined     Family // by kind of account
	attempts, inFlight, landed, failed, unclear Family // by account
	repeated                                    Family
	errors                                      Family
}

// NewTraffic returns a collector for the relay's counters, by account or kind of account. accounts returns all accounts.
func NewTraffic(m *relay.Metrics, accounts func() []store.Account) prometheus.Collector {
	return &traffic{
		relay: m, accounts: accounts,
		fresh:       Counter("parley_events_new_total", "Events stored that were not known before."),
		reconciles:  Counter("parley_reconciles_total", "How often we looked for an attempt whose answer was lost."),
		accepted:    Counter("parley_events_accepted_total", "Events durably stored, repeats included.", "kind"),
		refused:     Counter("parley_events_refused_total", "Calls refused because too much was waiting to be stored.", "kind"),
		applied:     Counter("parley_events_applied_total", "Events applied.", "kind"),
		quarantined: Counter("parley_events_quarantined_total", "Events given up and shown to people.", "kind"),
		attempts:    Counter("parley_delivery_attempts_total", "Outgoing calls begun.", "account", "kind"),
		inFlight:    Gauge("parley_attempts_in_flight", "Outgoing calls that run now.", "account", "kind"),
		landed:      Counter("parley_deliveries_landed_total", "Deliveries that ended well.", "account", "kind"),
		failed:      Counter("parley_deliveries_failed_total", "Deliveries given up.", "account", "kind"),
		unclear: Counter("parley_deliveries_undecided_total",
			"Deliveries handed to a person, because nobody can tell whether they arrived.", "account", "kind"),
		repeated: Counter("parley_posts_repeated_total", "Posts made again that may be there twice.",
			"account", "kind"),
		errors: Counter("parley_provider_errors_total", "Outgoing calls that failed.", "account", "kind", "class"),
	}
}

func (t *traffic) Describe(to chan<- *prometheus.Desc) {
	Describe(to, t.fresh, t.reconciles, t.accepted, t.refused, t.applied, t.quarantined, t.attempts, t.inFlight, t.landed,
		t.failed, t.unclear, t.repeated, t.errors)
}

// kindTotals are the sums over all accounts of one kind, such as email.
type kindTotals struct{ accepted, refused, applied, quarantined int64 }

func (t *traffic) Collect(to chan<- prometheus.Metric) {
	t.fresh.Send(to, float64(t.relay.Accepted.Load()))
	t.reconciles.Send(to, float64(t.relay.Reconciled.Load()))
	kinds := map[string]kindTotals{}
	for _, a := range t.accounts() {
		m := t.relay.Account(a.ID)
		totals := kinds[a.Kind]
		totals.accepted += m.Accepted.Load()
		totals.refused += m.Refused.Load()
		totals.applied += m.Applied.Load()
		totals.quarantined += m.Quarantined.Load()
		kinds[a.Kind] = totals
		if a.Side != store.SideSystem { // Parley's own account has no deliveries
			t.sendDeliveries(to, a, m)
		}
	}

	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		totals := kinds[kind]
		t.accepted.Send(to, float64(totals.accepted), kind)
		t.refused.Send(to, float64(totals.refused), kind)
		t.applied.Send(to, float64(totals.applied), kind)
		t.quarantined.Send(to, float64(totals.quarantined), kind)
	}
}

// sendDeliveries sends the results of one account's deliveries.
func (t *traffic) sendDeliveries(to chan<- prometheus.Metric, a store.Account, m *relay.AccountMetrics) {
	t.attempts.Send(to, float64(m.Attempts.Load()), a.Name, a.Kind)
	t.inFlight.Send(to, float64(m.InFlight.Load()), a.Name, a.Kind)
	t.landed.Send(to, float64(m.Landed.Load()), a.Name, a.Kind)
	t.failed.Send(to, float64(m.Failed.Load()), a.Name, a.Kind)
	t.unclear.Send(to, float64(m.Undecided.Load()), a.Name, a.Kind)
	t.repeated.Send(to, float64(m.Repeated.Load()), a.Name, a.Kind)
	m.Errors(func(class string, n int64) { t.errors.Send(to, float64(n), a.Name, a.Kind, class) })
}
