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

// installation learns from activities in which teams and channels the app is installed.
type installation struct {
	*organisation.Organisation

	access *access
}

// learn notes what any activity tells by the way: where Teams is reached, which channel belongs to
// which team, and where the app is or no longer is.
// Errors: the desk's.
func (i *installation) learn(ctx context.Context, a *connector.Activity) error {
	if err := i.Notes.Load(ctx); err != nil {
		return err
	}
	if err := i.learnService(ctx, a.ServiceURL); err != nil {
		return err
	}
	d := a.ChannelData
	if d != nil && d.Channel != nil && a.Type == connector.TypeMessage {
		i.access.works(d.Channel.ID) // messages come from this channel, so the app is in it
	}
	if d == nil || d.Team == nil || d.Team.ID == "" {
		return nil
	}
	if err := i.learnTeam(ctx, d.Team, a); err != nil {
		return err
	}
	return i.learnChannel(ctx, a)
}

// keeper gives the function that stores notes of an activity: renew for updates of the app or its members, else keep.
func (i *installation) keeper(a *connector.Activity) func(ctx context.Context, key string, v any) error {
	if a.Type == connector.TypeInstallationUpdate || a.Type == connector.TypeConversationUpdate {
		return i.Notes.Renew
	}
	return i.Notes.Keep
}

// learnService keeps the address at which Teams is reached: the token of the request vouches for it.
// The address changes with the organisation's region.
func (i *installation) learnService(ctx context.Context, address string) error {
	if _, err := i.Hosts.Check(address); err != nil {
		return nil //nolint:nilerr // not one of Teams': the door lets no such request in
	}
	return i.Notes.Keep(ctx, organisation.NoteService, address)
}

func (i *installation) learnTeam(ctx context.Context, ref *connector.TeamRef, a *connector.Activity) error {
	before, known := i.Notes.Team(ref.ID)
	t := before
	if ref.AADGroupID != "" {
		t.Group = ref.AADGroupID
	}
	if ref.Name != "" {
		t.Name = ref.Name
	}
	if _, err := i.Hosts.Check(a.ServiceURL); err == nil {
		t.Service = a.ServiceURL
	}
	t.Removed = i.removed(a, before.Removed)
	if err := i.keeper(a)(ctx, organisation.NoteTeam+ref.ID, t); err != nil {
		return err
	}
	switch {
	case t.Removed && !before.Removed:
		i.access.shut(ref.ID, removedFrom("team", t.Name, ref.ID, nil))
	case !t.Removed && (before.Removed || !known || a.Type == connector.TypeInstallationUpdate || fact.EventType(a) == "teamUnarchived"):
		i.access.reopened(ref.ID)
	}
	return nil
}

// removed tells whether the app is out of a team after an activity.
func (i *installation) removed(a *connector.Activity, before bool) bool {
	switch {
	case a.Type == connector.TypeInstallationUpdate:
		return strings.HasPrefix(a.Action, "remove") && a.Action != "remove-upgrade"
	case a.Type != connector.TypeConversationUpdate:
		return false // activities come from the team, so the app is in it
	case ofChannel(a):
		return before // a private or shared channel, to which the app is added apart from its team
	case i.among(a.MembersRemoved):
		return true
	case i.among(a.MembersAdded):
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

// among tells whether the app is in a list of members who came or went.
func (i *installation) among(list []connector.ChannelAccount) bool {
	return slices.ContainsFunc(list, func(m connector.ChannelAccount) bool { return m.ID == i.Me })
}

// ofChannel tells whether members came to or left a single channel, and not its team. The channel
// General doesn't count: it has the id of its team.
func ofChannel(a *connector.Activity) bool {
	d := a.ChannelData
	return len(a.MembersAdded)+len(a.MembersRemoved) > 0 && d != nil && d.Team != nil && d.Channel != nil && d.Channel.ID != "" && d.Channel.ID != d.Team.ID
}

func (i *installation) learnChannel(ctx context.Context, a *connector.Activity) error {
	d := a.ChannelData
	if d.Channel == nil || d.Channel.ID == "" {
		return nil
	}
	before, _ := i.Notes.Channel(d.Channel.ID)
	c := before
	c.Team = cmp.Or(before.Team, d.Team.ID) // the team that owns the channel, which may be shared with other teams
	if d.Channel.Name != "" {
		c.Name = d.Channel.Name
	}
	c.Gone = d.EventType == "channelDeleted"
	out, in := ofChannel(a) && i.among(a.MembersRemoved), ofChannel(a) && i.among(a.MembersAdded)
	c.Removed = out || before.Removed && !in
	if err := i.keeper(a)(ctx, organisation.NoteChannel+d.Channel.ID, c); err != nil {
		return err
	}
	switch {
	case out:
		i.access.shut(d.Channel.ID, removedFrom("channel", c.Name, d.Channel.ID, nil))
	case in, d.EventType == "channelRestored", before.Gone && !c.Gone:
		i.access.reopened(d.Channel.ID)
	}
	return nil
}
