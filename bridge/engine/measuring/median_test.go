package measuring_test

import (
	"io/fs"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge/engine/directory"
	"parley/bridge/engine/measuring"
	"parley/store"
	"parley/store/measure"
	"parley/store/storetest"
)

// timed is a single time (such as that to a first answer) with the labels of its conversation.
type timed struct {
	measure.Single

	labels measure.Labels
}

// countsFor reports whether a filter includes the time.
func (s timed) countsFor(f measure.Filter) bool {
	isOfValue := true
	switch f.Kind {
	case measure.KindAgent:
		isOfValue = strconv.FormatInt(int64(s.AgentID), 10) == f.Value
	case measure.KindTag:
		isOfValue = slices.Contains(s.labels.Tags, f.Value)
	case measure.KindIntent:
		isOfValue = s.labels.Intent == f.Value
	case measure.KindMood:
		isOfValue = s.labels.Mood == f.Value
	case measure.KindAll:
	}
	return isOfValue && s.Day >= f.From && s.Day <= f.To && (f.Accounts == nil || slices.Contains(f.Accounts, s.AccountID)) &&
		(f.Teams == nil || slices.Contains(f.Teams, s.TeamID))
}

// wantMedians compares the medians in the database with those of the single times: of all agents, of one agent, tag,
// intent or mood, and of each value of a group. It does so first for all days, and then for random ones.
func (w *world) wantMedians(all []timed) {
	w.t.Helper()
	first := time.Date(2026, 10, 18, 0, 0, 0, 0, time.UTC)
	filters := []measure.Filter{
		{Kind: measure.KindAll},
		{Kind: measure.KindAgent, Value: strconv.Itoa(ann)},
		{Kind: measure.KindTag, Value: "Billing"},
		{Kind: measure.KindIntent, Value: "refund"},
		{Kind: measure.KindMood, Value: "negative"},
		{Kind: measure.KindAll, Accounts: []store.AccountID{101, 102}, Teams: []store.TeamID{billing}},
	}
	const draws = 60 // random choices of days and groups
	found := 0
	for i := range draws {
		f := filters[i%len(filters)]
		from := first.AddDate(0, 0, w.rand.IntN(20))
		f.From, f.To = from.Format(time.DateOnly), from.AddDate(0, 0, w.rand.IntN(60)).Format(time.DateOnly)
		by := []measure.Group{measure.ByDay, measure.ByAccount, measure.ByTeam}[w.rand.IntN(3)]
		if f.Kind == measure.KindAll {
			by = []measure.Group{by, measure.ByAgent, measure.ByTag, measure.ByIntent, measure.ByMood}[w.rand.IntN(5)]
		}
		if i == 0 { // all times, because the random days and groups may miss them
			f.From, f.To, by = first.Format(time.DateOnly), first.AddDate(1, 0, 0).Format(time.DateOnly), measure.ByDay
		}

		open := w.rand.IntN(2) == 0
		hours := measure.AllHours
		if open {
			hours = measure.BusinessHours
		}

		got := storetest.Must(measure.Spreads(w.t.Context(), w.pool, f, by, hours, nil))(w.t)
		for value, lists := range grouped(all, f, by, open) {
			for what, list := range lists {
				found++
				median := time.Duration(-1)
				if s := got[value]; s != nil {
					median = s.Median(what)
					if n := s.Count(what); n != int64(len(list)) {
						w.t.Errorf("%+v by %s: %d times %s of %s are kept, want %d", f, by, n, what, value, len(list))
					}
				}
				slices.Sort(list)
				want := time.Duration(list[(len(list)-1)/2]+list[len(list)/2]) * time.Second / 2
				if off := (median - want).Abs(); median < 0 || off > want/16+time.Second {
					w.t.Errorf("%+v by %s, business hours %t: the median of %d times %s of %s is %s, want %s",
						f, by, open, len(list), what, value, median, want)
				}
			}
		}

		for value, s := range got {
			for _, what := range []measure.Time{measure.FirstAnswer, measure.NextAnswer, measure.Ended} {
				if s.Median(what) >= 0 && len(grouped(all, f, by, open)[value][what]) == 0 {
					w.t.Errorf("%+v by %s: times %s of %s are kept that there are not", f, by, what, value)
				}
			}
		}
	}

	if found == 0 && len(all) > 0 {
		w.t.Error("no time was found in any days")
	}
}

