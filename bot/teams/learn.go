package teams

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"parley/bot/teams/connector"
	"parley/channels"
)

// learn notes what an activity tells besides itself: where Teams is reached, which channel
// belongs to which team, where the app is and where not.
// Errors: the desk's.
func (s *Surface) learn(ctx context.Context, a *connector.Activity) error {
	if err := s.notes.load(ctx); err != nil {
		return err
	}
	if err := s.learnService(ctx, a.ServiceURL); err != nil {
		return err
	}
	d := a.ChannelData
	if d != nil && d.Channel != nil && a.Type == connector.TypeMessage {
		s.works(d.Channel.ID) // it hears us, so we are in it
	}
	if d == nil || d.Team == nil || d.Team.ID == "" {
		return nil
	}
	if err := s.learnTeam(ctx, d.Team, a); err != nil {
		return err
	}
	return s.learnChannel(ctx, a)
}

// keeper gives what notes what an activity tells of a team or channel.
func (s *Surface) keeper(a *connector.Activity) func(ctx context.Context, key string, v any) error {
	if a.Type == connector.TypeInstallationUpdate || a.Type == connector.TypeConversationUpdate {
		return s.notes.renew
	}
	return s.notes.keep
}

// learnService keeps an address, which the request's token is for. It changes with the
// organisation's region.
func (s *Surface) learnService(ctx context.Context, address string) error {
	if _, err := s.hosts.Check(address); err != nil {
		return nil //nolint:nilerr // not one of Teams': the door lets no such request in
	}
	return s.notes.keep(ctx, noteService, address)
}

func (s *Surface) learnTeam(ctx context.Context, ref *connector.TeamRef, a *connector.Activity) error {
	before, known := s.notes.team(ref.ID)
	t := before
	if ref.AADGroupID != "" {
		t.Group = ref.AADGroupID
	}
	if ref.Name != "" {
		t.Name = ref.Name
	}
	if _, err := s.hosts.Check(a.ServiceURL); err == nil {
		t.Service = a.ServiceURL
	}
	t.Removed = s.removed(a, before.Removed)
	if err := s.keeper(a)(ctx, noteTeam+ref.ID, t); err != nil {
		return err
	}
	switch {
	case t.Removed && !before.Removed:
		s.shut(ref.ID, removedFrom("team", t.Name, ref.ID, nil))
	case !t.Removed && (before.Removed || !known || a.Type == connector.TypeInstallationUpdate || eventType(a) == "teamUnarchived"):
		s.reopened(ref.ID)
	}
	return nil
}

// removed tells whether the app is out of a team after an activity.
func (s *Surface) removed(a *connector.Activity, before bool) bool {
	switch {
	case a.Type == connector.TypeInstallationUpdate:
		return strings.HasPrefix(a.Action, "remove") && a.Action != "remove-upgrade"
	case a.Type != connector.TypeConversationUpdate:
		return false // it hears us
	case ofChannel(a):
		return before // a private or shared channel, to which the app is added apart from its team
	case s.among(a.MembersRemoved):
		return true
	case s.among(a.MembersAdded):
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
func (s *Surface) among(list []connector.ChannelAccount) bool {
	return slices.ContainsFunc(list, func(m connector.ChannelAccount) bool { return m.ID == s.me })
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

func (s *Surface) learnChannel(ctx context.Context, a *connector.Activity) error {
	d := a.ChannelData
	if d.Channel == nil || d.Channel.ID == "" {
		return nil
	}
	before, _ := s.notes.channel(d.Channel.ID)
	c := before
	c.Team = cmp.Or(before.Team, d.Team.ID) // the one that owns it: it may be shared with others
	if d.Channel.Name != "" {
		c.Name = d.Channel.Name
	}
	c.Gone = d.EventType == "channelDeleted"
	out, in := ofChannel(a) && s.among(a.MembersRemoved), ofChannel(a) && s.among(a.MembersAdded)
	c.Removed = out || before.Removed && !in
	if err := s.keeper(a)(ctx, noteChannel+d.Channel.ID, c); err != nil {
		return err
	}
	switch {
	case out:
		s.shut(d.Channel.ID, removedFrom("channel", c.Name, d.Channel.ID, nil))
	case in, d.EventType == "channelRestored", before.Gone && !c.Gone:
		s.reopened(d.Channel.ID)
	}
	return nil
}

// reopened tells that a channel, or all of a team's, may be posted to again, and looks what
// was said there meanwhile.
func (s *Surface) reopened(place string) {
	_, team := s.notes.team(place)
	since := s.closed.reopen(func(shut string) bool {
		c, known := s.notes.channel(shut)
		return shut == place || team && shut != authorized && (!known || c.Team == place)
	})
	s.report(s.condition())
	s.CatchUp(since)
}

// condition says what keeps us from working, of all that is known.
func (s *Surface) condition() channels.Condition {
	if c, ok := s.closed.latest(); ok {
		return c
	}
	return channels.Condition{Status: channels.Active}
}

func nameOf(name, id string) string {
	if name == "" {
		return id
	}
	return "“" + name + "”"
}
