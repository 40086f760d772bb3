package app

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"parley/store"
)

// A look is one query for the numbers below. They are cached until the next look, so that frequent scrapes don't load the
// database.
const (
	metricsLookEvery = 10 * time.Second
	lookTimeout      = 3 * time.Second
)

// waiting exports how much work waits in the database: events that are not applied yet, deliveries (outgoing messages) in
// their lanes, and customers' messages that are to be analysed. A lane is the queue of one conversation's deliveries to
// one destination, such as the customer. A gate limits the rate of all deliveries to one provider account.
//
// All processes that are configured for the same chats export the same numbers. Labels are names that an admin chose,
// never a customer's address or id.
type waiting struct {
	pool     *pgxpool.Pool
	accounts func() []store.Account
	surfaces func() map[store.AccountID]any // the chats that this process is configured for
	setClock func(ahead time.Duration)

	mu       sync.Mutex  // guards the fields of this group; held during a look
	last     store.Stats // the result of the last successful look
	readAt   time.Time   // when the last successful look began
	lookedAt time.Time   // when the last look began, successful or not
	errors   int         // failed looks

	looks   lookFamilies
	journal journalFamilies
	lanes   laneFamilies
	gates   gateFamilies
	advice  Family
	bursts  burstFamilies
	figures Family
	clock   Family
	up      Family
}

// Metric families by subject.
type (
	lookFamilies    struct{ capped, at, errors Family } // the looks themselves
	journalFamilies struct{ pending, oldest, quarantine Family }
	laneFamilies    struct{ waiting, oldest, deliveries, unknown, undecided, undecidedOldest Family }
	burstFamilies   struct{ waiting, oldest Family }     // messages that a customer wrote in quick succession, and that are to be analysed
	gateFamilies    struct{ blocked, blockedFor Family } // rate limits of providers
)

// NewWaiting returns a collector for the work that waits in the database. surfaces returns the chats that this process is
// configured for. After each look, setClock is called with how far the database's clock is ahead of this process's clock.
func NewWaiting(
	pool *pgxpool.Pool, accounts func() []store.Account, surfaces func() map[store.AccountID]any, setClock func(time.Duration),
) prometheus.Collector {
	return &waiting{
		pool:     pool,
		accounts: accounts,
		surfaces: surfaces,
		setClock: setClock,
		looks: lookFamilies{
			capped: Gauge("parley_stats_capped",
				"1 while more waits than one look counts: the numbers of what waits are lower bounds then."),
			at:     Gauge("parley_stats_timestamp_seconds", "When we last looked at what waits."),
			errors: Counter("parley_stats_errors_total", "How many looks at what waits have failed."),
		},
		journal: newJournalFamilies(),
		lanes:   newLaneFamilies(),
		gates: gateFamilies{
			blocked:    Gauge("parley_gates_blocked", "How many limits providers have closed now.", "account", "kind"),
			blockedFor: Gauge("parley_gate_blocked_seconds", "How long until the last of them opens.", "account", "kind"),
		},
		advice: Gauge("parley_suggestions",
			"Suggestions that notes showed in the last seven days, by what they suggest and what became of them.", "suggests", "fate"),
		bursts: burstFamilies{
			waiting: Gauge("parley_bursts_waiting", "How many bursts of customers' messages wait to be analysed."),
			oldest:  Gauge("parley_bursts_waiting_oldest_seconds", "How long the oldest of them has waited."),
		},
		figures: Gauge("parley_figures_behind_seconds", "How far the team's figures are behind."),
		clock:   Gauge("parley_database_clock_offset_seconds", "How far the database's clock is ahead of ours."),
		up:      Gauge("parley_account_up", "1 while no fault of the account is known.", "account", "kind", "side"),
	}
}

func newJournalFamilies() journalFamilies {
	return journalFamilies{
		pending:    Gauge("parley_events_waiting", "How many stored events are not applied yet."),
		oldest:     Gauge("parley_events_waiting_oldest_seconds", "Age of the oldest event that is not applied yet."),
		quarantine: Gauge("parley_quarantine_events", "Events in quarantine.", "account", "kind"),
	}
}

func newLaneFamilies() laneFamilies {
	return laneFamilies{
		waiting: Gauge("parley_lanes_waiting",
			"Conversations with something to deliver, by how long the first of it has been due.", "account", "kind", "side", "age"),
		oldest: Gauge("parley_lane_oldest_seconds", "How long the oldest delivery has been due.", "account", "kind",
			"side"),
		deliveries: Gauge("parley_deliveries_waiting", "How many deliveries wait.", "account", "kind", "side"),
		unknown: Gauge("parley_deliveries_unknown",
			"How many deliveries we are still checking.", "account", "kind", "side"),
		undecided: Gauge("parley_messages_undecided",
			"How many messages wait for somebody to say whether they arrived.", "account", "kind"),
		undecidedOldest: Gauge("parley_messages_undecided_oldest_seconds", "Age of the oldest of them.", "account", "kind"),
	}
}

func (w *waiting) Describe(to chan<- *prometheus.Desc) {
	Describe(to, w.looks.capped, w.looks.at, w.looks.errors)
	Describe(to, w.journal.pending, w.journal.oldest, w.journal.quarantine)
	Describe(to, w.lanes.waiting, w.lanes.oldest, w.lanes.deliveries, w.lanes.unknown, w.lanes.undecided, w.lanes.undecidedOldest)
	Describe(to, w.gates.blocked, w.gates.blockedFor)
	Describe(to, w.bursts.waiting, w.bursts.oldest)
	Describe(to, w.advice, w.figures, w.clock, w.up)
}

