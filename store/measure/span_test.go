package measure_test

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/measure"
	"parley/store/storetest"
)

// The tests of this file compare what is read of longer spans with the sums of single days: on a database with sums of two
// years (newSpans), for random filters (randomFilter).

// addDays adds sums of the years 2025 and 2026, as Parley adds them: day by day, and corrected later. Its arguments are how
// many conversations were opened, and whether the odd or the even ones of the sums are added to (1 or 0).
const addDays = `
	INSERT INTO measure_days AS d (kind, day, value, account_id, team_id, opened, reopened, resolved, abandoned, messages_in,
		messages_out, first_count, first_sum, first_sum_open, first_worst, first_worst_open, next_count, next_sum,
		next_sum_open, next_worst, next_worst_open, ended_sum, ended_sum_open, ended_worst, ended_worst_open)
	SELECT kind, DATE '2025-01-01' + n * 3 % 730, kind || n % 5, 1 + n % 2, n % 3, $1::bigint, 0, n % 7, 0, n,
		1, 1, n, n, n, n, 0, 0,
		0, 0, 0, n, n, n, n
	FROM generate_series(1, 2000) AS n, unnest(ARRAY['agent', 'tag']) AS kind
	WHERE n % 2 = $2::int
	ON CONFLICT (kind, day, value, account_id, team_id) DO UPDATE
	SET opened = d.opened + EXCLUDED.opened, ended_sum = d.ended_sum - 5, ended_worst = greatest(d.ended_worst, EXCLUDED.ended_worst)`

// newSpans makes a database with the sums of addDays, each of which was corrected twice.
func newSpans(t *testing.T) *pgxpool.Pool {
	t.Helper()
	pool := storetest.DB(t)
	for i := range 6 {
		storetest.Exec(t, pool, addDays, i+1, i%2)
	}
	return pool
}

// newRandom returns a source that is another one each time. Its seed is logged.
func newRandom(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano()) //nolint:forbidigo // another one each time
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// randomFilter returns a filter of up to 400 days that begin between a fortnight before the sums and their end. One of three
// has one account and two teams alone.
func randomFilter(r *rand.Rand) measure.Filter {
	earliest := time.Date(2024, 12, 20, 0, 0, 0, 0, time.UTC)
	from := earliest.AddDate(0, 0, r.IntN(760))
	to := from.AddDate(0, 0, r.IntN(400))
	f := measure.Filter{From: from.Format(time.DateOnly), To: to.Format(time.DateOnly), Kind: measure.KindAll}
	if r.IntN(3) == 0 {
		f.Accounts, f.Teams = []store.AccountID{1}, []store.TeamID{0, 2}
	}
	return f
}

// randomAgentFilter returns such a filter for one agent, or for an agent with two former names.
func randomAgentFilter(r *rand.Rand) measure.Filter {
	f := randomFilter(r)
	f.Kind, f.Value = measure.KindAgent, "agent1"
	if r.IntN(2) == 0 {
		f.Also = []string{"agent2", "nobody"}
	}
	return f
}

func mustSums(t *testing.T, pool *pgxpool.Pool, f measure.Filter, by measure.Group, names ...string) []measure.Sum {
	t.Helper()
	sums, err := measure.Sums(t.Context(), pool, f, by, names)
	if err != nil {
		t.Fatalf("%+v by %s: %v", f, by, err)
	}
	return sums
}

// daySum is what the tests compare of a sum.
type daySum struct {
	Value                                              string
	Opened, Resolved, MessagesIn, EndedSum, EndedWorst int64
}

// sumDays sums up, by a column, the single days of a kind that a filter lets pass.
func sumDays(t *testing.T, pool *pgxpool.Pool, f measure.Filter, kind measure.Kind, column string) []daySum {
	t.Helper()
	ask := fmt.Sprintf(`
		SELECT %[1]s::text, sum(opened)::bigint, sum(resolved)::bigint, sum(messages_in)::bigint, sum(ended_sum)::bigint, max(ended_worst)
		FROM measure_days
		WHERE kind = $1
			AND day BETWEEN $2::date AND $3::date
			AND ($4 = '' OR value = $4 OR value = ANY($5))
			AND ($6::bigint[] IS NULL OR account_id = ANY($6))
			AND ($7::bigint[] IS NULL OR team_id = ANY($7))
		GROUP BY %[1]s`, column)
	return storetest.Rows(t, pool, pgx.RowToStructByPos[daySum], ask, kind, f.From, f.To, f.Value, f.Also, f.Accounts, f.Teams)
}

// checkSums compares sums with those of single days, in any order.
func checkSums(t *testing.T, f measure.Filter, by measure.Group, sums []measure.Sum, want []daySum) {
	t.Helper()
	var got []daySum
	for _, s := range sums {
		if s.EndedWorst == 0 {
			t.Errorf("%+v by %s: %s has no longest time", f, by, s.Value)
		}
		got = append(got, daySum{s.Value, s.Opened, s.Resolved, s.MessagesIn, s.EndedSum, s.EndedWorst})
	}
	byValue := func(a, b daySum) int { return cmp.Compare(a.Value, b.Value) }
	slices.SortFunc(got, byValue)
	slices.SortFunc(want, byValue)
	if !slices.Equal(got, want) {
		t.Errorf("%+v by %s: got\n%+v\nwant\n%+v", f, by, got, want)
	}
}

