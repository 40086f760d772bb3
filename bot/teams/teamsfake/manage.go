package teamsfake

import (
	"fmt"
	"slices"
)

// managed runs f on a channel of a team. Errors: an unknown channel.
func (s *Server) managed(id string, f func(*channel)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.channels[id]
	if ch == nil || ch.person != "" {
		return fmt.Errorf("teamsfake: %w: %s", ErrNoChannel, id)
	}
	f(ch)
	s.note(Change{Kind: "channel", Channel: id})
	return nil
}

// RenameChannel tells the bot of a channelRenamed. Errors: ErrNoChannel.
func (s *Server) RenameChannel(id, name string) error {
	return s.managed(id, func(ch *channel) {
		ch.Name = name
		s.tellChannel(ch, "channelRenamed")
	})
}

// DeleteChannel takes a channel away; the bot hears channelDeleted. Errors: ErrNoChannel.
func (s *Server) DeleteChannel(id string) error {
	return s.managed(id, func(ch *channel) {
		s.tellChannel(ch, "channelDeleted")
		ch.Deleted = true
	})
}

// RestoreChannel brings a deleted channel back. Errors: ErrNoChannel.
func (s *Server) RestoreChannel(id string) error {
	return s.managed(id, func(ch *channel) {
		ch.Deleted = false
		s.tellChannel(ch, "channelRestored")
	})
}

// AddApp adds the installed app to a private or shared channel, or takes it out. Errors:
// ErrNoChannel.
func (s *Server) AddApp(id string, added bool) error {
	return s.managed(id, func(ch *channel) {
		ch.Added = added
		if s.teams[ch.Team].Installed {
			s.tellRoster(ch, added, s.botID())
		}
	})
}

// ArchiveTeam makes a team's channels unwritable for the bot, or writable again. Errors:
// ErrNoChannel.
func (s *Server) ArchiveTeam(id string, archived bool) error {
	return s.managed(id, func(ch *channel) {
		s.teams[ch.Team].Archived = archived
		event := "teamUnarchived"
		if archived {
			event = "teamArchived"
		}
		s.tellChannel(ch, event)
	})
}

// SetMembers replaces the people of a team (by its id) or of a private or shared channel;
// nil means everybody in a team. The bot hears of those who came and went. Errors:
// ErrNoChannel.
func (s *Server) SetMembers(id string, members []string) error {
	return s.managed(id, func(ch *channel) {
		before := s.memberIDs(ch)
		if ch.Kind == KindStandard {
			s.teams[ch.Team].Members = members
		} else {
			ch.Members = members
		}
		after := s.memberIDs(ch)
		if !s.reachable(ch) {
			return
		}
		if came := s.without(after, before); len(came) > 0 {
			s.tellRoster(ch, true, came...)
		}
		if went := s.without(before, after); len(went) > 0 {
			s.tellRoster(ch, false, went...)
		}
	})
}

// without lists the 29: ids of those in a that are not in b.
func (s *Server) without(a, b []string) []string {
	var out []string
	for _, id := range a {
		if !slices.Contains(b, id) {
			out = append(out, s.users[id].TeamsID)
		}
	}
	return out
}

// Erase deletes anybody's message as an owner of the team may, the bot's too. The bot hears
// of it when it gets all messages of the channel. Errors: ErrNoMessage.
func (s *Server) Erase(channel, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := s.channels[channel]
	if ch == nil || ch.byID[id] == nil || ch.byID[id].Deleted() {
		return ErrNoMessage
	}
	m := ch.byID[id]
	s.erase(ch, m)
	if !s.reachable(ch) || !s.permissions[PermitMessages] {
		return nil
	}
	a := s.base("messageDelete", where{ch: ch, root: m.Root, user: m.User})
	a["id"], a["from"] = m.ID, s.actor()
	if data, ok := a["channelData"].(object); ok {
		data["eventType"] = "softDeleteMessage"
	}
	s.emit(threadConversation(ch.ID, m.Root), a)
	return nil
}

// SetUser changes a person of the directory. Errors: ErrNoUser.
func (s *Server) SetUser(u User) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users[u.ID] == nil {
		return fmt.Errorf("teamsfake: %w: %s", ErrNoUser, u.ID)
	}
	s.putUser(u)
	return nil
}