// Collect implements prometheus.Collector. While the database doesn't answer, it sends only the metrics about looks: stale
// numbers would look like current ones.
func (w *waiting) Collect(to chan<- prometheus.Metric) {
	s, at, errors := w.look()
	w.looks.errors.Send(to, float64(errors))
	if !at.IsZero() {
		w.looks.at.Send(to, float64(at.UnixMilli())/1000)
	}
	if time.Since(at) > 2*metricsLookEvery {
		return
	}

	w.journal.pending.Send(to, float64(s.Pending))
	w.journal.oldest.Send(to, s.PendingOldest)
	w.bursts.waiting.Send(to, float64(s.Bursts))
	w.bursts.oldest.Send(to, s.BurstsOldest)
	w.figures.Send(to, s.FiguresOldest)
	w.looks.capped.Send(to, boolNumber(s.Capped))
	w.clock.Send(to, s.Clock.Sub(at).Seconds())
	w.sendSuggestions(to, s.Suggestions)
	w.sendAccounts(to, s)
}

// sendAccounts sends the metrics that are labelled with an account.
func (w *waiting) sendAccounts(to chan<- prometheus.Metric, s store.Stats) {
	accountOf := func(c store.AccountCount) store.AccountID { return c.AccountID }
	quarantined, undecided := byAccount(s.Quarantined, accountOf), byAccount(s.Undecided, accountOf)
	lanes := byAccount(s.Lanes, func(l store.LaneStats) store.AccountID { return l.AccountID })
	gates := byAccount(s.Gates, func(g store.GateStats) store.AccountID { return g.AccountID })
	surfaces := w.surfaces()
	for id, a := range byAccount(w.accounts(), func(a store.Account) store.AccountID { return a.ID }) {
		// An account that isn't in a map gets zeros.
		w.journal.quarantine.Send(to, float64(quarantined[id].N), a.Name, a.Kind)
		if a.Side == store.SideSystem {
			continue
		}
		if a.Side == store.SideChannel {
			w.lanes.undecided.Send(to, float64(undecided[id].N), a.Name, a.Kind)
			w.lanes.undecidedOldest.Send(to, undecided[id].Oldest, a.Name, a.Kind)
		}

		if hasCondition(a, surfaces) {
			w.up.Send(to, boolNumber(!slices.Contains(s.Broken, id)), a.Name, a.Kind, string(a.Side))
		}
		w.gates.blocked.Send(to, float64(gates[id].Blocked), a.Name, a.Kind)
		w.gates.blockedFor.Send(to, gates[id].Wait, a.Name, a.Kind)
		w.sendLane(to, a, lanes[id])
	}
}

// byAccount indexes the elements of a list by their account.
func byAccount[T any](list []T, accountOf func(T) store.AccountID) map[store.AccountID]T {
	byID := make(map[store.AccountID]T, len(list))
	for _, element := range list {
		byID[accountOf(element)] = element
	}
	return byID
}

// sendSuggestions sends, for each kind of suggestion, how many were used, edited, ignored or still open.
func (w *waiting) sendSuggestions(to chan<- prometheus.Metric, counts []store.SuggestionCount) {
	byKind := map[string]store.SuggestionCount{}
	for _, n := range counts {
		byKind[n.Kind] = n
	}
	for _, kind := range store.SuggestionKinds() {
		n := byKind[string(kind)]
		w.advice.Send(to, float64(n.Used), string(kind), "used")
		w.advice.Send(to, float64(n.Edited), string(kind), "edited")
		w.advice.Send(to, float64(n.Ignored), string(kind), "ignored")
		w.advice.Send(to, float64(n.Shown-n.Used-n.Edited-n.Ignored), string(kind), "open")
	}
}

// hasCondition reports whether Parley knows if an account works. It doesn't know for a chat that this process isn't
// configured for.
func hasCondition(a store.Account, surfaces map[store.AccountID]any) bool {
	_, isConnected := surfaces[a.ID]
	return a.Side != store.SideSurface || isConnected
}

// sendLane sends how much waits in the lanes of one account.
func (w *waiting) sendLane(to chan<- prometheus.Metric, a store.Account, l store.LaneStats) {
	side := "customer"
	if a.Side == store.SideSurface {
		side = "agents"
	}

	for i, age := range []string{"not_due", "under_1m", "1m_to_10m", "10m_to_1h", "over_1h"} {
		n := int32(0)
		if i < len(l.Ages) {
			n = l.Ages[i]
		}
		w.lanes.waiting.Send(to, float64(n), a.Name, a.Kind, side, age)
	}

	w.lanes.oldest.Send(to, l.Oldest, a.Name, a.Kind, side)
	w.lanes.deliveries.Send(to, float64(l.Deliveries), a.Name, a.Kind, side)
	w.lanes.unknown.Send(to, float64(l.Unknown), a.Name, a.Kind, side)
}

// look returns the numbers of the last successful look, when it began, and how many looks have failed. It queries the
// database if the last look is at least lookEvery ago.
func (w *waiting) look() (s store.Stats, at time.Time, errors int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if time.Since(w.lookedAt) < metricsLookEvery {
		return w.last, w.readAt, w.errors
	}

	ctx, cancel := context.WithTimeout(context.Background(), lookTimeout)
	defer cancel()
	w.lookedAt = time.Now() //nolint:forbidigo // the age of a cache isn't business time
	s, err := store.ReadStats(ctx, w.pool)
	if err != nil {
		w.errors++
		return w.last, w.readAt, w.errors
	}

	w.last, w.readAt = s, w.lookedAt
	w.setClock(s.Clock.Sub(w.readAt))
	return w.last, w.readAt, w.errors
}

// boolNumber returns 1 for true and 0 for false, because Prometheus has no booleans.
func boolNumber(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
