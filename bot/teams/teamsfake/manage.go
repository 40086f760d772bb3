package teamsfake

import (
	"fmt"
	"slices"
)

// Administrator does what administrators of the organisation and owners of its teams do.
type Administrator struct {
	*ground
	org        *organisation
	files      *library
	entra      *Entra
	announcer  *announcer
	activities *Activities
}

// SetRegion moves the organisation: later activities name another service address. The
// earlier ones go on working.
func (s *Administrator) SetRegion(region string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.region = region
}

// managed runs f on a channel of a team. Errors: an unknown channel.
func (s *Administrator) managed(id string, f func(*channel)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.org.channels[id]
	if ch == nil || ch.person != "" {
		return fmt.Errorf("teamsfake: %w: %s", ErrNoChannel, id)
	}
	f(ch)
	s.note(Change{Kind: "channel", Channel: id})
	return nil
}

// RenameChannel tells the bot of a channelRenamed. Errors: ErrNoChannel.
func (s *Administrator) RenameChannel(id, name string) error {
	return s.managed(id, func(ch *channel) {
		ch.Name = name
		s.announcer.tellChannel(ch, "channelRenamed")
	})
}

// DeleteChannel takes a channel away; the bot hears channelDeleted. Errors: ErrNoChannel.
func (s *Administrator) DeleteChannel(id string) error {
	return s.managed(id, func(ch *channel) {
		s.announcer.tellChannel(ch, "channelDeleted")
		ch.Deleted = true
	})
}

// RestoreChannel brings a deleted channel back. Errors: ErrNoChannel.
func (s *Administrator) RestoreChannel(id string) error {
	return s.managed(id, func(ch *channel) {
		ch.Deleted = false
		s.announcer.tellChannel(ch, "channelRestored")
	})
}

// AddApp adds the installed app to a private or shared channel, or takes it out. Errors:
// ErrNoChannel.
func (s *Administrator) AddApp(id string, added bool) error {
	return s.managed(id, func(ch *channel) {
		ch.Added = added
		if s.org.teams[ch.Team].Installed {
			s.announcer.tellRoster(ch, added, s.opt.botID())
		}
	})
}

// ArchiveTeam makes a team's channels unwritable for the bot, or writable again. Errors:
// ErrNoChannel.
func (s *Administrator) ArchiveTeam(id string, archived bool) error {
	return s.managed(id, func(ch *channel) {
		s.org.teams[ch.Team].Archived = archived
		event := "teamUnarchived"
		if archived {
			event = "teamArchived"
		}
		s.announcer.tellChannel(ch, event)
	})
}

// SetMembers replaces the people of a team (by its id) or of a private or shared channel;
// nil means everybody in a team. The bot hears of those who came and went. Errors:
// ErrNoChannel.
func (s *Administrator) SetMembers(id string, members []string) error {
	return s.managed(id, func(ch *channel) {
		before := s.org.memberIDs(ch)
		if ch.Kind == KindStandard {
			s.org.teams[ch.Team].Members = members
		} else {
			ch.Members = members
		}
		after := s.org.memberIDs(ch)
		if !s.org.reachable(ch) {
			return
		}
		if came := s.without(after, before); len(came) > 0 {
			s.announcer.tellRoster(ch, true, came...)
		}
		if went := s.without(before, after); len(went) > 0 {
			s.announcer.tellRoster(ch, false, went...)
		}
	})
}

// without lists the 29: ids of those in a that are not in b.
func (s *Administrator) without(a, b []string) []string {
	var out []string
	for _, id := range a {
		if !slices.Contains(b, id) {
			out = append(out, s.org.users[id].TeamsID)
		}
	}
	return out
}

// Erase deletes anybody's message as an owner of the team may, the bot's too. The bot hears
// of it when it gets all messages of the channel. Errors: ErrNoMessage.
func (s *Administrator) Erase(channel, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.org.channels[channel]
	if ch == nil || ch.byID[id] == nil || ch.byID[id].Deleted() {
		return ErrNoMessage
	}
	m := ch.byID[id]
	s.org.erase(ch, m)
	if !s.org.reachable(ch) || !s.entra.permissions[PermitMessages] {
		return nil
	}
	a := s.announcer.base("messageDelete", where{ch: ch, root: m.Root, user: m.User})
	a["id"], a["from"] = m.ID, s.announcer.actor()
	if data, ok := a["channelData"].(object); ok {
		data["eventType"] = "softDeleteMessage"
	}
	s.activities.emit(threadConversation(ch.ID, m.Root), a)
	return nil
}

// SetUser changes a person of the directory. Errors: ErrNoUser.
func (s *Administrator) SetUser(u User) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.org.users[u.ID] == nil {
		return fmt.Errorf("teamsfake: %w: %s", ErrNoUser, u.ID)
	}
	s.org.putUser(u)
	return nil
}
