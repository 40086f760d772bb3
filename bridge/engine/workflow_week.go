package engine

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
	"parley/store/measure"
)

// maxWeekWait is how far behind the counting may be before figures count as incomplete.
const maxWeekWait = 10 * time.Minute

// allTeams takes the place of a team for all conversations, including those without a team.
const allTeams store.TeamID = 0

// weekZone returns the zone of the first account of a team with business hours, or UTC if there is none.
func weekZone(d *Directory, team store.TeamID) *time.Location {
	for _, id := range SortedKeys(d.Hours) {
		if team != allTeams && !isOfTeam(d.Account(id), team) {
			continue
		}
		if h := d.Hours[id]; h != nil {
			return h.Zone()
		}
	}
	return time.UTC
}

// isOfTeam reports whether an account's conversations go to a team by default.
func isOfTeam(a *store.Account, team store.TeamID) bool { return a.TeamID != nil && *a.TeamID == team }

// isIncomplete reports whether the latest figures may be incomplete.
func isIncomplete(b measure.Behind) bool { return b.Older || b.Seconds > maxWeekWait.Seconds() }

// sevenDays reads the figures of the seven days before today, those of the seven days before these, and how
// many customers are waiting now.
func (w *work) sevenDays(ctx context.Context, tx pgx.Tx, today time.Time, team store.TeamID) (d bridge.SevenDays, err error) {
	d.From, d.To = dayBefore(today, 7), dayBefore(today, 1)
	week := weekOf(d.From, d.To, team)
	if d.Week, err = weekFigures(ctx, tx, week); err != nil {
		return d, err
	}
	if d.Before, err = weekFigures(ctx, tx, weekOf(dayBefore(today, 14), dayBefore(today, 8), team)); err != nil {
		return d, err
	}

	now, err := measure.ReadNow(ctx, tx, week, bridge.TraitIntent, bridge.TraitSentiment)
	d.Waiting, d.Unassigned = now.Waiting, now.Unassigned
	if now.Oldest != nil {
		d.Longest = max(w.Now.Sub(*now.Oldest), 0)
	}

	return d, err
}

// weekOf returns a filter for a range of days (yyyy-mm-dd) and a team.
func weekOf(from, to string, team store.TeamID) measure.Filter {
	f := measure.Filter{From: from, To: to, Kind: measure.KindAll}
	if team != allTeams {
		f.Teams = []store.TeamID{team}
	}
	return f
}

// dayBefore returns the date some days before t, as yyyy-mm-dd.
func dayBefore(t time.Time, days int) string { return t.AddDate(0, 0, -days).Format(time.DateOnly) }

// weekFigures reads the figures that a filter selects. Averages of no values are 0.
func weekFigures(ctx context.Context, tx pgx.Tx, f measure.Filter) (w bridge.WeekFigures, err error) {
	sums, err := measure.Sums(ctx, tx, f, measure.ByTeam, nil)
	if err != nil {
		return w, err
	}

	var s measure.Figures
	for _, team := range sums {
		s.Add(team.Figures)
	}

	w = bridge.WeekFigures{
		New:      s.Opened,
		Reopened: s.Reopened,
		Resolved: s.Resolved,
		Answers:  s.FirstCount,
		Further:  s.NextCount,
	}
	if s.FirstCount > 0 {
		w.First = time.Duration(s.FirstSumOpen/s.FirstCount) * time.Second
	}
	if s.NextCount > 0 {
		w.Next = time.Duration(s.NextSumOpen/s.NextCount) * time.Second
	}
	if s.Resolved > 0 {
		w.Ended = time.Duration(s.EndedSumOpen/s.Resolved) * time.Second
	}

	w.Medians, err = weekMedians(ctx, tx, f, w)
	return w, err
}

// weekMedians reads the medians of a week's times, or -1 where a median isn't known. For one or two values it
// uses the mean, which is equal to the median and is known exactly.
func weekMedians(ctx context.Context, tx pgx.Tx, f measure.Filter, w bridge.WeekFigures) (*bridge.WeekMedians, error) {
	spreads, err := measure.Spreads(ctx, tx, f, measure.ByTeam, measure.BusinessHours, nil)
	if err != nil {
		return nil, err
	}

	var all measure.Spread
	for _, s := range spreads {
		all.Add(*s)
	}

	median := func(t measure.Time, count int64, mean time.Duration) time.Duration {
		if count == 1 || count == 2 {
			return mean
		}
		if !bridge.MedianKnown(all.Count(t), count) {
			return -1
		}
		return all.Median(t)
	}

	return &bridge.WeekMedians{
		First: median(measure.FirstAnswer, w.Answers, w.First),
		Next:  median(measure.NextAnswer, w.Further, w.Next),
		Ended: median(measure.Ended, w.Resolved, w.Ended),
	}, nil
}
