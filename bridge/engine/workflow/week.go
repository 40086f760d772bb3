package workflow

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/robfig/cron/v3"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/directory"
	"parley/bridge/engine/own"
	"parley/store"
	"parley/store/measure"
)

// Once a week, or whenever the team's cron expression says, a team gets a summary in its channel: the figures of the last seven
// days beside those of the seven days before, and the conversations that waited longest.

const (
	maxWeekDelay = 72 * time.Hour   // a summary that comes later than this is left out
	maxWeekWait  = 10 * time.Minute // how long it waits for what isn't counted yet
	maxWorstRows = 3                // conversations that are named
)

// NextWeek returns the timer of a team's next summary (next), and the one before it (last), which may not have fired yet. last is
// zero if it would come too late by now. ok is false if the team gets no summaries.
func NextWeek(d *directory.Directory, team store.TeamID, after time.Time) (next, last store.Timer, ok bool) {
	times, ok := weekTimesOf(d, team)
	if !ok {
		return next, last, false
	}
	at := times.next(after.Add(-maxWeekDelay))
	for ; !at.IsZero() && !at.After(after); at = times.next(at) {
		last = store.Timer{Kind: own.WeekOf(team, at), DueAt: at}
	}
	return store.Timer{Kind: own.WeekOf(team, at), DueAt: at}, last, !at.IsZero()
}

// weekTimes are the times of a team's summaries, as the clocks of a zone show them.
type weekTimes struct {
	clock *cron.SpecSchedule
	zone  *time.Location
}

// weekTimesOf reads a team's cron expression. Its times are in the zone that the expression names, or else in weekZone. ok is false
// if the team gets no summaries.
func weekTimesOf(d *directory.Directory, team store.TeamID) (w weekTimes, ok bool) {
	row := d.Team(team)
	if row == nil || row.Weekly == "" {
		return w, false
	}
	schedule, err := cron.ParseStandard(row.Weekly)
	clock, ok := schedule.(*cron.SpecSchedule)
	if err != nil || !ok {
		return w, false
	}

	w = weekTimes{clock: clock, zone: clock.Location}
	if w.zone == time.Local { // it names none
		w.zone = weekZone(d, team)
	}
	clock.Location = time.UTC
	return w, true
}

// next returns the next time, or the zero time if there is none. It computes what the clocks show in UTC, whose days have all hours.
// A time that the clocks skip when summer time begins falls on the moment at which they are put forward.
func (w weekTimes) next(after time.Time) time.Time {
	shown := clockOf(after.In(w.zone))
	for {
		if shown = w.clock.Next(shown); shown.IsZero() {
			return shown
		}

		at := time.Date(shown.Year(), shown.Month(), shown.Day(), shown.Hour(), shown.Minute(), 0, 0, w.zone)
		from, to := at.ZoneBounds()
		switch clockOf(at).Compare(shown) {
		case -1:
			at = to
		case 1:
			at = from
		}
		if at.After(after) {
			return at
		}
	}
}

