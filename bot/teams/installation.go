package teams

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"parley/bot/teams/connector"
)

// installation is where the app is in the organisation, learned from what Teams sends.
type installation struct {
	*organisation

	access *access
}

// learn notes what an activity tells besides itself: where Teams is reached, which channel
// belongs to which team, where the app is and where not.
// Errors: the desk's.
func (i *installation) learn(ctx context.Context, a *connector.Activity) error {
	if err := i.notes.load(ctx); err != nil {
		return err
	}
	if err := i.learnService(ctx, a.ServiceURL); err != nil {
		return err
	}
	d := a.ChannelData
	if d != nil && d.Channel != nil && a.Type == connector.TypeMessage {
		i.access.works(d.Channel.ID) // it hears us, so we are in it
	}
	if d == nil || d.Team == nil || d.Team.ID == "" {
		return nil
	}
	if err := i.learnTeam(ctx, d.Team, a); err != nil {
		return err
	}
	return i.learnChannel(ctx, a)
}

// keeper gives what notes what an activity tells of a team or channel.
func (i *installation) keeper(a *connector.Activity) func(ctx context.Context, key string, v any) error {
	if a.Type == connector.TypeInstallationUpdate || a.Type == connector.TypeConversationUpdate {
		return i.notes.renew
	}
	return i.notes.keep
}

// learnService keeps an address, which the request's token is for. It changes with the
// organisation's region.
func (i *installation) learnService(ctx context.Context, address string) error {
	if _, err := i.hosts.Check(address); err != nil {
		return nil //nolint:nilerr // not one of Teams': the door lets no such request in
	}
	return i.notes.keep(ctx, noteService, address)
}

func (i *installation) learnTeam(ctx context.Context, ref *connector.TeamRef, a *connector.Activity) error {
	before, known := i.notes.team(ref.ID)
	t := before
	if ref.AADGroupID != "" {
		t.Group = ref.AADGroupID
	}
	if ref.Name != "" {
		t.Name = ref.Name
	}
	if _, err := i.hosts.Check(a.ServiceURL); err == nil {
		t.Service = a.ServiceURL
	}
	t.Removed = i.removed(a, before.Removed)
	if err := i.keeper(a)(ctx, noteTeam+ref.ID, t); err != nil {
		return err
	}
	switch {
	case t.Removed && !before.Removed:
		i.access.shut(ref.ID, removedFrom("team", t.Name, ref.ID, nil))
	case !t.Removed && (before.Removed || !known || a.Type == connector.TypeInstallationUpdate || eventType(a) == "teamUnarchived"):
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
		return false // it hears us
	case ofChannel(a):
		return before // a private or shared channel, to which the app is added apart from its team
	case i.among(a.MembersRemoved):
		return true
	case i.among(a.MembersAdded):
		return false
	}
	switch eventType(a) {
	case "teamDeleted", "teamHardDeleted":
		return true
	case "teamRestored":
		return false
	}
	return before
}

// among tells whether the app is one of those who came or went.
func (i *installation) among(list []connector.ChannelAccount) bool {
	return slices.ContainsFunc(list, func(m connector.ChannelAccount) bool { return m.ID == i.me })
}

// ofChannel tells whether who came or went did so in a channel alone, not in its team. A team's
// own channel, General, has its id.
func ofChannel(a *connector.Activity) bool {
	d := a.ChannelData
	return len(a.MembersAdded)+len(a.MembersRemoved) > 0 && d != nil && d.Team != nil && d.Channel != nil && d.Channel.ID != "" && d.Channel.ID != d.Team.ID
}

func eventType(a *connector.Activity) string {
	if a.ChannelData == nil {
		return ""
	}
	return a.ChannelData.EventType
}

func (i *installation) learnChannel(ctx context.Context, a *connector.Activity) error {
	d := a.ChannelData
	if d.Channel == nil || d.Channel.ID == "" {
		return nil
	}
	before, _ := i.notes.channel(d.Channel.ID)
	c := before
	c.Team = cmp.Or(before.Team, d.Team.ID) // the one that owns it: it may be shared with others
	if d.Channel.Name != "" {
		c.Name = d.Channel.Name
	}
	c.Gone = d.EventType == "channelDeleted"
	out, in := ofChannel(a) && i.among(a.MembersRemoved), ofChannel(a) && i.among(a.MembersAdded)
	c.Removed = out || before.Removed && !in
	if err := i.keeper(a)(ctx, noteChannel+d.Channel.ID, c); err != nil {
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
