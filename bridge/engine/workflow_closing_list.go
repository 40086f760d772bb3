package engine

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// Some providers accept replies only for a limited time after the customer wrote, on WhatsApp for 24 hours.
// This time is the reply window. If a customer writes on Friday at 4 pm and the team is back on Monday, it has
// to answer before it goes home. An hour before business hours end, this file posts the evening list in the
// team's chat channel: unanswered conversations whose window closes before the team is back.

const (
	eveningLead     = time.Hour        // how long before the end of business hours the list is posted
	maxEveningDelay = 90 * time.Minute // after this delay, the list is useless
	maxEveningRows  = 30               // conversations in a list
)

// NoTeam takes the place of a team for the accounts that have none. Their lists are posted in the accounts' channels.
const NoTeam store.TeamID = 0

// NextClosing returns the timer of a team's next evening list. It fires before the first of the team's accounts
// closes. If none of these has business hours, all accounts count, since other teams may hand conversations over
// to this one. For NoTeam, only accounts without a team count. ok is false if no such account has business hours.
func NextClosing(d *Directory, team store.TeamID, after time.Time) (t store.Timer, ok bool) {
	isTeams := func(id store.AccountID) bool {
		if team == NoTeam {
			return d.Account(id).TeamID == nil
		}
		return isOfTeam(d.Account(id), team)
	}

	ids := SortedKeys(d.Hours)
	onlyTeams := team == NoTeam || slices.ContainsFunc(ids, isTeams)
	for _, id := range ids {
		if onlyTeams && !isTeams(id) {
			continue
		}

		at, found := d.Hours[id].Evening(after, eveningLead)
		if !found {
			continue
		}
		if !ok || at.Before(t.DueAt) {
			t, ok = store.Timer{Kind: EveningOf(team, at.In(d.Hours[id].Zone())), DueAt: at}, true
		}
	}

	return t, ok
}

// IsEveningOver reports whether it is too late to post an evening list.
func IsEveningOver(due, now time.Time) bool { return now.Sub(due) > maxEveningDelay }

// eveningPlace is a chat channel in which an evening list is posted.
type eveningPlace struct {
	surface store.AccountID
	channel string
}

// Evening posts a team's evening lists and sets the timer of the next ones. Conversations of accounts with a
// chat channel of their own are listed only there, since not everybody in the team's channel may read them.
// Errors: the database's.
func (w *work) Evening(ctx context.Context, tx pgx.Tx, team store.TeamID, due time.Time) error {
	if next, ok := NextClosing(w.Dir, team, w.Now); ok {
		w.Timers.Start(next)
	}

	name, isKnown := nameOfTeam(w.Dir, team)
	if !isKnown || IsEveningOver(due, w.Now) {
		return nil
	}

	var places []eveningPlace
	accounts := map[eveningPlace][]store.AccountID{}
	for _, id := range SortedKeys(w.Dir.Hours) {
		surface, channel := HomeOfEvening(w.Dir, w.Dir.Account(id), team)
		if surface == 0 {
			continue
		}

		p := eveningPlace{surface, channel}
		if !slices.Contains(places, p) {
			places = append(places, p)
		}
		accounts[p] = append(accounts[p], id)
	}

	for _, p := range places {
		if err := w.postEvening(ctx, tx, team, name, p, accounts[p]); err != nil {
			return err
		}
	}

	return nil
}

// nameOfTeam returns the name of a team, which is empty for NoTeam. It returns false if the team has been removed.
func nameOfTeam(d *Directory, team store.TeamID) (name string, ok bool) {
	if team == NoTeam {
		return "", true
	}
	t := d.Team(team)
	if t == nil {
		return "", false
	}
	return t.Name, true
}

// HomeOfEvening returns the chat (surface) and the channel of the team's evening list that an account is on.
// surface is 0 if it is on none.
func HomeOfEvening(d *Directory, a *store.Account, team store.TeamID) (surface store.AccountID, channel string) {
	if team != NoTeam {
		return d.Home(a, &team)
	}
	if a.TeamID != nil {
		return 0, "" // its conversations are on the list of its team
	}
	return d.Home(a, nil)
}

// postEvening posts a team's evening list for some accounts, unless it would be empty. name is the team's name.
func (w *work) postEvening(
	ctx context.Context, tx pgx.Tx, team store.TeamID, name string, p eveningPlace, accounts []store.AccountID,
) error {
	var ids []store.ConversationID
	var zone *time.Location
	for _, id := range accounts {
		found, err := w.closingOf(ctx, tx, id, team)
		if err != nil {
			return err
		}
		if len(found) > 0 && zone == nil {
			zone = w.Dir.Hours[id].Zone()
		}

		ids = append(ids, found...)
	}

	if len(ids) == 0 {
		return nil
	}
	facts, err := w.Reading.Facts(ctx, tx, p.surface, nil, ids...)
	if err != nil {
		return err
	}
	closing := &bridge.EveningLine{Rows: facts, Team: name, Zone: zone.String()}
	w.ChannelLine(p.surface, bridge.Place{Channel: p.channel}, bridge.Line{Content: closing})
	return nil
}

// closingOf returns a team's conversations of an account whose reply window closes before the account's
// business hours begin again, the most urgent first.
func (w *work) closingOf(
	ctx context.Context, tx pgx.Tx, account store.AccountID, team store.TeamID,
) ([]store.ConversationID, error) {
	var opened time.Time // any time, to compute the length of the window
	win := WindowOf(w.Caps(account), &opened)
	if !win.Limited {
		return nil, nil
	}

	length := win.HumanUntil.Sub(opened)
	back := w.Dir.Hours[account].Reopens(w.Now)
	if back.IsZero() {
		back = w.Now.Add(length)
	}
	ofTeam := store.ClosingOf{
		Account:     account,
		Team:        team,
		WithoutTeam: team == NoTeam || isOfTeam(w.Dir.Account(account), team),
	}
	return store.ListClosing(ctx, tx, ofTeam, w.Now.Add(-length), back.Add(-length), maxEveningRows)
}

func leaveVerb() useCase {
	return useCase{
		Rules: Rules{Name: bridge.VerbLeave, Deed: store.DeedLeftUntilTomorrow},
		Do:    (*work).leaveUnanswered,
	}
}

// leaveUnanswered applies !leave: an agent lets a reply window close unanswered. The conversation is
// on no evening list until the customer writes again.
func (w *work) leaveUnanswered(r Request) {
	ch := w.Channel(r.Conversation.AccountID)
	if ch != nil && ch.Capabilities().Window.Free == 0 {
		w.Refuse(r, "no_window", r.Conversation.Account.Name+" has no reply window that could close.",
			"To be reminded of this conversation: !snooze")
		return
	}

	w.Log.Did(r, nil)
	done := bridge.Line{Content: bridge.LineDone, Verb: bridge.VerbLeave, Other: bridge.Facts{ID: r.Conversation.ID}}
	w.Confirm(r.About(nil), done) // next to the list, not in the conversation's thread
}