// clockOf returns what a clock shows at a time, as a time in UTC.
func clockOf(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// allTeams are all teams together, and the conversations that have none.
const allTeams store.TeamID = 0

// weekZone returns the zone of the first account of a team with business hours, or UTC if there is none.
func weekZone(d *directory.Directory, team store.TeamID) *time.Location {
	for _, id := range book.SortedKeys(d.Hours) {
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

// Week posts a team's summary. It waits for at most maxWeekWait for what isn't counted yet.
func (wf *UseCases) Week(ctx context.Context, tx pgx.Tx, team store.TeamID, due time.Time) error {
	behind, err := measure.ReadBehind(ctx, tx)
	if err != nil {
		return err
	}

	isBehind := behind.Seconds > 0 || behind.Older
	if isBehind && wf.Age() < maxWeekWait {
		return wf.PutAside(maxWeekWait - wf.Age())
	}
	if next, _, ok := NextWeek(wf.Dir, team, wf.Now); ok {
		wf.Timers.Start(next)
	}

	surface, channel := wf.Dir.TeamHome(team)
	times, ok := weekTimesOf(wf.Dir, team)
	if surface == 0 || !ok || wf.Now.Sub(due) > maxWeekDelay {
		return nil
	}

	line := &bridge.WeekLine{Team: wf.Dir.Team(team).Name, Missing: isIncomplete(behind)}
	if line.SevenDays, err = wf.sevenDays(ctx, tx, due.In(times.zone), team); err != nil {
		return err
	}
	home := bridge.Place{Channel: channel}
	f := weekOf(line.From, line.To, team)
	f.Accounts = wf.accountsShownAt(team, surface, channel)
	if err := wf.worstOfWeek(ctx, tx, surface, home, f, line); err != nil {
		return err
	}

	wf.ChannelLine(surface, home, bridge.Line{Content: line})
	return nil
}

// isIncomplete reports whether figures of the last days may lack something.
func isIncomplete(b measure.Behind) bool { return b.Older || b.Seconds > maxWeekWait.Seconds() }

// sevenDays reads the figures of the seven days before a day and of the seven days before those, and how many customers wait now.
func (wf *UseCases) sevenDays(ctx context.Context, tx pgx.Tx, today time.Time, team store.TeamID) (d bridge.SevenDays, err error) {
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
		d.Longest = max(wf.Now.Sub(*now.Oldest), 0)
	}

	return d, err
}

// weekOf makes the filter for some days of a team.
func weekOf(from, to string, team store.TeamID) measure.Filter {
	f := measure.Filter{From: from, To: to, Kind: measure.KindAll}
	if team != allTeams {
		f.Teams = []store.TeamID{team}
	}
	return f
}

// dayBefore returns the day so many days before a time, as yyyy-mm-dd.
func dayBefore(t time.Time, days int) string { return t.AddDate(0, 0, -days).Format(time.DateOnly) }

// weekFigures reads the figures that a filter selects. An average is 0 if there is nothing to average.
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

// weekMedians reads the medians of a week's times. For one or two times it takes the average, which is known exactly. A median that
// isn't known is -1.
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

// accountsShownAt returns the accounts whose conversations with a team have their threads in a channel: all but those that
// have another channel of their own, which not everybody can read.
func (wf *UseCases) accountsShownAt(team store.TeamID, surface store.AccountID, channel string) []store.AccountID {
	shown := []store.AccountID{}
	for i := range wf.Dir.Accounts {
		a := &wf.Dir.Accounts[i]
		if s, ch := wf.Dir.Home(a, &team); s == surface && ch == channel {
			shown = append(shown, a.ID)
		}
	}
	return shown
}

// worstOfWeek adds the conversations that waited longest for their first answer to line, which is posted at home. It leaves out those
// that have gone on in an account's own channel since.
func (wf *UseCases) worstOfWeek(
	ctx context.Context, tx pgx.Tx, surface store.AccountID, home bridge.Place, f measure.Filter, line *bridge.WeekLine,
) error {
	worst, err := measure.LongestTimes(ctx, tx, f, measure.FirstAnswer, measure.BusinessHours, maxWorstRows)
	if err != nil {
		return err
	}

	var ids []store.ConversationID
	for _, w := range worst {
		ids = append(ids, w.ConversationID)
	}
	homes, err := wf.Reading.Homes(ctx, tx, ids...)
	if err != nil {
		return err
	}

	for _, w := range worst {
		facts, err := wf.Reading.Facts(ctx, tx, surface, nil, w.ConversationID)
		if err != nil {
			return err
		}
		at := homes[w.ConversationID]
		isThere := at.AccountID == surface && at.Channel == home.Channel
		if len(facts) > 0 && (isThere || !wf.isPrivate(facts[0])) {
			line.Rows = append(line.Rows, facts[0])
			line.Took = append(line.Took, time.Duration(w.Seconds)*time.Second)
		}
	}

	return nil
}

// isPrivate reports whether a conversation may be read only where its thread is: its account has a channel of its own, or is gone.
func (wf *UseCases) isPrivate(f bridge.Facts) bool {
	a := wf.Dir.AccountNamed(f.Account.Name)
	return a == nil || a.SurfaceChannel != ""
}