// grouped returns the lengths of the times that a filter includes, by the value of a group and by what was measured.
func grouped(all []timed, f measure.Filter, by measure.Group, open bool) map[string]map[measure.Time][]int64 {
	lists := map[string]map[measure.Time][]int64{}
	for _, s := range all {
		if !s.countsFor(f) {
			continue
		}
		values := map[measure.Group][]string{
			measure.ByDay:     {s.Day},
			measure.ByAccount: {strconv.FormatInt(int64(s.AccountID), 10)},
			measure.ByTeam:    {strconv.FormatInt(int64(s.TeamID), 10)},
			measure.ByAgent:   {strconv.FormatInt(int64(s.AgentID), 10)},
			measure.ByTag:     s.labels.Tags,
			measure.ByIntent:  {s.labels.Intent},
			measure.ByMood:    {s.labels.Mood},
		}[by]

		seconds := s.Wall
		if open {
			seconds = s.Open
		}
		for _, v := range values {
			if lists[v] == nil {
				lists[v] = map[measure.Time][]int64{}
			}
			lists[v][s.Time] = append(lists[v][s.Time], seconds)
		}
	}
	return lists
}

// measureAsTheVersionBefore measures everything that is due as the previous version did, which had no single times:
// only shares and sums.
func (w *world) measureAsTheVersionBefore(dir *directory.Directory) {
	w.t.Helper()
	storetest.Check(w.t, store.InTx(w.t.Context(), w.pool, func(tx pgx.Tx) error {
		progress, err := measure.Hold(w.t.Context(), tx, "as the version before")
		if err != nil {
			return err
		}
		if _, _, err := progress.TakeDue(w.t.Context(), tx, 1000); err != nil {
			return err
		}

		var labels []measure.Labels
		var shares []measure.Share
		for _, s := range w.stories {
			of, _ := measuring.Shares(s.subject, s.log, s.said, dir.Hours[s.subject.AccountID])
			labels, shares = append(labels, s.subject.Labels), append(shares, of...)
		}
		if err := progress.Keep(w.t.Context(), tx, labels, shares); err != nil {
			return err
		}
		_, _, err = progress.TakeOlder(w.t.Context(), tx, 1000)
		return err
	}))
}

// While processes of the previous version measure beside those of this one, which has medians, no time is lost for good
// or counted twice.
// Requirement R-230: Time to answer.
func TestMediansBesideAnOlderVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := w.directory()
	for i := range 9 {
		w.happen(w.open(store.AccountID(100+i%3)), "opens")
	}
	for range 5 {
		for range 40 {
			w.happenAnything()
		}
		w.measureAsTheVersionBefore(dir)
		for range 10 {
			w.happenAnything()
		}
		w.measureAll(dir)
		w.wantRecounted(dir)
	}
}

// fillMediansAgain runs the migration that fills the medians of closed days a second time.
func (w *world) fillMediansAgain() {
	w.t.Helper()
	script := storetest.Must(fs.ReadFile(store.MigrationFiles(), "migrations/0055_measure_filling.sql"))(w.t)
	w.exec(`DROP TABLE measure_filling`)
	w.exec(string(script))
}

// Medians of days that were closed before there were medians are filled by the first version that has them. Each time
// counts once, whatever is measured meanwhile by either version, and however often the upgrade is made.
// Requirement R-230: Time to answer.
func TestMediansOfClosedDays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := w.directory()
	for i := range 12 {
		w.happen(w.open(store.AccountID(100+i%3)), "opens")
	}
	for range 250 {
		w.happenAnything()
	}

	w.measureAsTheVersionBefore(dir)
	closed := time.Date(2026, 10, 28, 0, 0, 0, 0, time.UTC)
	w.exec(`UPDATE conversations SET created_at = '2026-10-20'`)
	w.exec(`UPDATE measured SET closed = $1, below = 0`, closed)
	w.exec(`DELETE FROM measure_shares WHERE day < $1`, closed)
	w.fillMediansAgain()

	for left := true; left; {
		storetest.Check(t, w.pool.QueryRow(t.Context(), `SELECT below > 0 FROM measure_filling`).Scan(&left))
		storetest.Must(measuring.Round(t.Context(), w.pool, dir, 3))(t)
		w.happenAfter(closed)
		if w.rand.IntN(3) == 0 {
			w.measureAsTheVersionBefore(dir)
		}
	}

	for range 2 {
		w.measureAll(dir)
		w.wantMedians(w.singles(dir))
		w.fillMediansAgain() // the second time there is nothing to fill
	}
}

// happenAfter lets something happen in a conversation, at least two days after a day.
func (w *world) happenAfter(day time.Time) {
	w.t.Helper()
	s := w.stories[w.rand.IntN(len(w.stories))]
	if after := day.AddDate(0, 0, 2); s.now.Before(after) {
		s.now = after
	}
	w.happen(s, []string{"writes", "answers", "resolves"}[w.rand.IntN(3)])
}

// singles returns the single times of all conversations, by a slow recount.
func (w *world) singles(dir *directory.Directory) (list []timed) {
	for _, s := range w.stories {
		for _, single := range newRecount(s, dir.Hours[s.subject.AccountID]).times {
			list = append(list, timed{single, s.subject.Labels})
		}
	}
	return list
}
