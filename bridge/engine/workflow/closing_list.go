package workflow

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/directory"
	"parley/bridge/engine/outbound"
	"parley/bridge/engine/own"
	"parley/store"
)

const (
	eveningLead  = time.Hour        // the list is posted so long before the last business hour ends
	eveningStale = 90 * time.Minute // a list that comes later than this helps nobody
	eveningRows  = 30
)

// NextClosing returns the timer of a team's next list. It fires before the first of the team's accounts
// that have hours closes. A team without such accounts may have been handed conversations of others,
// so it goes by the hours of all accounts.
func NextClosing(d *directory.Directory, team store.TeamID, after time.Time) (t store.Timer, ok bool) {
	theirs := false
	for id := range d.Hours {
		theirs = theirs || d.Account(id).TeamID != nil && *d.Account(id).TeamID == team
	}
	for _, id := range book.SortedKeys(d.Hours) {
		if a := d.Account(id); theirs && (a.TeamID == nil || *a.TeamID != team) {
			continue
		}
		at, found := d.Hours[id].Evening(after, eveningLead)
		if found && (!ok || at.Before(t.DueAt)) {
			t, ok = store.Timer{Kind: own.EveningOf(team, at.In(d.Hours[id].Zone())), DueAt: at}, true
		}
	}
	return t, ok
}

// Evening posts the list of a team's conversations that wait for an answer and whose reply window
// closes before the next opening: once a day, and only if there are any.
func (wf *UseCases) Evening(ctx context.Context, tx pgx.Tx, team store.TeamID, due time.Time) error {
	if next, ok := NextClosing(wf.Dir, team, wf.Now); ok {
		wf.Timers.Start(next)
	}
	surface, channel := wf.Dir.TeamHome(team)
	if surface == 0 || wf.Now.Sub(due) > eveningStale {
		return nil
	}
	var rows []store.Closing
	var zone *time.Location
	for _, id := range book.SortedKeys(wf.Dir.Hours) {
		found, err := wf.closingOf(ctx, tx, id, team)
		if err != nil {
			return err
		}
		if len(found) > 0 && zone == nil {
			zone = wf.Dir.Hours[id].Zone()
		}
		rows = append(rows, found...)
	}
	if len(rows) == 0 {
		return nil
	}
	ids := make([]store.ConversationID, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	facts, err := wf.Reading.Facts(ctx, tx, surface, nil, ids...)
	if err != nil {
		return err
	}
	closing := &bridge.EveningLine{Rows: facts, Team: wf.Dir.Team(team).Name, Zone: zone.String()}
	wf.ChannelLine(surface, bridge.Place{Channel: channel}, bridge.Line{Content: closing})
	return nil
}

// closingOf returns a team's conversations of an account whose window closes before the
// account's next opening, the most urgent first.
func (wf *UseCases) closingOf(ctx context.Context, tx pgx.Tx, account store.AccountID, team store.TeamID) ([]store.Closing, error) {
	win := outbound.WindowOf(wf.Caps(account), &time.Time{})
	if !win.Limited {
		return nil, nil
	}
	length := win.Human.Sub(time.Time{})
	back := wf.Dir.Hours[account].Reopens(wf.Now)
	if back.IsZero() {
		back = wf.Now.Add(length)
	}
	return store.ListClosing(ctx, tx, account, team, wf.Now.Add(-length), back.Add(-length), eveningRows)
}

// Leave notes that somebody decided to let a window close unanswered.
func (wf *UseCases) Leave(r book.Request) {
	c, surface, a := r.Conversation, r.Surface, r.Action
	wf.Log.ByAgent(c, r.Agent, store.DeedLeftUntilTomorrow, nil)
	wf.Confirm(nil, surface, a, bridge.Line{Content: bridge.LineDone, Verb: bridge.VerbLeave, Other: bridge.Facts{ID: c.ID}})
}
