package stats_test

import (
	"slices"
	"strings"
	"testing"

	"parley/store/plantest"
	"parley/store/stats"
	"parley/store/storetest"
)

// statementLimits says how many rows a statement of Read may touch.
type statementLimits struct {
	name    string
	sql     string
	args    []any
	maxRows map[string]float64 // by table: Read's limits, plus the rows that show that there are more
	index   string             // must be used; "" if the limits suffice to show that no table is scanned
}

const (
	suggestions = 100 // the limit: fewer than the crowd has, so that a scan exceeds it
	slack       = 1.1 // EXPLAIN rounds the rows of each loop to a mean
	allGates    = 50  // the number of gates, all of which are read
)

// listStatementLimits returns the limits of each statement of Read.
func listStatementLimits() []statementLimits {
	return []statementLimits{
		{
			name: "pending",
			sql:  stats.PendingSQL,
			args: []any{stats.MaxRows},
			maxRows: map[string]float64{
				"queues":       2*stats.MaxRows + 1, // once to count them and once to find the oldest event
				"queue_events": stats.MaxRows + 1,
				"events":       1, // the oldest
			},
		},
		{
			name:    "quarantined",
			sql:     stats.QuarantinedSQL,
			args:    []any{stats.MaxRows},
			maxRows: map[string]float64{"quarantine": stats.MaxRows, "events": stats.MaxRows},
			index:   "quarantine_pkey",
		},
		{
			name:    "undecided",
			sql:     stats.UndecidedSQL,
			args:    []any{stats.MaxRows},
			maxRows: map[string]float64{"messages": 0}, // none of the crowd is undecided
			index:   "messages_unclear",
		},
		{
			name:    "lanes",
			sql:     stats.LanesSQL,
			args:    []any{stats.MaxLanesPerGate, stats.MaxLanes},
			maxRows: map[string]float64{"lanes": slack * stats.MaxLanes, "deliveries": stats.MaxLanes},
			index:   "lanes_due",
		},
		{
			name:    "suggestions",
			sql:     stats.SuggestionsSQL,
			args:    []any{suggestions},
			maxRows: map[string]float64{"suggestions": slack * suggestions},
			index:   "suggestions_shown",
		},
		{
			name:    "bursts",
			sql:     stats.BurstsSQL,
			args:    []any{stats.MaxRows},
			maxRows: map[string]float64{"bursts": stats.MaxRows},
			index:   "bursts_due",
		},
		{
			name:    "figures",
			sql:     stats.FiguresSQL,
			args:    []any{stats.MaxRows},
			maxRows: map[string]float64{"measure_due": stats.MaxRows},
		},
		{name: "gates", sql: stats.GatesSQL, maxRows: map[string]float64{"gates": allGates}},
	}
}

// With 100,000 lanes, events, suggestions and changes of figures, Read stops at its limits and reports this. None of its
// statements reads more rows than its limit.
func TestReadOfACrowdStaysWithinItsLimits(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	crowd := slices.Concat(plantest.Lanes(), plantest.Queues(), []string{
		`INSERT INTO suggestions (conversation_id, kind, value, shown_at)
			SELECT n, 'tag', 'Billing', now() - n * interval '1 minute'
			FROM generate_series(1, 100000) AS n`,
		`INSERT INTO measure_due (conversations, since) SELECT ARRAY[n], now() FROM generate_series(1, 100000) AS n`,
	})
	plantest.Run(t, pool, crowd, nil) // without statements it only fills the database

	t.Run("capped", func(t *testing.T) {
		s := readStats(t, pool)
		if !s.Capped {
			t.Error("Capped is false, want true: a limit was reached")
		}
		if s.Pending != stats.MaxRows {
			t.Errorf("%d events are pending, want %d, the limit", s.Pending, stats.MaxRows)
		}
	})

	for _, tt := range listStatementLimits() {
		t.Run(tt.name, func(t *testing.T) {
			plan := plantest.ExplainHot(t, pool, tt.sql, tt.args...)
			for table, limit := range tt.maxRows {
				if rows, indexes := plan.Touched(table); rows > limit {
					t.Errorf("%.0f rows of %s were read, want at most %.0f; indexes: %s", rows, table, limit, indexes)
				}
			}
			const noTable = ""
			if _, indexes := plan.Touched(noTable); !strings.Contains(indexes, tt.index) {
				t.Errorf("the plan uses the indexes %s, want %s among them", indexes, tt.index)
			}
		})
	}
}