// R-230 R-232: the figures of each agent and tag are the sums of single days, though weeks and spans of four weeks are read.
func TestSpans(t *testing.T) {
	t.Parallel()
	pool, r := newSpans(t), newRandom(t)
	for range 15 {
		for _, by := range []measure.Group{measure.ByAgent, measure.ByTag} {
			f := randomFilter(r)
			sums := mustSums(t, pool, f, by)
			checkSums(t, f, by, sums, sumDays(t, pool, f, measure.Kind(by), "value"))
			checkNarrowedSums(t, pool, f, by, sums)
			checkWork(t, pool, f, by, sums)
		}
	}
}

// R-230 R-232: so are the figures of one agent by team and by account.
func TestSpansOfOneAgent(t *testing.T) {
	t.Parallel()
	pool, r := newSpans(t), newRandom(t)
	for range 15 {
		f := randomAgentFilter(r)
		checkSums(t, f, measure.ByTeam, mustSums(t, pool, f, measure.ByTeam), sumDays(t, pool, f, f.Kind, "team_id"))
		f = randomAgentFilter(r)
		checkSums(t, f, measure.ByAccount, mustSums(t, pool, f, measure.ByAccount), sumDays(t, pool, f, f.Kind, "account_id"))
	}
}

// R-230 R-232: weeks have the sums of their days.
func TestWeeks(t *testing.T) {
	t.Parallel()
	pool, r := newSpans(t), newRandom(t)
	for range 30 {
		f := randomAgentFilter(r)
		want := figuresByWeek(t, mustSums(t, pool, f, measure.ByDay))
		got := figuresByWeek(t, mustSums(t, pool, f, measure.ByWeek))
		if !maps.Equal(got, want) {
			t.Errorf("%+v: the weeks are\n%+v\nwant\n%+v", f, got, want)
		}
	}
}

// checkNarrowedSums checks that two of the values have the same sums when only they are asked for.
func checkNarrowedSums(t *testing.T, pool *pgxpool.Pool, f measure.Filter, by measure.Group, all []measure.Sum) {
	t.Helper()
	if len(all) < 3 {
		return
	}
	got := mustSums(t, pool, f, by, all[2].Value, all[0].Value)
	if want := []measure.Sum{all[0], all[2]}; !slices.Equal(got, want) {
		t.Errorf("%+v by %s: two of them have the sums\n%+v\nwant\n%+v", f, by, got, want)
	}
}

// checkWork checks that the values have had to do what their sums say.
func checkWork(t *testing.T, pool *pgxpool.Pool, f measure.Filter, by measure.Group, sums []measure.Sum) {
	t.Helper()
	got, err := measure.WorkBy(t.Context(), pool, f, by)
	if err != nil {
		t.Fatalf("%+v by %s: %v", f, by, err)
	}
	var want []measure.Work
	for _, s := range sums {
		want = append(want, measure.Work{Value: s.Value, Done: s.Opened + s.MessagesIn + s.MessagesOut + s.Resolved})
	}
	byValue := func(a, b measure.Work) int { return cmp.Compare(a.Value, b.Value) }
	slices.SortFunc(got, byValue)
	slices.SortFunc(want, byValue)
	if !slices.Equal(got, want) {
		t.Errorf("%+v by %s: the work is %v, want %v", f, by, got, want)
	}
}

// figuresByWeek sums up figures of days or weeks by the Monday of the week.
func figuresByWeek(t *testing.T, sums []measure.Sum) map[string]measure.Figures {
	t.Helper()
	weeks := map[string]measure.Figures{}
	for _, s := range sums {
		day := storetest.Must(time.Parse(time.DateOnly, s.Value))(t)
		daysSinceMonday := (int(day.Weekday()) + 6) % 7
		monday := day.AddDate(0, 0, -daysSinceMonday).Format(time.DateOnly)
		week := weeks[monday]
		week.Add(s.Figures)
		weeks[monday] = week
	}
	return weeks
}

// what was done within targets is summed up for weeks, too.
func TestSpansOfTargets(t *testing.T) {
	t.Parallel()
	pool := storetest.Reused(t)
	const columns = `opened, reopened, resolved, abandoned, messages_in, messages_out, first_count, first_sum, first_sum_open, first_worst,
		first_worst_open, next_count, next_sum, next_sum_open, next_worst, next_worst_open, ended_sum, ended_sum_open, ended_worst, ended_worst_open`
	for range 2 {
		for _, day := range []string{"2026-11-16", "2026-11-18"} {
			_, err := pool.Exec(t.Context(), `
				INSERT INTO measure_days AS d (kind, day, value, account_id, team_id, `+columns+`, ack_count, ack_kept, reply_count, reply_kept)
				VALUES ('all', $1, '', 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 3, 2, 1)
				ON CONFLICT (kind, day, value, account_id, team_id) DO UPDATE SET opened = d.opened + EXCLUDED.opened,
					ack_count = d.ack_count + 4, ack_kept = d.ack_kept + 3, reply_count = d.reply_count + 2, reply_kept = d.reply_kept + 1`, day)
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	f := measure.Filter{From: "2026-11-16", To: "2026-11-22", Kind: measure.KindAll}
	want := measure.Figures{Opened: 4, AckCount: 16, AckKept: 12, ReplyCount: 8, ReplyKept: 4}
	if got := mustSums(t, pool, f, measure.ByWeek); len(got) != 1 || got[0].Figures != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
