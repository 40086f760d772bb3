package measure_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/measure"
	"parley/store/storetest"
)

// The conversations that waited longest are found, on whichever days they are. The test compares them with those that
// a search through all shares finds.
// Requirement R-230: Time to answer.
func TestLongestTimes(t *testing.T) {
	t.Parallel()
	const limit = 10
	pool := storetest.DB(t)
	storetest.Run(t, pool, crowd(5_000), nil)
	tests := []struct {
		name      string
		filter    measure.Filter
		wantCount int
	}{
		{name: "of all", filter: measure.Filter{Kind: measure.KindAll}, wantCount: limit},
		{name: "of a tag", filter: measure.Filter{Kind: measure.KindTag, Value: "tag7"}, wantCount: limit},
		{name: "of an agent", filter: measure.Filter{Kind: measure.KindAgent, Value: "7"}, wantCount: limit},
		{name: "of an intent", filter: measure.Filter{Kind: measure.KindIntent, Value: "refund"}, wantCount: limit},
		{
			name:      "of two accounts and a team",
			filter:    measure.Filter{Kind: measure.KindAll, Accounts: []store.AccountID{101, 104}, Teams: []store.TeamID{2}},
			wantCount: limit,
		},
		{name: "of a tag that no conversation has", filter: measure.Filter{Kind: measure.KindTag, Value: "nothing"}, wantCount: 0},
	}

	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := tt.filter
			f.From, f.To = "2026-03-01", "2026-05-31"
			longest := storetest.Must(measure.LongestTimes(t.Context(), pool, f, measure.FirstAnswer, measure.AllHours, limit))(t)

			var got []int64
			for _, w := range longest {
				got = append(got, w.Seconds)
			}
			if want := searchLongest(t, pool, f, limit); !slices.Equal(got, want) {
				t.Errorf("the longest times are %v seconds, want %v", got, want)
			}
			if len(got) != tt.wantCount {
				t.Errorf("%d times were found, want %d", len(got), tt.wantCount)
			}
		})
	}
}

// searchLongest looks through all shares for the longest times to a first answer, in seconds.
func searchLongest(t *testing.T, pool *pgxpool.Pool, f measure.Filter, limit int) (seconds []int64) {
	t.Helper()
	const ask = `
		SELECT array_agg(first_worst)
		FROM (
			SELECT first_worst
			FROM measure_shares
			JOIN measure_labels USING (conversation_id)
			WHERE day BETWEEN $1::date AND $2::date
				AND first_worst > 0
				AND ($3::bigint[] IS NULL OR account_id = ANY($3))
				AND ($4::bigint[] IS NULL OR team_id = ANY($4))
				AND ($5 = 'all'
					OR $5 = 'tag' AND tags[1] = $6
					OR $5 = 'agent' AND agent_id::text = $6
					OR $5 = 'intent' AND intent = $6)
			ORDER BY first_worst DESC
			LIMIT $7) AS longest`

	storetest.Check(t, pool.QueryRow(t.Context(), ask, f.From, f.To, f.Accounts, f.Teams, f.Kind, f.Value, limit).Scan(&seconds))
	return seconds
}
