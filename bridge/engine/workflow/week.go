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

// A team can get a weekly summary in its chat channel: the figures of the last seven days, those of the seven
// days before for comparison, and the conversations that waited longest. A cron expression of the team (the
// setting weekly) says when, such as "0 9 * * MON" for Mondays at 9 am.

const (
	maxWeekDelay = 72 * time.Hour   // a summary is skipped if it is delayed longer than this
	maxWeekWait  = 10 * time.Minute // how long a summary waits for figures that are still being counted
	maxWorstRows = 3                // conversations in a summary
)

// NextWeek returns the timer of a team's next summary (next) and that of the one before it (last), which may
// not have fired yet. last is zero if it would be delayed by more than maxWeekDelay. ok is false if the team
// gets no summaries.
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

// weekTimes is the schedule of a team's summaries.
type weekTimes struct {
	clock *cron.SpecSchedule // in UTC; its times are local times of zone
	zone  *time.Location
}

// weekTimesOf parses a team's cron expression. Its times are in the zone that the expression names, or else in
// weekZone. ok is false if the team gets no summaries.
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
	if w.zone == time.Local { // the expression names no zone
		w.zone = weekZone(d, team)
	}
	clock.Location = time.UTC
	return w, true
}

// next returns the first time of the schedule after a time, or the zero time if there is none. It computes
// local times as if they were UTC, whose days have all hours. A local time that is skipped when summer time
// begins becomes the moment of the change: 2:30 becomes 3:00.
func (w weekTimes) next(after time.Time) time.Time {
	local := clockOf(after.In(w.zone))
	for {
		if local = w.clock.Next(local); local.IsZero() {
			return local
		}

		at := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), 0, 0, w.zone)
		from, to := at.ZoneBounds()
		switch clockOf(at).Compare(local) { // not 0 if the local time is skipped
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

// clockOf returns the local time of t as if it were UTC.
func clockOf(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// allTeams takes the place of a team for all conversations, including those without a team.
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

// isIncomplete reports whether the latest figures may be incomplete.
func isIncomplete(b measure.Behind) bool { return b.Older || b.Seconds > maxWeekWait.Seconds() }

// sevenDays reads the figures of the seven days before today, those of the seven days before these, and how
// many customers are waiting now.
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

// accountsShownAt returns the accounts whose conversations with a team have their threads in a channel. It
// leaves out those with a channel of their own, which not everybody can read.
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

// worstOfWeek adds to line the conversations that waited longest for their first answer. The line is posted at
// home, so conversations that have since moved to an account's own channel are left out.
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
		if len(facts) == 0 {
			continue
		}
		thread := homes[w.ConversationID]
		isInChannel := thread.AccountID == surface && thread.Channel == home.Channel
		if isInChannel || !wf.isPrivate(facts[0]) {
			line.Rows = append(line.Rows, facts[0])
			line.Took = append(line.Took, time.Duration(w.Seconds)*time.Second)
		}
	}

	return nil
}

// isPrivate reports whether a conversation may be read only in its thread's channel: its account has a channel
// of its own or was removed.
func (wf *UseCases) isPrivate(f bridge.Facts) bool {
	a := wf.Dir.AccountNamed(f.Account.Name)
	return a == nil || a.SurfaceChannel != ""
}
