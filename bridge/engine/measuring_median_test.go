package engine_test

import (
	"slices"
	"strconv"
	"time"

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
func (w *measuringWorld) wantMedians(all []timed) {
	w.t.Helper()
	first := time.Date(2026, 10, 18, 0, 0, 0, 0, time.UTC)
	filters := []measure.Filter{
		{Kind: measure.KindAll},
		{Kind: measure.KindAgent, Value: strconv.Itoa(ann)},
		{Kind: measure.KindTag, Value: "Billing"},
		{Kind: measure.KindIntent, Value: "refund"},
		{Kind: measure.KindMood, Value: "negative"},
		{Kind: measure.KindAll, Accounts: []store.AccountID{101, 102}, Teams: []store.TeamID{measuringBilling}},
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
