package teams

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"parley/bot/teams/connector"
	"parley/bot/teams/fact"
	"parley/bot/teams/organisation"
)

// Parley's app is installed in teams, and separately in their private and shared channels. Teams never lists where.
// This file learns it from the activities that Teams sends, such as "the bot was added", and keeps it in notes, which
// outlive restarts. It closes a team or channel for posts when the app is removed there, and opens it again.

type installation struct {
	*organisation.Organisation

	access *access
}

// learn notes what an activity of any type tells about Teams itself: at which address Teams is reached, which team a
// channel belongs to, and whether the app is there. The menus of Teams offer our entries also in teams without the
// app. So from invokes of these menus it learns only the address.
// Errors: the desk's.
func (i *installation) learn(ctx context.Context, a *connector.Activity) error {
	if err := i.Notes.Load(ctx); err != nil {
		return err
	}
	if err := i.learnService(ctx, a.ServiceURL); err != nil {
		return err
	}

	d := a.ChannelData
	if d == nil || strings.HasPrefix(a.Name, fact.InvokesOfExtension) {
		return nil
	}
	if d.Channel != nil && a.Type == connector.TypeMessage {
		i.access.recordPresence(d.Channel.ID) // messages come from this channel
	}
	if d.Team == nil || d.Team.ID == "" {
		return nil
	}
	if err := i.learnTeam(ctx, d.Team, a); err != nil {
		return err
	}

	return i.learnChannel(ctx, a)
}

// noteWriter returns the method that stores the notes of an activity. For activities about the app or members, it is
// Renew, which stores a note even if it looks unchanged. For others it is Keep.
func (i *installation) noteWriter(a *connector.Activity) func(ctx context.Context, key string, v any) error {
	if a.Type == connector.TypeInstallationUpdate || a.Type == connector.TypeConversationUpdate {
		return i.Notes.Renew
	}
	return i.Notes.Keep
}

// learnService notes the address at which Teams is reached, which depends on the organisation's region. The request
// was checked, so the address is genuine.
func (i *installation) learnService(ctx context.Context, address string) error {
	if _, err := i.Hosts.Check(address); err != nil {
		return nil //nolint:nilerr // not one of Teams' addresses; the door accepts no such request
	}
	return i.Notes.Keep(ctx, organisation.NoteService, address)
}

// learnTeam notes the team of an activity. It closes the team for posts if the app was removed, and opens it again if
// the app is back.
func (i *installation) learnTeam(ctx context.Context, ref *connector.TeamRef, a *connector.Activity) error {
	before, known := i.Notes.Team(ref.ID)
	t := before
	t.Group = cmp.Or(ref.AADGroupID, t.Group)
	t.Name = cmp.Or(ref.Name, t.Name)
	if _, err := i.Hosts.Check(a.ServiceURL); err == nil {
		t.Service = a.ServiceURL
	}

	t.Removed = i.isRemovedAfter(a, before.Removed)
	if err := i.noteWriter(a)(ctx, organisation.NoteTeam+ref.ID, t); err != nil {
		return err
	}

	if t.Removed {
		if !before.Removed {
			i.access.closePlace(ref.ID, errRemoved("team", t.Name, ref.ID, nil))
		}
		return nil
	}

	isNew := before.Removed || !known
	if isNew || mayReopen(a) {
		i.access.recordReopening(ref.ID)
	}

	return nil
}

// isRemovedAfter reports whether the app is no longer in a team, after an activity. before is whether it was not in
// the team until then; it stays so if the activity says nothing about that.
func (i *installation) isRemovedAfter(a *connector.Activity, before bool) bool {
	if a.Type == connector.TypeInstallationUpdate {
		if isRemoval(a) && isInOneChannel(a) {
			return before // the app stays in the team
		}
		return isRemoval(a)
	}
	if a.Type != connector.TypeConversationUpdate {
		return false // we get activities only from teams that the app is in
	}
	if isChannelMembership(a) {
		return before // it is about a private or shared channel, to which the app is added apart from its team
	}
	if i.containsUs(a.MembersRemoved) {
		return true
	}
	if i.containsUs(a.MembersAdded) {
		return false
	}

	switch fact.EventType(a) {
	case "teamDeleted", "teamHardDeleted":
		return true
	case "teamRestored":
		return false
	}

	return before
}

func isRemoval(a *connector.Activity) bool {
	return strings.HasPrefix(a.Action, "remove") && a.Action != "remove-upgrade"
}

// isInOneChannel reports whether an activity is about one channel other than General. General has the id of its team,
// so an activity with that id is about the team.
func isInOneChannel(a *connector.Activity) bool {
	if a.Conversation == nil {
		return false
	}
	channel, _ := connector.SplitThread(a.Conversation.ID)
	return channel != "" && channel != a.ChannelData.Team.ID
}

// mayReopen reports whether an activity may mean that a team takes posts again. The removal of the app from a single
// channel doesn't mean so, though the app stays in the team then.
func mayReopen(a *connector.Activity) bool {
	if a.Type == connector.TypeInstallationUpdate {
		return !isRemoval(a)
	}
	return fact.EventType(a) == "teamUnarchived"
}

func (i *installation) containsUs(list []connector.ChannelAccount) bool {
	return slices.ContainsFunc(list, func(m connector.ChannelAccount) bool { return m.ID == i.Me })
}

// isChannelMembership reports whether members were added to or removed from a single channel, and not its team. It is
// false for General, which has the id of its team.
func isChannelMembership(a *connector.Activity) bool {
	d := a.ChannelData
	if d == nil || d.Team == nil {
		return false
	}
	if d.Channel == nil || d.Channel.ID == "" {
		return false
	}
	return len(a.MembersAdded)+len(a.MembersRemoved) > 0 && d.Channel.ID != d.Team.ID
}

// learnChannel notes the channel of an activity. It closes the channel for posts if the app was removed from it, and
// opens it again if the app or the channel is back.
func (i *installation) learnChannel(ctx context.Context, a *connector.Activity) error {
	d := a.ChannelData
	if d.Channel == nil || d.Channel.ID == "" {
		return nil
	}

	before, _ := i.Notes.Channel(d.Channel.ID)
	c := before
	c.Team = cmp.Or(before.Team, d.Team.ID) // the team that owns the channel, which may be shared with other teams
	c.Name = cmp.Or(d.Channel.Name, c.Name)
	c.Gone = d.EventType == "channelDeleted"
	left := isChannelMembership(a) && i.containsUs(a.MembersRemoved)
	joined := isChannelMembership(a) && i.containsUs(a.MembersAdded)
	switch {
	case left:
		c.Removed = true
	case joined:
		c.Removed = false
	}

	if err := i.noteWriter(a)(ctx, organisation.NoteChannel+d.Channel.ID, c); err != nil {
		return err
	}

	switch {
	case left:
		i.access.closePlace(d.Channel.ID, errRemoved("channel", c.Name, d.Channel.ID, nil))
	case joined, d.EventType == "channelRestored", before.Gone && !c.Gone:
		i.access.recordReopening(d.Channel.ID)
	}

	return nil
}
