package measure_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/measure"
	"parley/store/storetest"
)

// manyDays are sums of two years, added as Parley adds them: day by day, and corrected later.
const manyDays = `
	INSERT INTO measure_days AS d
	SELECT kind, DATE '2025-01-01' + n * 3 %% 730, kind || n %% 5, 1 + n %% 2, n %% 3, %d, 0, n %% 7, 0, n, 1, 1, n, n, n, n, 0, 0, 0, 0, 0, n, n, n, n
	FROM generate_series(1, 2000) AS n, unnest(ARRAY['agent', 'tag']) AS kind
	WHERE n %% 2 = %d
	ON CONFLICT (kind, day, value, account_id, team_id) DO UPDATE SET opened = d.opened + EXCLUDED.opened, ended_sum = d.ended_sum - 5,
		ended_worst = greatest(d.ended_worst, EXCLUDED.ended_worst)`

// R-230 R-232: figures of any time are those of its days one by one, however they are read: with weeks and spans of four
// weeks, of everybody and of one.
func TestSpans(t *testing.T) {
	t.Parallel()
	pool := storetest.DB(t)
	for i := range 6 {
		if _, err := pool.Exec(t.Context(), fmt.Sprintf(manyDays, i+1, i%2)); err != nil {
			t.Fatal(err)
		}
	}
	seed := uint64(time.Now().UnixNano()) //nolint:forbidigo // another one each time
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	first := time.Date(2024, 12, 20, 0, 0, 0, 0, time.UTC)
	for range 60 {
		from := first.AddDate(0, 0, r.IntN(760))
		f := measure.Filter{From: from.Format(time.DateOnly), To: from.AddDate(0, 0, r.IntN(400)).Format(time.DateOnly), Kind: measure.KindAll}
		by := []measure.Group{measure.ByAgent, measure.ByTag, measure.ByTeam, measure.ByAccount}[r.IntN(4)]
		if by == measure.ByTeam || by == measure.ByAccount {
			f.Kind, f.Value = measure.KindAgent, "agent1"
			f.Also = [][]string{nil, {"agent2", "nobody"}}[r.IntN(2)]
		}
		if r.IntN(3) == 0 {
			f.Accounts, f.Teams = []store.AccountID{1}, []store.TeamID{0, 2}
		}
		got, err := measure.Sums(t.Context(), pool, f, by, nil)
		if err != nil {
			t.Fatal(err)
		}
		column := map[measure.Group]string{measure.ByAgent: "value", measure.ByTag: "value", measure.ByTeam: "team_id", measure.ByAccount: "account_id"}[by]
		kind := f.Kind
		if kind == measure.KindAll {
			kind = measure.Kind(by)
		}
		var want []string
		err = pool.QueryRow(t.Context(), `SELECT coalesce(array_agg(line ORDER BY line), '{}') FROM (
			SELECT format('%s %s %s %s %s %s', `+column+`, sum(opened), sum(resolved), sum(messages_in), sum(ended_sum), max(ended_worst)) AS line
			FROM measure_days
			WHERE kind = $1 AND day BETWEEN $2::date AND $3::date AND ($4 = '' OR value = $4 OR value = ANY($5))
				AND ($6::bigint[] IS NULL OR account_id = ANY($6)) AND ($7::bigint[] IS NULL OR team_id = ANY($7))
			GROUP BY `+column+`) AS x`, kind, f.From, f.To, f.Value, f.Also, f.Accounts, f.Teams).Scan(&want)
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, s := range got {
			if s.EndedWorst == 0 {
				t.Errorf("%+v: no bound of %s", f, s.Value)
			}
			lines = append(lines, fmt.Sprintf("%s %d %d %d %d %d", s.Value, s.Opened, s.Resolved, s.MessagesIn, s.EndedSum, s.EndedWorst))
		}
		slices.Sort(lines)
		if !slices.Equal(lines, want) {
			t.Errorf("%+v by %s:\n%s\nwant\n%s", f, by, lines, want)
		}
		if by == measure.ByAgent || by == measure.ByTag {
			busiest(t, pool, f, by, got)
		} else {
			weeks(t, pool, f)
		}
	}
}

// busiest looks whether those with the most to do are told as their sums say, and their sums as those of all.
func busiest(t *testing.T, pool *pgxpool.Pool, f measure.Filter, by measure.Group, sums []measure.Sum) {
	t.Helper()
	work, err := measure.WorkBy(t.Context(), pool, f, by)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(work, func(a, b measure.Work) int { return strings.Compare(a.Value, b.Value) })
	var want []measure.Work
	for _, s := range sums {
		want = append(want, measure.Work{Value: s.Value, Done: s.Opened + s.MessagesIn + s.MessagesOut + s.Resolved})
	}
	slices.SortFunc(want, func(a, b measure.Work) int { return strings.Compare(a.Value, b.Value) })
	if !slices.Equal(work, want) {
		t.Errorf("%+v by %s: work %v, want %v", f, by, work, want)
	}
	if len(sums) < 3 {
		return
	}
	some, err := measure.Sums(t.Context(), pool, f, by, []string{sums[2].Value, sums[0].Value})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(some, []measure.Sum{sums[0], sums[2]}) {
		t.Errorf("%+v by %s: two of them are %+v, want %+v and %+v", f, by, some, sums[0], sums[2])
	}
}

// weeks looks whether weeks have the sums of their days.
func weeks(t *testing.T, pool *pgxpool.Pool, f measure.Filter) {
	t.Helper()
	days, err := measure.Sums(t.Context(), pool, f, measure.ByDay, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := measure.Sums(t.Context(), pool, f, measure.ByWeek, nil)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := byWeek(t, days), byWeek(t, got); !maps.Equal(a, b) {
		t.Errorf("%+v: weeks are %+v, want %+v", f, b, a)
	}
}

// byWeek sums up by the week in which a day is.
func byWeek(t *testing.T, list []measure.Sum) map[string]measure.Figures {
	t.Helper()
	all := map[string]measure.Figures{}
	for _, s := range list {
		day, err := time.Parse(time.DateOnly, s.Value)
		if err != nil {
			t.Fatal(err)
		}
		week := day.AddDate(0, 0, -(int(day.Weekday())+6)%7).Format(time.DateOnly) // its Monday
		sum := all[week]
		sum.Add(s.Figures)
		all[week] = sum
	}
	return all
}
