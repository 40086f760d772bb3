package measure_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/measure"
	"parley/store/plantest"
	"parley/store/storetest"
)

// crowd makes conversations of a year, with ten accounts, three teams, fifty agents and thirty tags, and their sums.
func crowd(conversations int) []string {
	zeros := func(n int) (list string) {
		for range n {
			list += ", 0"
		}
		return list
	}
	return []string{
		fmt.Sprintf(`INSERT INTO conversations (id, account_id, team_id, status, last_at, created_at, waiting_since)
			SELECT n, 100 + n %% 10, 1 + n %% 3, CASE WHEN n %% 1000 = 0 THEN 'open' ELSE 'resolved' END, now(), now(), CASE WHEN n %% 2000 = 0 THEN now() END
			FROM generate_series(1, %d) AS n`, conversations),
		`INSERT INTO measure_shares
			SELECT id, '2026-01-01'::date + (id % 365)::int, team_id, id % 50, account_id, 1, 0, 1, 0, 1, 1, 1, id % 9973, id % 997, id % 9973, id % 997` + zeros(5) + `,
				id % 99991, id % 9991, id % 99991, id % 9991
			FROM conversations`,
		`INSERT INTO measure_labels SELECT id, ARRAY['tag' || id % 30], 'refund', '' FROM conversations`,
		days("'all', s.day, ''"), days("'agent', s.day, s.agent_id::text"), days("'tag', s.day, l.tags[1]"), days("'intent', s.day, l.intent"),
		plantest.Spans(),
		`INSERT INTO measure_times SELECT id, ARRAY['tag'], 'refund', '', ARRAY['2026-03-02 101 2 7 first 60 60'] FROM conversations`,
		plantest.Spreads(),
		fmt.Sprintf(`INSERT INTO messages (id, conversation_id, direction, fate, said_at, created_at, changed)
			SELECT n, n, 'in', 'in', now(), now(), NULL FROM generate_series(1, %d) AS n`, conversations),
		fmt.Sprintf(`INSERT INTO log_entries (id, conversation_id, at, actor, what, changed)
			SELECT n, n, now(), 'customer', 'opened', NULL FROM generate_series(1, %d) AS n`, conversations),
	}
}

// days sums up all shares by a key.
func days(key string) string {
	return `INSERT INTO measure_days
		SELECT ` + key + `, s.account_id, s.team_id, sum(opened), 0, sum(resolved), 0, sum(messages_in), sum(messages_out), sum(first_count), sum(first_sum),
			sum(first_sum_open), max(first_worst), max(first_worst_open), 0, 0, 0, 0, 0, sum(ended_sum), sum(ended_sum_open), max(ended_worst), max(ended_worst_open)
		FROM measure_shares AS s
		JOIN measure_labels AS l ON l.conversation_id = s.conversation_id
		GROUP BY 1, 2, 3, 4, 5`
}

// What is asked for a dashboard, and in each round of measuring.
func statements() []plantest.Statement {
	month, none := measure.DaysOf("2026-03-01", "2026-03-31"), []string{}
	of := func(kind, value string) []any {
		return []any{kind, []string{value}, month, none, none, []int64(nil), []int64(nil)}
	}
	year := measure.SpanArguments("agent", "2025-12-20", "2026-12-19")
	return []plantest.Statement{
		plantest.Cold("by day", measure.SumsSQL("day"), of("all", ""), map[string]float64{"measure_days": 31 * 30}, "measure_days_pkey"),
		plantest.Cold("a tag by day", measure.SumsSQL("day"), of("tag", "tag7"), map[string]float64{"measure_days": 31 * 30}, "measure_days_pkey"),
		plantest.Cold("agents of a year", measure.SumsSQL("value"), year, map[string]float64{"measure_days": 12 * 50 * 30, "measure_spans": 18 * 50 * 30}, "measure_spans_pkey"),
		plantest.Cold("work of agents of a year", measure.WorkSQL(), year, map[string]float64{"measure_days": 12 * 50 * 30, "measure_spans": 18 * 50 * 30}, "measure_spans_pkey"),
		plantest.Cold("spreads of a year", measure.SpreadsSQL("account_id"), measure.SpanArguments("all", "2025-12-20", "2026-12-19"),
			map[string]float64{"measure_spreads": 30 * 30}, "measure_spreads_pkey"),
		plantest.Cold("spreads of agents", measure.SpreadsSQL("value"), measure.SpanArguments("agent", "2026-03-01", "2026-03-31"),
			map[string]float64{"measure_spreads": 15 * 50 * 30}, "measure_spreads_pkey"),
		plantest.Cold("spreads to correct", measure.SpreadsOfSQL, []any{`[{"kind": "agent", "days": 1, "day": "2026-03-02", "value": "7", "account_id": 101, "team_id": 2}]`},
			map[string]float64{"measure_spreads": 1}, "measure_spreads_pkey"),
		plantest.Cold("single times", measure.TimesOfSQL, []any{[]int64{1, 2, 3}}, map[string]float64{"measure_times": 3}, "measure_times_pkey"),
		plantest.Cold("worst days", measure.WorstDaysSQL(measure.FirstAnswer), []any{"all", []string{""}, month, []int64(nil), []int64(nil)}, map[string]float64{"measure_days": 31 * 30}, "measure_days_pkey"),
		plantest.Cold("worst of days", measure.WorstSharesSQL(measure.Ended), []any{"tag", []string{"tag7"}, []string{"2026-03-01", "2026-03-02"}, []int64{100, 101},
			[]int64{1, 2}, 0, 10}, map[string]float64{"measure_shares": 600, "measure_labels": 600}, "measure_shares_day"),
		plantest.Cold("now", measure.OpenNowSQL(false), []any{"all", []string{""}, []int64(nil), []int64(nil), "intent", "sentiment", 20_000},
			map[string]float64{"conversations": 1001}, ""),
		plantest.Cold("now of an agent", measure.OpenNowSQL(true), []any{"agent", []string{"7"}, []int64(nil), []int64(nil), "intent", "sentiment", 20_000, int64(7)},
			map[string]float64{"conversations": 100}, "conversations_mine"),
		plantest.Cold("older", measure.OlderSQL, []any{500_000, 1000}, map[string]float64{"conversations": 1000}, "conversations_pkey"),
		plantest.Cold("said", measure.SaidSQL, []any{[]int64{1, 2, 3}}, map[string]float64{"messages": 3}, "messages_conversation"),
		plantest.Cold("done", measure.DoneSQL, []any{[]int64{1, 2, 3}, []string{"opened"}}, map[string]float64{"log_entries": 3}, "log_entries_conversation"),
	}
}

