package engine

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/directory"
	"parley/bridge/engine/outbound"
	"parley/store"
)

const (
	eveningLead  = time.Hour        // the list is posted so long before the last business hour ends
	eveningStale = 90 * time.Minute // a list that comes later than this helps nobody
	eveningRows  = 30
	eveningCheck = 600 // seconds
)

// An evening's timer names its team and its day: whoever sets or fires it, a team gets one
// list a day.
func eveningKind(team int64, day time.Time) string {
	return fmt.Sprintf("%s:%d:%s", ownEvening, team, day.Format(time.DateOnly))
}

// eveningTeam reads a kind of eveningKind.
func eveningTeam(kind string) (team int64, ok bool) {
	parts := strings.Split(kind, ":")
	if len(parts) != 3 || parts[0] != ownEvening {
		return 0, false
	}
	team, err := strconv.ParseInt(parts[1], 10, 64)
	return team, err == nil
}

// nextClosing gives the timer of a team's next list. It fires before the first of the team's accounts
// that have hours closes. A team without such accounts may have been handed conversations of others,
// so it goes by the hours of all accounts.
func nextClosing(d *directory.Directory, team int64, after time.Time) (t store.Timer, ok bool) {
	own := false
	for id := range d.Hours {
		own = own || d.Account(id).TeamID != nil && *d.Account(id).TeamID == team
	}
	for _, id := range keys(d.Hours) {
		if a := d.Account(id); own && (a.TeamID == nil || *a.TeamID != team) {
			continue
		}
		at, found := d.Hours[id].Evening(after, eveningLead)
		if found && (!ok || at.Before(t.DueAt)) {
			t, ok = store.Timer{Kind: eveningKind(team, at.In(d.Hours[id].Zone())), DueAt: at}, true
		}
	}
	return t, ok
}

// setEvenings starts the timers of all teams' next lists, and stops those that the present hours
// no longer call for. Any replica may do it, any number of times.
func (e *Engine) setEvenings(ctx context.Context) error {
	dir := e.directory.Load()
	ctx, cancel := context.WithTimeout(ctx, reportTimeout)
	defer cancel()
	return store.InTx(ctx, e.pool, func(tx pgx.Tx) error {
		now, err := store.Now(ctx, tx)
		if err != nil {
			return err
		}
		var timers []store.Timer
		kinds := []string{}
		for _, team := range dir.Teams {
			if t, ok := nextClosing(dir, team.ID, now); ok {
				timers, kinds = append(timers, t), append(kinds, t.Kind)
			}
		}
		if err := store.KeepTimers(ctx, tx, ownEvening, kinds); err != nil || len(timers) == 0 {
			return err
		}
		return store.SetTimers(ctx, tx, timers)
	})
}

// evening posts the list of a team's conversations that wait for an answer and whose reply window
// closes before the next opening: once a day, and only if there are any.
func (w *work) evening(ctx context.Context, tx pgx.Tx, team int64, due time.Time) error {
	if next, ok := nextClosing(w.dir, team, w.now); ok {
		w.timers.start(next)
	}
	surface, channel := w.dir.TeamHome(team)
	if surface == 0 || w.now.Sub(due) > eveningStale {
		return nil
	}
	var rows []store.Closing
	var zone *time.Location
	for _, id := range keys(w.dir.Hours) {
		found, err := w.closingOf(ctx, tx, id, team)
		if err != nil {
			return err
		}
		if len(found) > 0 && zone == nil {
			zone = w.dir.Hours[id].Zone()
		}
		rows = append(rows, found...)
	}
	if len(rows) == 0 {
		return nil
	}
	ids := make([]int64, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	facts, err := w.e.facts(ctx, tx, surface, nil, ids...)
	if err != nil {
		return err
	}
	closing := &bridge.EveningLine{Rows: facts, Team: w.dir.Team(team).Name, Zone: zone.String()}
	w.channelLine(surface, bridge.Place{Channel: channel}, bridge.Line{Content: closing})
	return nil
}

// closingOf gives a team's conversations of an account whose window closes before the
// account's next opening, the most urgent first.
func (w *work) closingOf(ctx context.Context, tx pgx.Tx, account, team int64) ([]store.Closing, error) {
	win := outbound.WindowOf(w.e.caps(account), &time.Time{})
	if !win.Limited {
		return nil, nil
	}
	length := win.Human.Sub(time.Time{})
	back := w.dir.Hours[account].Reopens(w.now)
	if back.IsZero() {
		back = w.now.Add(length)
	}
	return store.ListClosing(ctx, tx, account, team, w.now.Add(-length), back.Add(-length), eveningRows)
}

// leave notes that somebody decided to let a window close unanswered.
func (w *work) leave(r request) {
	c, surface, a := r.conv, r.surface, r.Action
	w.log.byAgent(c, r.agent, store.DeedLeftUntilTomorrow, nil)
	w.confirm(nil, surface, a, bridge.Line{Content: bridge.LineDone, Verb: bridge.VerbLeave, Other: bridge.Facts{ID: c.ID}})
}
