package engine

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// Agents say whether they are there: "!away until monday cover @ben". What a customer waits for doesn't stay with owners who aren't:
// it goes to whoever covers, or back to the queue.

// presences are the presences that verbs set, as they are stored.
var presences = map[bridge.Verb]string{ //nolint:gochecknoglobals // a table
	bridge.VerbAvailable: bridge.PresenceAvailable, bridge.VerbBusy: bridge.PresenceBusy,
	bridge.VerbBreak: bridge.PresenceBreak, bridge.VerbAway: bridge.PresenceAway,
}

// maxMissed limits the conversations that are listed to whoever is back.
const maxMissed = 15

func presenceVerbs() (cases []useCase) {
	for name := range presences {
		cases = append(cases, useCase{Rules: Rules{Name: name, NoConversation: true}, DoAnywhere: (*work).setPresence})
	}
	return cases
}

// setPresence changes the actor's presence, and tells what that means.
func (w *work) setPresence(ctx context.Context, tx pgx.Tx, r Request) error {
	if problem := w.Verbs.Authorize(r.Agent, r.Verb); problem != nil {
		w.Refuse(r, problem.Code, problem.Text, problem.Hint)
		return nil
	}
	line := &bridge.PresenceLine{Presence: presences[r.Verb]}
	row := store.Agent{ID: r.Agent.ID}
	if r.Verb != bridge.VerbAvailable {
		row.Presence = line.Presence
	}
	if r.Args.Until != "" {
		zone := w.Dir.Zone(r.Agent, 0)
		until, err := w.snoozeTime(r.Args.Until, zone)
		if err != nil {
			forPeople, _ := errors.AsType[*bridge.Error](err)
			w.Refuse(r, "bad_time", forPeople.Text, forPeople.Hint)
			return nil
		}
		row.PresenceUntil, line.Until = &until, until.In(zone).Format("Mon 2 Jan 15:04")
	}
	if len(r.Args.Agents) > 0 {
		cover := w.Dir.Find(r.Surface, r.Args.Agents[0])
		if cover == nil || cover.ID == r.Agent.ID || r.Verb != bridge.VerbAway {
			w.Refuse(r, "unknown_agent", "I can't see who covers for you.", "Name a colleague who is an agent: !away until monday cover @ben")
			return nil
		}
		row.Cover, line.Cover = &cover.ID, cover.Name
	}

	if r.Verb == bridge.VerbAvailable {
		missed, err := store.TakeMissed(ctx, tx, r.Agent.ID, maxMissed)
		if err != nil {
			return err
		}
		if line.Rows, err = w.Reading.Facts(ctx, tx, r.Surface, r.Agent, missed...); err != nil {
			return err
		}
	}
	if err := store.SetPresence(ctx, tx, row); err != nil {
		return err
	}
	return w.tellRoom(ctx, tx, r, line)
}

// tellRoom tells the actor privately how many open conversations are the actor's, and for how many there is room.
func (w *work) tellRoom(ctx context.Context, tx pgx.Tx, r Request, line *bridge.PresenceLine) error {
	loads, err := store.CountLoads(ctx, tx, []store.AgentID{r.Agent.ID})
	if err != nil {
		return err
	}
	line.Open, line.Capacity = line.Open+loads[0].Open, w.Dir.Capacity(r.Agent.ID)
	if line.Presence != "" || line.Open > line.Capacity {
		w.Whisper(r, bridge.Line{Content: line})
	}
	return nil
}

// warnBeyondRoom tells the actor who has just become an owner of the conversation if that is more than there is room for.
func (w *work) warnBeyondRoom(ctx context.Context, tx pgx.Tx, r Request, before []store.AgentID) error {
	isNew := slices.Contains(r.Conversation.Assignees, r.Agent.ID) && !slices.Contains(before, r.Agent.ID)
	if !isNew || r.Conversation.BridgeStatus() != bridge.StatusOpen || w.Dir.Capacity(r.Agent.ID) == 0 {
		return nil
	}
	return w.tellRoom(ctx, tx, r, &bridge.PresenceLine{Open: 1}) // which isn't stored yet
}

// OwnersAbsent takes a conversation in which the customer waits from its owners if none of them is there. It goes to the colleague who
// covers for one of them, or else back to the queue.
// Errors: the database's.
func (w *work) OwnersAbsent(ctx context.Context, tx pgx.Tx, c *Conversation) error {
	if err := store.EndRouted(ctx, tx, c.ID); err != nil {
		return err
	}
	isThere := func(id store.AgentID) bool { return !w.Dir.IsAbsent(id, w.Now) }
	isWaiting := c.BridgeStatus() == bridge.StatusOpen && c.LastFrom == store.FromCustomer && c.WaitingSince != nil
	if !isWaiting || len(c.Assignees) == 0 || slices.ContainsFunc(c.Assignees, isThere) {
		return nil
	}
	if err := store.KeepGivenBack(ctx, tx, c.Assignees, c.ID); err != nil {
		return err
	}

	line := &bridge.UnassignedLine{Absent: bridge.AbsentOffDuty}
	var names []string
	var cover *store.Agent
	for _, id := range c.Assignees {
		owner := w.Dir.Agent(id)
		names = append(names, owner.Name)
		if !w.Dir.IsAway(id) {
			continue
		}
		line.Absent = bridge.AbsentAway
		if len(c.Assignees) == 1 && owner.PresenceUntil != nil {
			line.Until = *owner.PresenceUntil
		}
		if owner.Cover != nil && w.Dir.IsThere(*owner.Cover, w.Now) && w.Reading.As(w.Dir.Agent(*owner.Cover)).May(c.Conversation) {
			cover = w.Dir.Agent(*owner.Cover)
		}
	}
	line.Former = strings.Join(names, ", ")
	if cover != nil {
		w.giveTo(c, cover, &bridge.RoutedLine{Agent: cover.Name, Rule: bridge.ByCover, Word: line.Former}, "covers for "+line.Former)
		return nil
	}

	c.Assignees = nil
	c.Touch()
	c.RefreshCard()
	w.Log.ByParley(c, store.DeedUnassigned, nil)
	var mentions []bridge.AgentRef
	if t := c.Home(w.Dir); t != nil && c.TeamID != nil && w.Dir.Plans[c.AccountID].IsEmpty() {
		mentions = TeamMentions(w.Dir, w.Dir.Team(*c.TeamID), t.AccountID, 0) // no rule gives it to anybody
	}
	w.Line(c, bridge.Line{Content: line, Mentions: mentions})
	return nil
}