// R-230 R-232: a dashboard over a million conversations reads little, and about as much as over ten thousand. The
// million is that of `make soak`; `make test` takes a fifth of it.
func TestPlans(t *testing.T) {
	t.Parallel()
	few, many := storetest.DB(t), storetest.DB(t)
	plantest.Run(t, few, crowd(10_000), nil)
	conversations := 200_000
	if storetest.LongForm() {
		conversations = 1_000_000
	}
	plantest.Run(t, many, crowd(conversations), statements())
	for column, kind := range map[string]string{"day": "all", "team_id": "all", "account_id": "all", "value": "agent"} {
		for what, sql := range map[string]string{"sums": measure.SumsSQL(column), "medians": measure.SpreadsSQL(column)} {
			small, large := effort(t, few, sql, kind), effort(t, many, sql, kind)
			if t.Logf("%s by %s: %.0f, %.0f", what, column, small, large); large > 5*small {
				t.Errorf("%s by %s: a million conversations cost %.0f, ten thousand %.0f, want at most %.0f", what, column, large, small, 5*small)
			}
		}
	}
}

// effort is how many rows and blocks are read for the figures of four weeks.
func effort(t *testing.T, pool *pgxpool.Pool, sql, kind string) float64 {
	t.Helper()
	return plantest.Explain(t, pool, false, sql, measure.SpanArguments(kind, "2026-03-01", "2026-03-31")...).Effort()
}

// the conversations that waited longest are found, whichever days have them.
func TestLongestTimes(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	plantest.Run(t, pool, crowd(10_000), nil)
	for _, f := range []measure.Filter{
		{Kind: measure.KindAll}, {Kind: measure.KindTag, Value: "tag7"}, {Kind: measure.KindAgent, Value: "7"}, {Kind: measure.KindIntent, Value: "refund"},
		{Kind: measure.KindAll, Accounts: []store.AccountID{101, 104}, Teams: []store.TeamID{2}}, {Kind: measure.KindTag, Value: "nothing"},
	} {
		f.From, f.To = "2026-03-01", "2026-05-31"
		got, err := measure.LongestTimes(t.Context(), pool, f, measure.FirstAnswer, false, 10)
		if err != nil {
			t.Fatal(err)
		}
		var want []int64
		err = pool.QueryRow(t.Context(), `
			SELECT array_agg(first_worst) FROM (
				SELECT first_worst FROM measure_shares JOIN measure_labels USING (conversation_id)
				WHERE day BETWEEN '2026-03-01' AND '2026-05-31' AND first_worst > 0 AND ($1::bigint[] IS NULL OR account_id = ANY($1)) AND ($2::bigint[] IS NULL OR team_id = ANY($2))
					AND ($3 = 'all' OR $3 = 'tag' AND tags[1] = $4 OR $3 = 'agent' AND agent_id::text = $4 OR $3 = 'intent' AND intent = $4)
				ORDER BY first_worst DESC LIMIT 10) AS x`, f.Accounts, f.Teams, f.Kind, f.Value).Scan(&want)
		if err != nil {
			t.Fatal(err)
		}
		var seconds []int64
		for _, w := range got {
			seconds = append(seconds, w.Seconds)
		}
		if !slices.Equal(seconds, want) || len(want) < 10 && f.Value != "nothing" {
			t.Errorf("%+v: %v, want %v", f, seconds, want)
		}
	}
}
