package measure_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/measure"
	"parley/store/storetest"
)

// These are the numbers of sums that crowd makes for each day.
const (
	sumsOfDay      = 30 // ten accounts with three teams each
	agentSumsOfDay = 50 * sumsOfDay
)

// sumArguments returns the arguments with which measure.SumsSQL reads the days of a month, without longer spans.
func sumArguments(kind, value string) []any {
	days, noWeeks, noLongSpans := measure.DaysOf("2026-03-01", "2026-03-31"), []string{}, []string{}
	allAccounts, allTeams := []int64(nil), []int64(nil)
	return []any{kind, []string{value}, days, noWeeks, noLongSpans, allAccounts, allTeams}
}

// dashboardStatements returns the statements that read a dashboard's figures.
func dashboardStatements() []storetest.Statement {
	month := measure.DaysOf("2026-03-01", "2026-03-31")
	year := measure.SpanArguments("agent", "2025-12-20", "2026-12-19")
	allAccounts, allTeams := []int64(nil), []int64(nil)
	return []storetest.Statement{
		{
			Name:    "by day",
			SQL:     measure.SumsSQL("day"),
			Args:    sumArguments("all", ""),
			MaxRows: map[string]float64{"measure_days": 31 * sumsOfDay},
			Index:   "measure_days_pkey",
		},
		{
			Name:    "a tag by day",
			SQL:     measure.SumsSQL("day"),
			Args:    sumArguments("tag", "tag7"),
			MaxRows: map[string]float64{"measure_days": 31 * sumsOfDay},
			Index:   "measure_days_pkey",
		},
		{
			Name:    "agents of a year",
			SQL:     measure.SumsSQL("value"),
			Args:    year,
			MaxRows: map[string]float64{"measure_days": 12 * agentSumsOfDay, "measure_spans": 18 * agentSumsOfDay},
			Index:   "measure_spans_pkey",
		},
		{
			Name:    "work of agents of a year",
			SQL:     measure.WorkSQL(),
			Args:    year,
			MaxRows: map[string]float64{"measure_days": 12 * agentSumsOfDay, "measure_spans": 18 * agentSumsOfDay},
			Index:   "measure_spans_pkey",
		},
		{
			Name:    "spreads of a year",
			SQL:     measure.SpreadsSQL("account_id"),
			Args:    measure.SpanArguments("all", "2025-12-20", "2026-12-19"),
			MaxRows: map[string]float64{"measure_spreads": 30 * sumsOfDay},
			Index:   "measure_spreads_pkey",
		},
		{
			Name:    "spreads of agents",
			SQL:     measure.SpreadsSQL("value"),
			Args:    measure.SpanArguments("agent", "2026-03-01", "2026-03-31"),
			MaxRows: map[string]float64{"measure_spreads": 15 * agentSumsOfDay},
			Index:   "measure_spreads_pkey",
		},
		{
			Name:    "worst days",
			SQL:     measure.WorstDaysSQL(measure.FirstAnswer),
			Args:    []any{"all", []string{""}, month, allAccounts, allTeams},
			MaxRows: map[string]float64{"measure_days": 31 * sumsOfDay},
			Index:   "measure_days_pkey",
		},
		{
			Name: "worst of days",
			SQL:  measure.WorstSharesSQL(measure.Ended),
			Args: []any{"tag", []string{"tag7"}, []string{"2026-03-01", "2026-03-02"}, []int64{100, 101},
				[]int64{1, 2}, 0, 10},
			MaxRows: map[string]float64{"measure_shares": 600, "measure_labels": 600},
			Index:   "measure_shares_day",
		},
		{
			Name:    "now",
			SQL:     measure.OpenNowSQL(),
			Args:    []any{"all", []string{""}, allAccounts, allTeams, "intent", "sentiment", 20_000},
			MaxRows: map[string]float64{"conversations": 1001},
		},
		{
			Name:    "now of an agent",
			SQL:     measure.OpenNowOfAgentSQL(),
			Args:    []any{"agent", []string{"7"}, allAccounts, allTeams, "intent", "sentiment", 20_000, int64(7)},
			MaxRows: map[string]float64{"conversations": 100},
			Index:   "conversations_mine",
		},
	}
}

// measuringStatements returns the statements of each round of measuring.
func measuringStatements() []storetest.Statement {
	return []storetest.Statement{
		{
			Name:    "spreads to correct",
			SQL:     measure.SpreadsOfSQL,
			Args:    []any{`[{"kind": "agent", "days": 1, "day": "2026-03-02", "value": "7", "account_id": 101, "team_id": 2}]`},
			MaxRows: map[string]float64{"measure_spreads": 1},
			Index:   "measure_spreads_pkey",
		},
		{
			Name:    "single times",
			SQL:     measure.TimesOfSQL,
			Args:    []any{[]int64{1, 2, 3}},
			MaxRows: map[string]float64{"measure_times": 3},
			Index:   "measure_times_pkey",
		},
		{
			Name:    "older",
			SQL:     measure.OlderSQL,
			Args:    []any{500_000, 1000},
			MaxRows: map[string]float64{"conversations": 1000},
			Index:   "conversations_pkey",
		},
		{
			Name:    "messages",
			SQL:     measure.MessagesSQL,
			Args:    []any{[]int64{1, 2, 3}, store.PersonsReasons()},
			MaxRows: map[string]float64{"messages": 3},
			Index:   "messages_conversation",
		},
		{
			Name:    "done",
			SQL:     measure.LogEntriesSQL,
			Args:    []any{[]int64{1, 2, 3}, []string{"opened"}},
			MaxRows: map[string]float64{"log_entries": 3},
			Index:   "log_entries_conversation",
		},
	}
}

// A dashboard over a million conversations reads few rows, and about as many as one over ten thousand. `make soak`
// has the million.
// Requirement R-230: Time to answer.
// Requirement R-232: Messages counted.
func TestPlans(t *testing.T) {
	t.Parallel()
	few, many := storetest.DB(t), storetest.DB(t)
	conversations := 60_000
	if storetest.LongForm() {
		conversations = 1_000_000
	}
	storetest.Run(t, few, crowd(10_000), nil)
	storetest.Run(t, many, crowd(conversations), append(dashboardStatements(), measuringStatements()...))

	tests := []struct {
		name string
		sql  string
		kind string
	}{
		{name: "sums by day", sql: measure.SumsSQL("day"), kind: "all"},
		{name: "sums by team", sql: measure.SumsSQL("team_id"), kind: "all"},
		{name: "sums by account", sql: measure.SumsSQL("account_id"), kind: "all"},
		{name: "sums by agent", sql: measure.SumsSQL("value"), kind: "agent"},
		{name: "medians by day", sql: measure.SpreadsSQL("day"), kind: "all"},
		{name: "medians by team", sql: measure.SpreadsSQL("team_id"), kind: "all"},
		{name: "medians by account", sql: measure.SpreadsSQL("account_id"), kind: "all"},
		{name: "medians by agent", sql: measure.SpreadsSQL("value"), kind: "agent"},
	}

	for _, tt := range tests {
		t.Run("effort of "+tt.name, func(t *testing.T) {
			small, large := effortOfMonth(t, few, tt.sql, tt.kind), effortOfMonth(t, many, tt.sql, tt.kind)
			t.Logf("%.0f for ten thousand conversations, %.0f for %d", small, large, conversations)
			if large > 5*small {
				t.Errorf("%d conversations cost %.0f, want at most %.0f, five times as much as ten thousand", conversations, large, 5*small)
			}
		})
	}
}

// effortOfMonth returns how many rows and blocks are read for the figures of a month.
func effortOfMonth(t *testing.T, pool *pgxpool.Pool, sql, kind string) float64 {
	t.Helper()
	return storetest.Explain(t, pool, sql, measure.SpanArguments(kind, "2026-03-01", "2026-03-31")...).Effort()
}
